"""An editor's text: no edit is offered that changes another program, a left-out file, or half of a rewrite."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate.buffer import Buffer, FolderTask, TextEdit
from compatkit.migrate.report import Remark
from tests.shop.moves import OLD, TOML, plant

SETTINGS = dedent("""\
    [tool.compatkit]
    migrations = ["migration.toml"]
    extend-exclude = ["gone/"]
    """)


def buffer_of(folder: Path, text: str, name: str = "src/a.py", *, more: str = "") -> Buffer:
    plant(folder, {"migration.toml": TOML, "pyproject.toml": SETTINGS + more})
    return Buffer.of(text, folder / name, FolderTask.at(folder))


def applied(text: str, edits: list[TextEdit]) -> str:
    lines = text.splitlines(keepends=True)
    for edit in reversed(edits):
        lines[edit.start : edit.end] = [edit.text]
    return "".join(lines)


def at(line: int) -> Remark:
    return Remark("src/a.py", line, 1, "CK101", "", "manual", "", "", 0)


@pytest.mark.parametrize(
    "text",
    [
        'x = """\nfrom shop.core.old_home import Old\n"""\n',
        "from shop.core.new_home import New\n",
        "from shop.core.old_home import Old  # compatkit: ignore\n",
        "from shop.core.old_home import (\n",
    ],
)
def test_what_is_not_rewritten_on_disk_is_not_edited_here(tmp_path: Path, text: str) -> None:
    assert buffer_of(tmp_path, text).all_edits() == []


def test_a_file_that_the_settings_leave_out_has_neither_edits_nor_remarks(tmp_path: Path) -> None:
    found = buffer_of(tmp_path, OLD, "gone/a.py")

    assert (found.all_edits(), found.remarks, found.failure) == ([], (), None)


def test_a_code_that_the_settings_ignore_in_this_file_is_no_remark(tmp_path: Path) -> None:
    ignored = '[tool.compatkit.per-file-ignores]\n"src/*" = ["CK1"]\n'

    assert buffer_of(tmp_path, OLD, more=ignored).remarks == ()
    assert [one.code for one in buffer_of(tmp_path, OLD, "other/a.py", more=ignored).remarks] == ["CK101"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_edits_are_what_the_rewrite_of_the_file_makes(tmp_path: Path, end: str) -> None:
    text = f"x = 1{end}from shop.core.old_home import Old{end}y = 'ä'{end}"
    found = buffer_of(tmp_path, text)
    (remark,) = found.remarks

    assert applied(text, found.all_edits()) == text.replace("old_home import Old", "new_home import New as Old")
    assert found.edits_of(remark) == found.all_edits()


def test_a_text_that_says_a_wrong_encoding_is_read_as_utf_8(tmp_path: Path) -> None:
    text = f"# coding: latin-1\n{OLD}y = '→'\n"

    assert applied(text, buffer_of(tmp_path, text).all_edits()).endswith("y = '→'\n")


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ("x.y = Old()", "x.y = Old()  # compatkit: ignore[CK101]"),
        ("Old()  # compatkit: ignore[CK2]", "Old()  # compatkit: ignore[CK101, CK2]"),
        ("Old()\r", "Old()  # compatkit: ignore[CK101]\r"),
    ],
)
def test_a_comment_is_put_at_the_end_of_its_line(tmp_path: Path, line: str, marked: str) -> None:
    found = buffer_of(tmp_path, f"{OLD}{line}\n")

    (edit,) = found.ignoring(at(2))

    assert edit == TextEdit(1, 2, f"{marked}\n")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f'{OLD}x = """\na\n"""\n', "src/a.py"),  # within a text
        (f"{OLD}x = 1 + \\\n    2\n", "src/a.py"),  # before a backslash
        (f"{OLD}x = (\n", "src/a.py"),  # no program
        (f"{OLD}# Title\n", "src/a.md"),  # no comment there
    ],
)
def test_no_comment_is_put_where_it_would_be_none(tmp_path: Path, text: str, name: str) -> None:
    found = buffer_of(tmp_path, text, name)

    assert found.ignoring(at(2)) == []
    assert found.ignoring(at(9)) == []
