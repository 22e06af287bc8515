"""Encodings, newlines and the ends of files: bytes outside an edited statement are copied, not regenerated."""

from __future__ import annotations

import pytest

from compatkit.rewrite import Rewritten
from tests.shop.moves import outcome_of

OLD = "from shop.core.old_home import"
NEW = "from shop.core.new_home import New as Old"


def result(source: bytes) -> bytes:
    outcome = outcome_of(source)
    assert isinstance(outcome, Rewritten), outcome
    return outcome.source


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_newline_of_the_statement_is_taken_over(newline: str) -> None:
    before = f"x = 1\n{OLD} (A,\n  Old)\ny = 2\n".replace("\n", newline).encode()

    assert result(before) == f"x = 1\n{OLD} (A)\n{NEW}\ny = 2\n".replace("\n", newline).encode()


def test_mixed_newlines_inside_a_statement_are_kept() -> None:
    before = f"{OLD} (\r\n    Old,\n)\rx = 1\n".encode()

    assert result(before) == b"from shop.core.new_home import (\r\n    New as Old,\n)\rx = 1\n"


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_remaining_statement_keeps_its_newline_when_a_line_goes(newline: str) -> None:
    before = f"{OLD} (\n    A,\n    Old,\n    B,\n)\n".replace("\n", newline).encode()

    assert result(before) == f"{OLD} (\n    A,\n    B,\n)\n{NEW}\n".replace("\n", newline).encode()


def test_missing_final_newline_stays_missing() -> None:
    assert result(f"x = 1\r\n{OLD} A, Old".encode()) == f"x = 1\r\n{OLD} A\r\n{NEW}".encode()


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("latin-1", "é ÿ"), ("cp1252", "€"), ("shift_jis", "ソ表"), ("koi8-r", "Ж"), ("utf-8", "é ソ"), ("cp932", "表")],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_declared_encoding_is_kept(encoding: str, text: str, newline: str) -> None:
    lines = f"# -*- coding: {encoding} -*-\nx = '{text}'; {OLD} (Old,  # {text}\n A)\ny = '{text}'  # {text}\n"
    after = lines.replace(f"{OLD} (Old,  # {text}\n A)", f"{OLD} (  # {text}\n A); {NEW}")

    changed = result(lines.replace("\n", newline).encode(encoding))

    assert changed == after.replace("\n", newline).encode(encoding)


def test_bytes_that_the_encoding_would_spell_otherwise_are_kept() -> None:
    # cp932 has two spellings of one character; only one of them is what Python would write.
    comment = b"# coding: cp932\n# \x87\x9c\n"

    assert result(comment + f"{OLD} Old\n".encode()) == comment + f"{NEW}\n".encode()


def test_byte_order_mark_is_kept() -> None:
    assert result(b"\xef\xbb\xbf" + f"{OLD} Old\n".encode()) == b"\xef\xbb\xbf" + f"{NEW}\n".encode()


@pytest.mark.parametrize(
    "odd", ["\f\n", "\x0b# x\n".lstrip("\x0b"), "'''\u2028\x85\f'''\n", "# \x1c\x1d\x1e\n", "\t\n", "\\\n\n"]
)
def test_characters_that_only_look_like_newlines_do_not_shift_the_edit(odd: str) -> None:
    assert result(f"{odd}{OLD} Old\n{odd}".encode()) == f"{odd}{NEW}\n{odd}".encode()


@pytest.mark.parametrize(
    "tall",
    [
        "x = " + " + ".join(["1"] * 1000) + "\n",
        "y = a" + ".f()" * 300 + "\n",
        "if a == 0:\n    pass\n" + "".join(f"elif a == {n}:\n    pass\n" for n in range(1, 500)),
        "s = (" + "\n".join(["'x'"] * 3000) + ")\n",
    ],
    ids=["sum", "chain", "elif", "strings"],
)
def test_file_that_python_compiles_is_not_too_deep(tall: str) -> None:
    assert result(f"{tall}{OLD} Old\n{tall}".encode()) == f"{tall}{NEW}\n{tall}".encode()


def test_fallback_is_looked_for_in_deep_files_too() -> None:
    tall = "if a == 0:\n    pass\n" + "".join(f"elif a == {n}:\n    pass\n" for n in range(1, 200))

    assert NEW in result(f"{tall}else:\n    {OLD} Old\ndef f():\n    {NEW}\n".encode()).decode()
