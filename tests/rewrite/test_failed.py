"""A file that cannot be processed is `Failed`, with reason, place and hint, and is never half rewritten."""

from __future__ import annotations

import ast
import pickle

import pytest

from compatkit.rewrite import Failed, RewriteError, Unchanged
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.edit.import_plan import plan
from compatkit.rewrite.edit.verify import check
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.text import read_source
from compatkit.rewrite.rules.moved_from_imports import _require_planned
from compatkit.rewrite.rules.moved_names import find_sites
from tests.shop.moves import MOVES, outcome_of

IMPORT = b"from shop.core.old_home import Old\n"
RESULT = b"from shop.core.new_home import New as Old\n"


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        (IMPORT + b"def f(:\n", 2, "not valid Python"),
        (IMPORT + b"print 'x'\n", 2, "not valid Python"),
        (b"x = 1\nlazy " + IMPORT, 2, "does not parse lazy imports"),
        (IMPORT + b"if x:\n    lazy import shop\n", 3, "does not parse lazy imports"),
        (IMPORT + b"lazy = 1; lazy(import)\n", 2, "not valid Python"),
        (IMPORT + b"x = '\x00'\n", 0, "null bytes"),
        (IMPORT + b"\n\nx = '\xff'\n", 4, "not utf-8: byte 0xff"),
        (b"# coding: no-such-codec\n" + IMPORT, 0, "unknown encoding"),
        (b"# coding: rot13\n" + IMPORT, 0, "not a text encoding"),
        (b"\xef\xbb\xbf# coding: latin-1\n" + IMPORT, 0, "encoding problem"),
        (IMPORT + b"x = " + b"(" * 500 + b")" * 500, 2, "not valid Python"),
    ],
)
def test_unreadable_source_fails_with_reason_place_and_hint(source: bytes, line: int, reason: str) -> None:
    outcome = outcome_of(source)

    assert isinstance(outcome, Failed)
    assert (outcome.line, outcome.code) == (line, "CK901")
    assert reason in outcome.reason
    assert outcome.hint


def test_too_deep_a_tree_fails() -> None:
    assert isinstance(outcome_of(IMPORT + b"x = " + b"-" * 100_000 + b"1\n"), Failed)


def test_unreadable_file_that_cannot_matter_is_not_parsed() -> None:
    assert not isinstance(outcome_of(b"def f(:\n\x00\xff"), Failed)


def test_outcomes_can_be_pickled() -> None:
    for source in (IMPORT, b"x = 'shop.core.old_home'", b"def Old(:"):
        outcome = outcome_of(source)

        assert pickle.loads(pickle.dumps(outcome)) == outcome


@pytest.mark.parametrize(
    "wrong",
    [
        RESULT,
        RESULT + b"y = 2\n",
        RESULT + b"z = 1\n",
        RESULT + b"y = 1\nx = 1\n",
        RESULT + b"x = 1\ny = 1\n",
        RESULT + b"if y: y = 1\n",
        RESULT + b"y = 1\n\xff",
        b"y = 1\n" + RESULT,
        b"",
        b"from shop.core.new_home import (New as Old\ny = 1\n",
    ],
)
def test_check_refuses_every_other_result(wrong: bytes) -> None:
    # The import is planned; `y = 1` is not, and is what every wrong result disturbs.
    source = read_source(IMPORT + b"y = 1\n")
    text = RESULT.decode().rstrip("\n")
    change = Edit(0, len(IMPORT) - 1, text, "CK101", 0, "")

    with pytest.raises(RewriteError, match="did not pass its own check"):
        check(source, ast.parse(source.text), [change], wrong)


@pytest.mark.parametrize("text", ["lambda: \\", "not \\", "x = \\", "assert \\", "if 0: \\", "while 0: \\"])
def test_check_refuses_a_planned_text_that_takes_in_the_next_statement(text: str) -> None:
    line = IMPORT.decode().rstrip("\n")
    source = read_source(f"def f():\n    {line}\n    y()\n".encode())
    start = source.text.index(line)
    change = Edit(start, start + len(line), text, "CK101", start, "")

    with pytest.raises(RewriteError, match="did not pass its own check"):
        check(source, ast.parse(source.text), [change], f"def f():\n    {text}\n    y()\n".encode())


def test_check_accepts_the_planned_result() -> None:
    source = read_source(IMPORT + b"y = 1\n")
    text = RESULT.decode().rstrip("\n")

    check(source, ast.parse(source.text), [Edit(0, len(IMPORT) - 1, text, "CK101", 0, "")], RESULT + b"y = 1\n")


@pytest.mark.parametrize(
    "text",
    [
        "from .shop.core.new_home import New as Old",
        "from shop.core.new_home import New as Old, more",
        "from shop.core.new_home import New as Old; x = 1",
        "from shop.core.new_home import New",
        "from shop.core.new_home import Other as Old",
        "from shop.core.old_home import Old",
        "import shop",
        "",
    ],
)
def test_an_import_that_says_something_else_than_planned_is_refused(text: str) -> None:
    home = FileModule("shop.app", is_package=False)
    planned = plan(find_sites(File.of(IMPORT.encode() if isinstance(IMPORT, str) else IMPORT, home), MOVES)[0], home)

    _require_planned([RESULT.decode()], planned)
    with pytest.raises(RewriteError, match="did not pass its own check"):
        _require_planned([text], planned)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_refused_where_it_names_the_names(encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"

    assert isinstance(outcome_of(f"{mark}from shop.core.old_home import Old\n".encode(encoding)), Failed)
    assert outcome_of(f"{mark}import os\n".encode(encoding)) == Unchanged()
