"""The check of every rewrite: it lets the planned change pass, and nothing that means something else beside it."""

from __future__ import annotations

from textwrap import dedent

import pytest

from compatkit.rewrite import RewriteError
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.edit.verify import check
from compatkit.rewrite.file.text import read_source
from compatkit.rewrite.file.tree import parse

Change = tuple[str, str]


def checked(before: str, *changes: Change) -> None:
    """Check `before` with the first place of each text after the one before it replaced by another."""
    edits, after, at = [], "", 0
    for old, new in changes:
        start = before.index(old, at)
        edits.append(Edit(start, start + len(old), new, "CK101", 0, ""))
        after, at = after + before[at:start] + new, start + len(old)
    check(read_source(before.encode()), parse(before), edits, (after + before[at:]).encode())


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ("x = a + b * c\n", ("+", "*")),
        ("x = a - b\n", ("-", "- (0) -")),
        ("@d(x + y * z)\ndef f(): ...\n", ("+", "*")),
        ("from . import a\n", (".", "..")),
        ("def f():\n    global a, b\n", (", b", "")),
        ("def f():\n    global a\n", (" a\n", " a, b\n")),
        ("x = r['k']\n", ("['k']", "()")),
        ("x = r.get('k')\n", (".get('k')", "")),
        ("x = r.pop('k')\n", (".pop('k')", ".k")),
        (
            dedent("""\
                if a:
                    b
                c
                """),
            ("c", "    c"),
        ),
        ("try: ...\nexcept E as e: ...\n", (" as e", "")),
        ("try: ...\nexcept E: ...\n", ("E:", "E as e:")),
        ("import a as b\n", (" as b", "")),
    ],
)
def test_a_change_that_reaches_beyond_its_place_is_refused(before: str, change: Change) -> None:
    with pytest.raises(RewriteError):
        checked(before, change)


@pytest.mark.parametrize(
    ("before", "change"),
    [("x = 1\n", ("x = 1", "return")), ("def f(a): ...\n", ("a", "a, a")), ("x = y\n", ("y", "(yield)"))],
)
def test_what_parses_but_no_longer_compiles_is_refused(before: str, change: Change) -> None:
    with pytest.raises(RewriteError, match="compile"):
        checked(before, change)


def test_a_text_that_differs_beside_the_changes_is_refused() -> None:
    before = "import a\nx = 1\n"
    change = Edit(7, 8, "b", "CK101", 0, "")

    with pytest.raises(RewriteError, match="planned places"):
        check(read_source(before.encode()), parse(before), [change], b"import b\nx = 1 \n")


def test_what_is_added_behind_the_last_line_is_read_too() -> None:
    before = "a = 1"
    change = Edit(5, 5, ")", "CK101", 0, "")

    with pytest.raises(RewriteError):
        check(read_source(before.encode()), parse(before), [change], b"a = 1)", binds_the_same=True)


@pytest.mark.parametrize(
    ("before", "changes"),
    [
        ("return\nimport a\n", [("a", "b")]),  # it never compiled
        ("a = 1 \\\n\nb = 2\n", [("1", "3")]),
        ("b = 2\na = 1 \\\n  \\\n\n", [("1", "3")]),
        ("a = 1  # \\\nb = 2\n", [("1", "3")]),
        (
            dedent("""\
                x = (
                    a,
                    b,
                )
                """),
            [("a", "c")],
        ),
        ("a; b\nc\n", [("a", "long_name"), ("b", "d")]),
        (
            dedent("""\
                x = 1; y = (
                    a,
                )
                """),
            [("a", "b")],
        ),
        (
            dedent("""\
                f(a)

                g(b)
                h(c)
                """),
            [("a", "long.name"), ("b", "[1, 2]"), ("c", "'d'")],
        ),
        ("x = r['k'] + 1\n", [("['k']", ".k")]),
        ("x = r.get('k') + 1\n", [(".get('k')", ".k")]),
        ("def f():\n    global a\n", [(" a\n", " b\n")]),
        ("f(lr=1)\n", [("lr", "rate")]),
        ("@a.b\ndef f(): ...\n", [("a.b", "c.d.e")]),
        (
            dedent("""\
                import a


                def f():
                    return a.b
                """),
            [("a", "z as a"), ("a.b", "a.c")],
        ),
    ],
)
def test_a_change_of_its_place_alone_passes(before: str, changes: list[Change]) -> None:
    checked(before, *changes)
