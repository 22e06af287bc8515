"""`[[flags]]`: an option is renamed where a command is seen to be of the declared program, else it is reported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate.run import plan_tree
from compatkit.migration import Migration, MigrationError, parse_migration
from compatkit.options import Options
from compatkit.rewrite import Rewritten, Unchanged, rewrite_source
from compatkit.rewrite.rewrite_document import rewrite_document
from tests.shop import HEAD

ROWS = """
[[flags]]
code = "SH501"
v1 = "--queue_size"
v2 = "--capacity"
of = ["shop-till", "run_*.py", "shop.till"]
beside = ["--station"]
values = [["no", "never"]]
why = "it counts coins, too"

[[flags]]
code = "SH502"
v1 = "--fast"
of = ["shop-till"]
say = "every till is fast: leave it out"
"""
REVIEW = Options(confidence="review")


def migration(rows: str = ROWS) -> Migration:
    return parse_migration(HEAD + rows)


def outcome(text: str, suffix: str, *, options: Options = REVIEW, own: frozenset[str] = frozenset()) -> object:
    text = dedent(text).lstrip("\n")
    if suffix == ".py":
        return rewrite_source(
            text.encode(), module="app", is_package=False, moves=(), migrations=[migration()], options=options
        )
    return rewrite_document(
        text.encode(), suffix=suffix, moves=(), migrations=[migration()], options=options, own_options=own
    )


def rewritten(text: str, suffix: str) -> str:
    found = outcome(text, suffix)
    assert isinstance(found, Rewritten), found
    return found.source.decode()


def reported(text: str, suffix: str, **how: object) -> list[str]:
    found = outcome(text, suffix, **how)  # type: ignore[arg-type]
    assert isinstance(found, Unchanged), found
    return [f"{finding.code} {finding.line} {finding.message}" for finding in found.findings]


SILENT = {
    "another program": ("python serve.py --station a --queue_size 3\n", ".txt"),
    "a command without the option beside": ("shop-till --queue_size 3\n", ".txt"),
    "a longer option": ("shop-till --station a --queue_size_max 3\n", ".txt"),
    "the new option": ("shop-till --station a --capacity 3\n", ".txt"),
    "python that only names it": ('NAME = "--queue_size"\n', ".py"),
    "a parser that keeps its values": ('parser.add_argument("--queue_size", type=int)\n', ".py"),
    "a parser that names the field": (
        'parser.add_argument("--queue_size", dest="capacity")\nTill(**vars(parser.parse_args()))\n',
        ".py",
    ),
    "prose": ("The option --queue_size of run_till.py goes with --station.\n", ".md"),
}


@pytest.mark.parametrize("name", SILENT)
def test_what_is_no_option_of_the_program_is_left_in_silence(name: str) -> None:
    assert reported(*SILENT[name]) == []


REPORTED = {
    "both are given": ("shop-till --station a --queue_size 3 --capacity 4\n", ".txt", "--capacity is given as well"),
    "the words stand apart": (
        'ARGS="--queue_size 3"\nshop-till --station a $ARGS\n',
        ".txt",
        "it is not seen in one command",
    ),
    "the value is a variable": ("shop-till --station a --queue_size $SIZE\n", ".txt", "the value $SIZE"),
    "it is gone": ("shop-till --fast\n", ".txt", "every till is fast"),
    "a guide to the change": (
        dedent("""\
            ```sh
            shop-till --station a --queue_size 3
            ```
            Write `--capacity` now.
            """),
        ".md",
        "may be about the change",
    ),
    "an INI file": ("[testenv]\ncommands = shop-till --station a --queue_size 3\n", ".ini", "left to a person"),
    "a text in Python": ('os.system("shop-till --station a --queue_size 3")\n', ".py", "the command is one text"),
    "a parser whose values are handed on": (
        'parser.add_argument("--queue_size", type=int)\nTill(**vars(parser.parse_args()))\n',
        ".py",
        'by ** in line 2: give it dest="capacity"',
    ),
}


@pytest.mark.parametrize("name", REPORTED)
def test_what_is_in_doubt_is_reported_and_stays(name: str) -> None:
    text, suffix, part = REPORTED[name]

    (found,) = reported(text, suffix)

    assert part in found


def test_nothing_is_rewritten_unless_it_is_asked_for_and_the_report_says_why_it_changed() -> None:
    (found,) = reported("shop-till --station a --queue_size 3\n", ".txt", options=Options())

    assert found == (
        "SH501 1 --queue_size -> --capacity; not rewritten: made with --confidence review (it counts coins, too)"
    )


def test_an_option_that_a_program_of_the_project_defines_itself_stays() -> None:
    own = frozenset({"--queue_size"})

    (found,) = reported("python run_till.py --station a --queue_size 3\n", ".txt", own=own)
    told_of_its_own = reported("shop-till --fast\n", ".txt", own=frozenset({"--fast"}))

    assert told_of_its_own == []
    assert "a program of this project takes an option of this name itself" in found


REWRITTEN = {
    "a script": (
        "set -e\nshop-till --station a \\\n  --queue_size 3 && echo --queue_size 3\n",
        ".txt",
        "set -e\nshop-till --station a \\\n  --capacity 3 && echo --queue_size 3\n",
    ),
    "a value behind an equals sign": (
        "python src/run_till.py --queue_size=no --station=a\n",
        ".txt",
        "python src/run_till.py --capacity=never --station=a\n",
    ),
    "a module": (
        "RUN python -m shop.till --queue_size 3 --station a\n",
        ".txt",
        "RUN python -m shop.till --capacity 3 --station a\n",
    ),
    "the words of a container": (
        'CMD ["shop-till", "--queue_size", "3", "--station", "a"]\n',
        ".txt",
        'CMD ["shop-till", "--capacity", "3", "--station", "a"]\n',
    ),
    "a workflow": (
        dedent("""\
            on:
              - run: |
                  shop-till --station a --queue_size 3
              - run: shop-till --station b --queue_size no
            """),
        ".yml",
        dedent("""\
            on:
              - run: |
                  shop-till --station a --capacity 3
              - run: shop-till --station b --capacity never
            """),
    ),
    "a block of a README": (
        dedent("""\
            To run it:

            ```sh
            shop-till --station a --queue_size 3
            ```
            """),
        ".md",
        dedent("""\
            To run it:

            ```sh
            shop-till --station a --capacity 3
            ```
            """),
    ),
    "a list of words": (
        'subprocess.run([sys.executable, "run_till.py", "--queue_size", "no", f"--out={o}", "--station", "a"])\n',
        ".py",
        'subprocess.run([sys.executable, "run_till.py", "--capacity", "never", f"--out={o}", "--station", "a"])\n',
    ),
}


@pytest.mark.parametrize("name", REWRITTEN)
def test_an_option_of_the_program_is_renamed_on_request_and_a_second_run_finds_nothing(name: str) -> None:
    text, suffix, after = REWRITTEN[name]

    assert rewritten(text, suffix) == after
    assert all("is given as well" not in found for found in reported(after, suffix))


def test_commands_of_a_notebook_are_rewritten_and_its_python_is_not() -> None:
    cells = [
        "%%bash\\nshop-till --queue_size 3 --station a",
        "x = 1\\n!shop-till --station a --queue_size 3",
        "a = '--queue_size'",
    ]
    parts = ",".join(f'{{"cell_type": "code", "source": "{cell}"}}' for cell in cells)
    book = f'{{"cells": [{parts}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}'

    assert rewritten(book, ".ipynb") == book.replace("--queue_size 3", "--capacity 3")


@pytest.mark.parametrize(
    ("row", "part"),
    [
        (
            dedent(
                """\
                [[flags]]
                code = "SH501"
                v1 = "--a"
                v2 = "--b"
                """
            ),
            "'of' is missing",
        ),
        (
            dedent(
                """\
                [[flags]]
                code = "SH501"
                v1 = "--a"
                of = ["x"]
                """
            ),
            "no change",
        ),
        (
            dedent(
                """\
                [[flags]]
                code = "SH501"
                v1 = "--a"
                of = ["x"]
                v2 = "--b"
                say = "c"
                """
            ),
            "several changes",
        ),
        (
            dedent(
                """\
                [[flags]]
                code = "SH501"
                v1 = "a b"
                of = ["x"]
                v2 = "--b"
                """
            ),
            "an option as it is written",
        ),
        (
            dedent(
                """\
                [[flags]]
                code = "SH501"
                v1 = "--a"
                of = ["x"]
                v2 = "--a"
                """
            ),
            "keeps its name",
        ),
        (
            dedent(
                """\
                [[flags]]
                code = "SH501"
                v1 = "--a"
                of = ["x"]
                values = [["b"]]
                """
            ),
            "pairs of texts",
        ),
    ],
)
def test_a_row_that_cannot_be_meant_is_refused(row: str, part: str) -> None:
    with pytest.raises(MigrationError, match=part):
        migration(row)


TILL = """
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("--station")
    parser.add_argument("--{flag}", type=int)
    print(vars(parser.parse_args()))
"""


def test_a_script_starts_the_new_program_as_it_started_the_old_one(tmp_path: Path) -> None:
    for version, flag in (("v1", "queue_size"), ("v2", "capacity")):
        (tmp_path / version).mkdir()
        (tmp_path / version / "run_till.py").write_text(dedent(TILL.format(flag=flag)), encoding="utf-8")
    script = 'cd "$1" && "$2" run_till.py --station a --queue_size 3\n'
    after = rewritten(script, ".txt")

    assert run(script, tmp_path / "v1") == "{'station': 'a', 'queue_size': 3}\n"
    assert run(after, tmp_path / "v2") == "{'station': 'a', 'capacity': 3}\n"


def run(script: str, folder: Path) -> str:
    command = ["sh", "-ec", script, "sh", str(folder), sys.executable]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_in_a_tree_the_projects_own_options_are_looked_for(tmp_path: Path) -> None:
    (tmp_path / "train.sh").write_text("python run_till.py --station a --queue_size 3\n", encoding="utf-8")
    (tmp_path / "fast.sh").write_text("shop-till --fast\n", encoding="utf-8")
    (tmp_path / "run_till.py").write_text(dedent(TILL.format(flag="queue_size")), encoding="utf-8")

    report = plan_tree([tmp_path], [migration()], REVIEW, jobs=1)

    told = [finding.message for result in report.results for finding in result.findings]
    assert ["takes an option of this name itself" in message for message in told] == [False, True]
    assert not any(isinstance(result.outcome, Rewritten) for result in report.results)


def test_in_a_tree_the_options_of_others_are_renamed(tmp_path: Path) -> None:
    (tmp_path / "train.sh").write_text("python run_till.py --station a --queue_size 3\n", encoding="utf-8")
    (tmp_path / "other.py").write_text("queue_size = 3\n", encoding="utf-8")

    report = plan_tree([tmp_path], [migration()], REVIEW, jobs=1)

    (changed,) = [result for result in report.results if isinstance(result.outcome, Rewritten)]
    assert changed.name.endswith("train.sh")


KEYS = """
[[flags]]
code = "SH503"
v1 = "till.coins"
of = ["*"]
say = "count them"
"""


@pytest.mark.parametrize("v1", ["till", "+till", "till.", ".coins", "till coins"])
def test_an_option_without_dashes_is_a_path_of_keys(v1: str) -> None:
    with pytest.raises(MigrationError):
        migration(KEYS.replace("till.coins", v1))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('command = "shop-till" + " till.coins=4"\n', 1),
        ('command = f"shop-till {name} till.coins=4"\n', 1),
        ('command = "shop-till till.coins=4"\n', 1),
        ('command = ["shop-till", "till.coins=4"]\n', 1),
        ('command = "shop-till" + " my.till.coins=4 till.coinsy=1"\n', 0),
        ("till.coins = 4\n", 0),
        ('"""Give till.coins=4 to it."""\n', 0),
    ],
)
def test_path_of_keys_is_an_option_wherever_a_command_is_made(text: str, count: int) -> None:
    rows = migration(KEYS)
    found = rewrite_source(text.encode(), module="app", is_package=False, moves=(), migrations=[rows], options=REVIEW)

    assert isinstance(found, Unchanged)
    assert [finding.code for finding in found.findings] == ["SH503"] * count
