"""The options of `compatkit migrate`: what each leaves alone, writes, prints and exits with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import Result

from compatkit.cli import cli
from compatkit.errors import CompatkitError
from tests.command_line import command_runner
from tests.shop.moves import NEW, OLD, TOML, contents, plant

STRING = "x = 'shop.core.old_home.Old'\n"
TWO = TOML + '\n[[moves]]\ncode = "CK102"\nold = "shop.other.A"\nnew = "shop.more.B"\n'


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder `src` in the working directory, beside the migration's own file."""
    plant(tmp_path, {"migration.toml": TOML})
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "src"


def migrate(*arguments: str, given: str | bytes = "") -> Result:
    return command_runner().invoke(cli, ["migrate", "--migration", "migration.toml", *arguments], input=given)


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


# Standard input


def test_standard_input_goes_to_standard_output_as_bytes(tree: Path) -> None:
    source = b"# coding: latin-1\r\nx = '\xe9'\r\n" + OLD.rstrip().encode()

    result = migrate("-", given=source)

    assert result.stdout_bytes == source.replace(OLD.rstrip().encode(), NEW.rstrip().encode())
    assert result.exit_code == 0


@pytest.mark.parametrize("source", [b"broken (Old\n", b"x = 1", b"", b"Old = '\xff'\n"])
def test_standard_input_that_is_not_rewritten_comes_out_as_it_is(tree: Path, source: bytes) -> None:
    assert migrate("-", given=source).stdout_bytes == source


def test_standard_input_is_only_checked_with_check(tree: Path) -> None:
    result = migrate("--check", "--format", "concise", "-", given=OLD)

    assert result.exit_code == 1
    assert (
        result.stdout
        == f"stdin:1:1 CK101 would be rewritten: {'shop.core.old_home.Old -> shop.core.new_home.New as Old'}\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["-", "src"],
        ["-", "--interactive"],
        ["-", "--format", "json"],
        ["-", "--patch", "x"],
        ["src", "--interactive", "--check"],
        ["src", "--diff", "--format", "sarif"],
        ["src", "--update-baseline"],
        ["src", "--output", "json"],
        ["src", "--output", "jsn=x"],
        ["src", "--select", "CK7"],
        ["src", "--ignore", "CK1011"],
        ["src", "--jobs", "0"],
    ],
)
def test_options_that_make_no_sense_are_wrong_use(tree: Path, arguments: list[str]) -> None:
    plant(tree, {"a.py": OLD})

    # What `main` turns into status 64.
    assert migrate(*arguments).exit_code == 2
    assert contents(tree) == {"a.py": OLD.encode()}


def test_misspelt_format_names_the_nearest(tree: Path) -> None:
    assert "did you mean 'sarif'?" in migrate("src", "--output", "sariff=x").stderr


# Patterns


def test_pattern_takes_what_it_matches_and_nothing_that_is_ignored(tree: Path) -> None:
    plant(tree, dict.fromkeys(("a.py", "x/b.py", "x/c.pyi", "node_modules/d.py", "build/e.py"), OLD))

    migrate("src/**/*.py")

    assert [name for name, source in contents(tree).items() if source == NEW.encode()] == ["a.py", "x/b.py"]


def test_pattern_without_a_match_is_no_success(tree: Path) -> None:
    assert migrate("src/**/*.pyy").exit_code != 0


# Patch


@pytest.mark.parametrize("place", [".", "src", "src/deep"])
@pytest.mark.parametrize("in_git", [True, False])
def test_patch_undoes_what_was_written(tree: Path, monkeypatch: pytest.MonkeyPatch, place: str, in_git: bool) -> None:
    names = ("a.py", "deep/b c.py", 'deep/"q".py', "deep/ü.py", "deep/tab\t.py")
    plant(tree, {**dict.fromkeys(names, OLD), "deep/z.py": OLD.rstrip()})
    before = contents(tree)
    if in_git:
        git(tree, "init", "-q")
    monkeypatch.chdir(tree.parent / place)
    migration, patch = str(tree.parent / "migration.toml"), tree.parent / "undo.patch"
    arguments = ["migrate", "--migration", migration, "--allow-dirty", "--patch", str(patch), str(tree)]
    result = command_runner().invoke(cli, arguments)
    assert all(b"new_home" in source for name, source in contents(tree).items() if name.endswith(".py"))

    # The command that the run itself names.
    command = result.stderr.partition(" these changes: ")[2].splitlines()[0]
    subprocess.run(["bash", "-c", command], check=True)

    assert {name: source for name, source in contents(tree).items() if not name.startswith(".git/")} == before


def test_patch_of_a_check_makes_the_changes(tree: Path) -> None:
    plant(tree, {"a.py": OLD})

    migrate("src", "--check", "--patch", "do.patch")
    subprocess.run(["git", "apply", "do.patch"], check=True)

    assert contents(tree) == {"a.py": NEW.encode()}


def test_patch_leaves_out_what_could_not_be_written(tree: Path) -> None:
    plant(tree, {"a.py": OLD, "b.py": OLD})
    (tree / "a.py").chmod(0o444)

    migrate("src", "--patch", "undo.patch")

    assert "a/src/a.py" not in Path("undo.patch").read_text()
    assert "a/src/b.py" in Path("undo.patch").read_text()


# Codes and settings


def test_ignored_migration_code_is_known_by_prefix(tree: Path) -> None:
    assert migrate("src", "--ignore", "CK1,CK101").exit_code == 0


@pytest.mark.parametrize("code", ["CK9", "CK902"])
def test_a_code_of_the_tool_itself_is_known(tree: Path, code: str) -> None:
    assert migrate("src", "--ignore", code).exit_code == 0


@pytest.mark.parametrize("code", ["CK998", "CK9021", "CK7"])
def test_a_code_that_selects_nothing_is_refused(tree: Path, code: str) -> None:
    done = migrate("src", "--select", code)

    assert done.exit_code == 2
    assert f"There is no code '{code}'" in done.stderr


def test_settings_are_read_and_the_command_line_goes_before_them(tree: Path) -> None:
    plant(tree, {"pyproject.toml": "[tool.compatkit]\nselect = ['CK7']\n", "a.py": "x = 1\n"})

    assert "There is no code 'CK7'" in migrate("src").stderr
    assert migrate("src", "--select", "CK101").exit_code == 0


def test_paths_of_several_projects_are_reported(tree: Path) -> None:
    plant(tree, {"a/pyproject.toml": "[tool.compatkit]\nmodernize = true\n", "a/x.py": "x = 1\n", "b/y.py": "x = 1\n"})

    assert "several projects" in migrate("src/a", "src/b").stderr
    assert "several projects" not in migrate("src/a", "src/a/x.py").stderr


def test_migrations_own_file_is_not_reported(tree: Path) -> None:
    plant(tree, {"a.py": "x = 1\n"})

    result = migrate("--check", ".")

    assert (result.exit_code, result.stdout) == (0, "")


def test_two_migrations_are_applied(tree: Path) -> None:
    plant(
        tree.parent,
        {"second.toml": TWO.replace("shop-v2", "shop-v3").replace("old_home.Old", "older.X").replace("CK101", "CK103")},
    )
    plant(tree, {"a.py": OLD + "from shop.other import A\n"})

    migrate("--migration", "second.toml", "src")

    assert (tree / "a.py").read_text() == NEW + "from shop.more import B as A\n"


# Dirty files


def test_file_with_uncommitted_changes_is_left_alone_and_the_rest_is_done(tree: Path) -> None:
    plant(tree, {"a.py": OLD, "b.py": OLD})
    git(tree, "init", "-q")
    git(tree, "add", "b.py")
    git(tree, "commit", "-q", "-m", "first")

    result = migrate("src")

    assert (tree / "a.py").read_text() == OLD
    assert (tree / "b.py").read_text() == NEW
    assert result.exit_code == 2
    assert (
        "CK906 The file is not in git.\n  in src/a.py\n  hint: commit it first, or give --allow-dirty" in result.stderr
    )


def test_allow_dirty_writes_all_the_same(tree: Path) -> None:
    plant(tree, {"a.py": OLD})
    git(tree, "init", "-q")

    assert migrate("src", "--allow-dirty").exit_code == 0
    assert (tree / "a.py").read_text() == NEW


def test_check_does_not_mind_uncommitted_changes(tree: Path) -> None:
    plant(tree, {"a.py": OLD})
    git(tree, "init", "-q")

    assert migrate("src", "--check").exit_code == 1


# Interactive


def test_answers_decide_what_is_written(tree: Path) -> None:
    plant(tree, {"a.py": f"{OLD}x = 1\n{OLD}", "b.py": OLD})

    result = migrate(
        "src",
        "--interactive",
        given=dedent("""\
            ?
            n
            y
            q
            """),
    )

    assert contents(tree) == {"a.py": f"{OLD}x = 1\n{NEW}".encode(), "b.py": OLD.encode()}
    assert result.exit_code == 1
    assert "src/a.py:1:1 CK101 declined" in result.stdout


def test_end_of_the_answers_writes_nothing_more(tree: Path) -> None:
    plant(tree, {"a.py": OLD, "b.py": OLD})

    migrate("src", "--interactive", given="y\n")

    assert contents(tree) == {"a.py": NEW.encode(), "b.py": OLD.encode()}


def test_hunks_are_shown_as_they_are(tree: Path) -> None:
    plant(tree, {"a.py": f"{OLD.rstrip()}  # dict[str, int] [/red]\n"})

    assert "# dict[str, int] [/red]" in migrate("src", "--interactive", given="n\n").stderr


# Workers


@pytest.mark.parametrize("arguments", [["--jobs", "2"], ["--executor", "tests.migrate.executors:processes"]])
def test_workers_change_nothing_in_the_result(tree: Path, arguments: list[str]) -> None:
    plant(tree, {f"{number}.py": OLD for number in range(30)})
    expected = migrate("src", "--check").output

    assert migrate("src", "--check", *arguments).output == expected


def test_executor_may_lie_in_the_working_directory(tree: Path) -> None:
    plant(tree, {"a.py": OLD})
    factory = dedent(
        """\
        from concurrent.futures import ThreadPoolExecutor
        def make():
            return ThreadPoolExecutor(1)
        """
    )
    plant(tree.parent, {"my_cluster_of_this_test.py": factory})
    command = [sys.executable, "-P", "-c", "from compatkit.cli import main; main()", "migrate", "src"]

    subprocess.run(
        [*command, "--migration", "migration.toml", "--executor", "my_cluster_of_this_test:make"], check=True
    )

    assert (tree / "a.py").read_text() == NEW


def test_executor_that_is_none_is_an_error_before_anything_is_read(tree: Path) -> None:
    plant(tree, {"a.py": OLD})

    result = migrate("src", "--executor", "tests.migrate.executors:NOT_ONE")

    assert "cannot be used" in str(result.exception)
    assert contents(tree) == {"a.py": OLD.encode()}


# Formats and baseline


def test_several_formats_go_to_files_at_once(tree: Path) -> None:
    plant(tree, {"a.py": OLD + STRING})
    outputs = [
        argument for form in ("json", "sarif", "junit", "github") for argument in ("--output", f"{form}={form}.out")
    ]

    result = migrate("src", "--check", *outputs)

    assert json.loads(Path("json.out").read_text())["findings"][0]["line"] == 2
    assert json.loads(Path("sarif.out").read_text())["version"] == "2.1.0"
    assert Path("junit.out").read_text().startswith("<testsuites>")
    assert Path("github.out").read_text().startswith("::warning file=src/a.py,line=1,col=1,title=CK101::")
    assert result.stdout.startswith("src/a.py:1:1 CK101")


def test_baseline_lets_known_places_pass_and_new_ones_fail(tree: Path) -> None:
    plant(tree, {"a.py": OLD + STRING})
    migrate("src", "--check", "--baseline", "known.json", "--update-baseline")

    assert migrate("src", "--check", "--baseline", "known.json").exit_code == 0
    plant(tree, {"b.py": STRING})
    result = migrate("src", "--check", "--baseline", "known.json")
    assert (result.exit_code, result.stdout.partition(" ")[0]) == (1, "src/b.py:1:5")


def test_baseline_in_the_tree_is_not_searched(tree: Path) -> None:
    plant(tree, {"a.py": STRING})
    migrate(".", "--check", "--baseline", "src/known.json", "--update-baseline")

    assert migrate(".", "--check", "--baseline", "src/known.json").exit_code == 0


def test_reports_of_ours_in_the_tree_are_not_searched(tree: Path) -> None:
    plant(tree, {"a.py": STRING})
    migrate("src", "--check", "--baseline", "src/b.json", "--update-baseline", "--output", "json=src/c.json")

    assert migrate("src", "--check", "--format", "github").stdout.count("::warning") == 1


def test_fixed_places_are_reported(tree: Path) -> None:
    plant(tree, {"a.py": STRING})
    migrate("src", "--baseline", "known.json", "--update-baseline")
    plant(tree, {"a.py": "x = 1\n"})

    result = migrate("src", "--baseline", "known.json")

    assert result.exit_code == 0
    assert "1 known place is fixed; run with --update-baseline" in result.stderr


def test_a_failure_is_not_covered_by_the_baseline(tree: Path) -> None:
    plant(tree, {"a.py": "from shop.core.old_home import Old ("})
    migrate("src", "--check", "--baseline", "known.json", "--update-baseline")

    assert migrate("src", "--check", "--baseline", "known.json").exit_code == 2


# Terminals


def test_names_and_messages_cannot_steer_the_terminal(tree: Path) -> None:
    plant(tree, {"a\x1b[31m.py": OLD})

    assert "\x1b" not in migrate("src", "--check").output


# What is shown


def test_statistics_count_each_code_in_place_of_the_places(tree: Path) -> None:
    plant(tree, {"a.py": OLD, "b.py": OLD + STRING})

    result = migrate("--check", "--statistics", "src")

    (line,) = result.stdout.splitlines()
    assert line.startswith("CK101  2 to be rewritten, 1 left  ")
    assert result.exit_code == 1


def test_exit_zero_is_for_what_is_found_and_not_for_what_fails(tree: Path) -> None:
    plant(tree, {"a.py": OLD})
    assert migrate("--check", "--exit-zero", "src").exit_code == 0

    plant(tree, {"b.py": "broken (\nfrom shop.core.old_home import Old\n"})
    assert migrate("--check", "--exit-zero", "src").exit_code == 2


def test_quiet_keeps_the_result_and_errors_only(tree: Path) -> None:
    plant(tree, {"a.py": OLD, "b.py": "broken (\nfrom shop.core.old_home import Old\n"})

    loud, quiet = migrate("--check", "src"), migrate("--check", "-q", "src")

    assert quiet.stdout == loud.stdout
    assert "CK901" in quiet.stderr
    assert "to be rewritten" in loud.stderr
    assert "to be rewritten" not in quiet.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ((), {}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        ((), {"FORCE_COLOR": "1"}, True),
        (("--color", "auto"), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
@pytest.mark.parametrize("view", ["--check", "--diff"])
def test_colour_is_decided_once(
    tree: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    environment: dict[str, str],
    expected: bool,
    view: str,
) -> None:
    plant(tree, {"a.py": OLD})
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert ("\x1b[" in migrate(view, *arguments, "src").stdout) is expected


def test_a_source_that_holds_colours_shows_them_as_text(tree: Path) -> None:
    plant(tree, {"a.py": OLD.rstrip() + "  # \x1b[31mred\n"})

    assert "\x1b[31m" not in migrate("--check", "--color", "always", "src").stdout


def test_standard_input_is_read_as_the_file_that_is_named(tree: Path) -> None:
    plant(tree, {"pyproject.toml": "[tool.compatkit]\nignore = ['CK101']\n"})
    plant(tree.parent, {"shop/__init__.py": "", "shop/core/__init__.py": ""})
    relative = "from .old_home import Old\n"

    assert migrate("-", "--stdin-filename", "src/a.py", given=OLD).stdout == OLD
    assert (
        migrate("-", "--stdin-filename", "shop/core/b.py", given=relative).stdout
        == "from .new_home import New as Old\n"
    )
    assert migrate("src", "--stdin-filename", "src/a.py").exit_code == 2


def test_a_document_from_standard_input_is_read_as_one(tree: Path) -> None:
    text = "```python\n" + OLD + "```\n"

    assert migrate("-", "--confidence", "review", "--stdin-filename", "a.md", given=text).stdout == text.replace(
        OLD, NEW
    )


def test_isolated_and_config_decide_over_the_settings(tree: Path) -> None:
    plant(tree, {"pyproject.toml": "[tool.compatkit]\nignore = ['CK101']\n", "a.py": OLD})

    assert migrate("--check", "src").exit_code == 0
    assert migrate("--check", "--isolated", "src").exit_code == 1
    assert migrate("--check", "--config", "ignore=[]", "src").exit_code == 1


def test_summary_for_a_pull_request_says_what_is_done_left_and_proven(tree: Path) -> None:
    plant(tree, {"a.py": OLD, "b.py": STRING})
    plant(tree.parent, {"CODEOWNERS": "* @core\n", "proof.json": '[{"scenario": "train", "equivalent": true}]'})

    text = migrate("--check", "--format", "markdown", "--verdict", "proof.json", "src").stdout

    assert "- Proof of `train`: **equivalent**" in text
    assert "| CK101 | 1 |" in text
    assert "| &#64;core | CK101 | 1 |" in text


@pytest.mark.parametrize("text", ["{}", "[1]", "nothing", '{"verdict": "equivalent"}'])
def test_a_verdict_that_is_none_does_not_pass_for_one(tree: Path, text: str) -> None:
    plant(tree, {"a.py": OLD})
    plant(tree.parent, {"proof.json": text})

    result = migrate("--check", "--format", "markdown", "--verdict", "proof.json", "src")

    assert isinstance(result.exception, CompatkitError)
    assert "equivalent" not in result.stdout


def test_settings_and_files_are_shown_without_a_run(tree: Path) -> None:
    plant(
        tree.parent,
        {
            "pyproject.toml": dedent(
                """\
                [tool.compatkit]
                rename = true
                exclude = ['b.py']
                """
            )
        },
    )
    plant(tree, {"a.py": OLD, "b.py": OLD})

    settings = migrate("--show-settings", "--ignore", "CK101", "src")
    files = migrate("--show-files", "src")

    assert {"rename = true", 'exclude = ["b.py"]', 'ignore = ["CK101"]'} <= set(settings.stdout.splitlines())
    assert str(tree.parent / "pyproject.toml") in settings.stderr
    assert files.stdout.splitlines() == ["src/a.py"]
    assert contents(tree)["a.py"] == OLD.encode()


def test_verbose_says_which_settings_and_migrations_hold(tree: Path) -> None:
    plant(tree, {"a.py": NEW})

    assert "migration: shop-v2" in migrate("-v", "--check", "src").stderr
    assert "migration: shop-v2" not in migrate("--check", "src").stderr


def test_interactive_makes_all_of_a_code_once_it_is_agreed_to(tree: Path) -> None:
    plant(tree.parent, {"migration.toml": TWO})
    other = "from shop.other import A\n"
    plant(tree, {"a.py": OLD, "b.py": other, "c.py": OLD})

    result = migrate("src", "--interactive", given="c\nn\n")

    assert contents(tree) == {"a.py": NEW.encode(), "b.py": other.encode(), "c.py": NEW.encode()}
    assert "src/a.py:1 CK101 (1 of 1)" in result.stderr


def test_interactive_shows_the_lines_around_a_change(tree: Path) -> None:
    plant(tree, {"a.py": "import os\n" + OLD + "print(os)\n"})

    shown = migrate("src", "--interactive", given="n\n").stderr

    assert (
        dedent("""\
             import os
            -from shop.core.old_home import Old
            +from shop.core.new_home import New as Old
             print(os)
            """)
        in shown
    )
