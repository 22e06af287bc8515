"""The `transform.py` of a migration: when it runs, the edits that it may make, and the result if it fails."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.cli import cli
from compatkit.migration import Migration, MigrationError, load_migration
from compatkit.options import Options
from compatkit.rewrite import Failed, Outcome, Rewritten, Unchanged, rewrite_source
from compatkit.rewrite.rewrite_document import rewrite_document
from compatkit.shim import install, uninstall
from tests.command_line import command_runner
from tests.shop import HEAD

# Renames `old_call` to `new_call`, wherever it is called.
RENAME = """
import libcst as cst

class Rename(cst.CSTTransformer):
    def __init__(self, file):
        super().__init__()
        self.file = file

    def leave_Call(self, original, updated):
        if isinstance(updated.func, cst.Name) and updated.func.value == "old_call":
            if not updated.args:
                self.file.report(original, "old_call() without arguments")
                return updated
            return updated.with_changes(func=cst.Name("new_call"))
        return updated

def transform(file):
    return file.tree.visit(Rename(file))
"""
# Leaves a trace of every time it is loaded.
TRACED = "from pathlib import Path\nPath(__file__).with_name('loaded').touch()\n" + RENAME
REVIEW = Options(confidence="review")


def migration(
    folder: Path, code: str = RENAME, *, confidence: str = "safe", words: str = '"old_call"', more: str = ""
) -> Migration:
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath("transform.py").write_text(code, encoding="utf-8")
    table = f'{more}\n[transform]\ncode = "SH901"\nwords = [{words}]\nconfidence = "{confidence}"\n'
    folder.joinpath("migration.toml").write_text(HEAD + table, encoding="utf-8")
    return load_migration(folder)


def apply(source: str | bytes, *migrations: Migration, options: Options | None = None) -> Outcome:
    return rewrite_source(
        source.encode() if isinstance(source, str) else source,
        module="app",
        is_package=False,
        moves=[move for migration in migrations for move in migration.moves],
        migrations=migrations,
        options=options or Options(),
    )


@pytest.fixture(scope="module")
def renames(tmp_path_factory: pytest.TempPathFactory) -> Migration:
    return migration(tmp_path_factory.mktemp("renames"))


def was_loaded(declared: Migration) -> bool:
    assert declared.origin is not None
    return declared.origin.with_name("loaded").exists()


@pytest.mark.parametrize(
    "source", ["new_call(1)\n", "x = 1\n", "# nothing\n", "def f(:\n"], ids=["new", "other", "comment", "broken"]
)
def test_file_without_its_words_does_not_load_it(tmp_path: Path, source: str) -> None:
    declared = migration(tmp_path, TRACED)

    assert apply(source, declared) == Unchanged()
    assert not was_loaded(declared)


def test_loading_checking_listing_and_the_shim_run_none_of_it(tmp_path: Path) -> None:
    declared = migration(tmp_path, TRACED)
    for command in ("check", "show", "docs"):
        assert command_runner().invoke(cli, ["migrations", command, str(tmp_path)]).exit_code in (0, 1)
    install([declared])
    uninstall()

    assert not was_loaded(declared)


def test_code_that_is_not_asked_for_does_not_load_it(tmp_path: Path) -> None:
    declared = migration(tmp_path, TRACED)

    assert apply("old_call(1)\n", declared, options=Options(ignore=frozenset({"SH901"}))) == Unchanged()
    assert not was_loaded(declared)


def test_documents_are_not_handed_to_it(tmp_path: Path) -> None:
    declared = migration(tmp_path, TRACED)
    for suffix in (".md", ".ipynb", ".yaml"):
        text = b'"old_call(1)"' if suffix == ".ipynb" else b"```python\nold_call(1)\n```\n"
        rewrite_document(text, suffix=suffix, moves=(), migrations=[declared], options=REVIEW)

    assert not was_loaded(declared)


def test_what_it_makes_is_an_edit_of_its_code(renames: Migration) -> None:
    outcome = apply("x = 1\nold_call(1)\n", renames)

    assert isinstance(outcome, Rewritten)
    assert outcome.source == b"x = 1\nnew_call(1)\n"
    assert [(edit.code, edit.line, edit.message) for edit in outcome.edits] == [("SH901", 2, "changed by shop-v2")]


def test_what_it_reports_is_a_finding_of_its_code(renames: Migration) -> None:
    outcome = apply("x = 1\ny = old_call()\n", renames)

    assert isinstance(outcome, Unchanged)
    assert [(finding.code, finding.line, finding.column) for finding in outcome.findings] == [("SH901", 2, 5)]


@pytest.mark.parametrize(
    "source",
    [
        b"\xef\xbb\xbfold_call(1)\r\nx = '\xc3\xa9'\r\n",
        b"# coding: latin-1\nx = '\xe9'\nold_call(1)  # \xe9",
        b"x = 1\nold_call(  1 )\n\n\n",
        b"if x:\n\told_call(1) ; y\n",
    ],
    ids=["bom and carriage returns", "latin-1", "blanks", "tabs"],
)
def test_every_other_byte_stays(renames: Migration, source: bytes) -> None:
    outcome = apply(source, renames)

    assert isinstance(outcome, Rewritten)
    assert outcome.source == source.replace(b"old_call", b"new_call")


def test_second_run_changes_nothing(renames: Migration) -> None:
    assert apply("new_call(1)\nold_call = 1\n", renames) == Unchanged()


def test_it_is_only_reported_where_it_is_for_review(tmp_path: Path) -> None:
    declared = migration(tmp_path, confidence="review")

    outcome = apply("old_call(1)\n", declared)

    assert isinstance(outcome, Unchanged)
    assert "made with --confidence review" in outcome.findings[0].message
    assert isinstance(apply("old_call(1)\n", declared, options=REVIEW), Rewritten)


def test_line_that_is_to_be_left_alone_keeps_all_that_it_would_change(renames: Migration) -> None:
    outcome = apply("old_call(1)  # compatkit: ignore\nold_call(2)\n", renames)

    assert isinstance(outcome, Unchanged)
    assert "left alone" in outcome.findings[-1].message


def test_it_sees_what_the_tables_have_made(tmp_path: Path) -> None:
    moves = dedent(
        """\
        [[moves]]
        code = "SH101"
        old = "shop.old.thing"
        new = "shop.new.thing"
        """
    )
    code = """
import libcst as cst
def transform(file):
    assert "from shop.new import thing" in file.tree.code
    return cst.parse_module(file.tree.code.replace("thing(1)", "thing(2)"))
"""
    declared = migration(tmp_path, code, words='"thing"', more=moves)

    outcome = apply("from shop.old import other, thing\nthing(1)\n", declared)

    assert isinstance(outcome, Rewritten)
    assert outcome.source.decode() == dedent(
        """\
        from shop.old import other
        from shop.new import thing
        thing(2)
        """
    )


def test_places_are_those_of_the_file_as_it_was(tmp_path: Path) -> None:
    moves = dedent(
        """\
        [[moves]]
        code = "SH101"
        old = "shop.old.thing"
        new = "shop.new.thing"
        """
    )
    declared = migration(tmp_path, more=moves)

    outcome = apply(
        dedent(
            """\
            from shop.old import other, thing

            old_call(1)
            old_call()
            """
        ),
        declared,
    )

    assert isinstance(outcome, Rewritten)
    assert [(edit.code, edit.line) for edit in outcome.edits] == [("SH101", 1), ("SH901", 3)]
    assert [found.line for found in outcome.findings] == [4]


BROKEN = {
    "does not load": ("import nothing_of_that_name\n", "cannot be loaded"),
    "is no Python": ("def transform(:\n", "cannot be loaded"),
    "ends the process": ("raise SystemExit\n", "cannot be loaded"),
    "has no function": ("x = 1\n", "has no function"),
    "raises": ("def transform(file):\n    return file.nothing\n", "failed: AttributeError"),
    "ends the run": (
        dedent(
            """\
            import sys
            def transform(file):
                sys.exit(0)
            """
        ),
        "failed: SystemExit",
    ),
    "returns nothing": ("def transform(file):\n    pass\n", "returned a NoneType"),
    "returns a text": ("def transform(file):\n    return file.tree.code\n", "returned a str"),
    "makes no Python": (
        """
import libcst as cst
class Broken(cst.Module):
    code = "def ("
def transform(file):
    return Broken(body=[])
""",
        "is no Python",
    ),
    "makes what does not compile": (
        "import libcst as cst\ndef transform(file):\n    return cst.parse_module('return 1\\n')\n",
        "does not compile",
    ),
    "changes again": (
        "import libcst as cst\ndef transform(file):\n    return cst.parse_module('#\\n' + file.tree.code)\n",
        "changed again by a second run",
    ),
}


@pytest.mark.parametrize(("code", "reason"), BROKEN.values(), ids=BROKEN)
def test_file_on_which_it_fails_is_not_touched(tmp_path: Path, code: str, reason: str) -> None:
    outcome = apply("old_call(1)\n", migration(tmp_path, code))

    assert isinstance(outcome, Failed)
    assert outcome.code == "CK907"
    assert reason in outcome.reason
    assert "shop-v2" in outcome.reason


def test_other_files_are_done_and_the_status_says_that_one_failed(tmp_path: Path) -> None:
    code = RENAME.replace("return file.tree", "1 / (0 if 'boom' in file.tree.code else 1)\n    return file.tree")
    migration(tmp_path / "m", code)
    sources = {"a.py": "old_call(1)\n", "b.py": "old_call(2)  # boom\n", "c.py": "old_call(3)\n"}
    (tmp_path / "src").mkdir()
    for name, text in sources.items():
        (tmp_path / "src" / name).write_text(text)

    done = command_runner().invoke(
        cli, ["migrate", "--migration", str(tmp_path / "m"), "--allow-dirty", str(tmp_path / "src")]
    )

    after = {name: (tmp_path / "src" / name).read_text() for name in sources}
    assert after == {**{name: text.replace("old_", "new_") for name, text in sources.items()}, "b.py": sources["b.py"]}
    assert done.exit_code == 2
    assert "ZeroDivisionError" in done.stderr


def test_worker_processes_load_it_themselves(tmp_path: Path) -> None:
    migration(tmp_path / "m")
    (tmp_path / "src").mkdir()
    for number in range(3):
        (tmp_path / "src" / f"{number}.py").write_text("old_call(1)\n")

    arguments = ["--migration", str(tmp_path / "m"), "--allow-dirty", "--jobs", "2", str(tmp_path / "src")]
    command_runner().invoke(cli, ["migrate", *arguments])

    assert {file.read_text() for file in (tmp_path / "src").iterdir()} == {"new_call(1)\n"}


def test_file_that_libcst_cannot_give_back_is_reported(renames: Migration) -> None:
    outcome = apply(b"x = 1\n\x0cold_call(1)\n", renames)

    assert isinstance(outcome, Unchanged)
    assert "not seen by the migration's transform.py" in outcome.findings[0].message


def test_its_module_has_a_name_of_its_own(tmp_path: Path, renames: Migration) -> None:
    apply("old_call(1)\n", renames)

    assert "transform" not in sys.modules
    assert not [name for name in sys.modules if name.startswith("_compatkit_transform")]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ('words = ["a"]', "'code' is missing"),
        ('code = "SH901"', "The key 'words' is missing"),
        ('code = "SH901"\nwords = ["a", ""]', "words is"),
        ('code = "SH901"\nwords = ["a"]\nconfidence = "manual"', "confidence is 'manual'"),
        ('code = "SH901"\nwords = ["a"]\nfile = "../evil.py"', "Unknown key 'file'"),
    ],
)
def test_table_that_makes_no_sense_is_refused(tmp_path: Path, table: str, reason: str) -> None:
    migration(tmp_path)
    file = tmp_path / "migration.toml"
    file.write_text(file.read_text().partition("[transform]")[0] + f"[transform]\n{table}\n")

    with pytest.raises(MigrationError) as caught:
        load_migration(tmp_path)

    assert reason in caught.value.what
    assert "[transform]" in caught.value.where


def test_declared_transform_must_be_there(tmp_path: Path) -> None:
    migration(tmp_path)
    (tmp_path / "transform.py").unlink()

    with pytest.raises(MigrationError, match=r"There is no .*transform\.py"):
        load_migration(tmp_path)


LINES = st.sampled_from(
    [
        "old_call(1)",
        "old_call()",
        "x = 1",
        "def f():\n    old_call(2)",
        dedent(
            """\
            '''
            old_call(3)
            '''"""
        ),
        "f(old_call(4), old_call())",
        "",
    ]
)


@given(st.lists(LINES, max_size=5), st.sampled_from(["\n", "\r\n"]))
def test_result_is_python_and_stays(renames: Migration, lines: list[str], newline: str) -> None:
    outcome = apply(newline.join(lines).replace("\n", newline) + newline, renames)

    assert isinstance(outcome, Rewritten | Unchanged)
    if isinstance(outcome, Rewritten):
        ast.parse(outcome.source)
        assert not isinstance(apply(outcome.source, renames), Rewritten)
