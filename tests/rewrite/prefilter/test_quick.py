"""The first look never holds back a file that matters; with a thousand moves it holds back as many as with one."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migrate.finding.sieve import Quick, quick_of
from compatkit.migration import Move, available_migrations, find_migration
from compatkit.rewrite.prefilter.words import can_matter

FEW = (
    Move("CK101", "shop.core.old_home.Old", "shop.core.new_home.New"),
    Move("CK102", "shop.core.second_home.Second", "shop.core.new_home.Second"),
)
# More homes than are searched for one by one.
MANY = (*FEW, *(Move(f"CK{n}", f"shop.part{n}.home{n}.Name{n}", f"shop.new{n}.Name{n}") for n in range(103, 203)))
# Many names of few homes.
NAMES = (*FEW, *(Move(f"CK{n}", f"shop.core.old_home.Name{n}", f"shop.new.Name{n}") for n in range(203, 303)))
PIECES = [
    "from .", "from ..", "from . ", "from\\\n.", "from\t.", "from shop", "import ", " import ", "shop", ".core", "core",
    ".old_home", "old_home", "home150", "Old", "Name150", "part150", "(", ")", "\n", "\r\n", "\\\n", ",", " ", "# (\n",
    "# )\n", "x = 1\n", "'", '"', ";", "*", "é",
]  # fmt: skip
SOURCES = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
PATHS = st.sampled_from(["/w/app.py", "/w/shop/core/app.py", "/w/old_home/app.py", "/w/shop/old/__init__.py"])


@given(SOURCES, PATHS, st.sampled_from([FEW, MANY, NAMES]), st.sampled_from(["utf-8", "utf-16"]))
def test_what_matters_gets_through(text: str, path: str, moves: tuple[Move, ...], encoding: str) -> None:
    source = text.encode(encoding)

    assert quick_of(moves).may_matter(source, path) or not can_matter(source, moves, path=path)


@pytest.mark.parametrize(
    "text",
    [
        "from shop.core.old_home import Old",
        "import shop.core.old_home",
        "x = 'shop.core.old_home.Old'",
        dedent(
            """\
            from shop.core import (
                a,
                old_home,
            )"""
        ),
        "from .old_home import Old",
        "from . import old_home",
        dedent(
            """\
            from . import (
                a,  # (one)
                old_home,
            )"""
        ),
        "from ..core \\\r\n  import x, \\\r\n  old_home",
        "from . import (a, # )\n old_home)",
        "from shop.part150 \\\n import home150",
        "from .part150 import home150",
    ],
)
@pytest.mark.parametrize("moves", [FEW, MANY, NAMES])
def test_uses_matter(text: str, moves: tuple[Move, ...]) -> None:
    source, path = text.encode(), "/w/shop/core/app.py"
    expected = moves is MANY or "old_home" in text

    assert can_matter(source, moves, path=path) is expected
    assert quick_of(moves).may_matter(source, path) or not expected


@pytest.mark.parametrize("moves", [find_migration(name).moves for name in available_migrations()])
def test_no_import_of_what_moved_is_held_back_wherever_the_file_lies(moves: tuple[Move, ...]) -> None:
    texts = [f"from {move.old_module} import {move.old_name}\n".encode() for move in Move.symbols(moves)]
    texts += [f"import {move.old} as other\n".encode() for move in moves if move.is_module]

    assert [text for text in texts if not can_matter(text, moves, path="/w/a.py")] == []
    assert [text for text in texts if not quick_of(moves).may_matter(text, "/w/a.py")] == []


@pytest.mark.parametrize("text", ["x = 1\n", "from .other import thing\n", "import workshop_tools as tools\n"])
def test_most_files_are_held_back(text: str) -> None:
    assert not quick_of(FEW).may_matter(text.encode(), "/w/app.py")
    assert not can_matter(text.encode(), MANY, path="/w/app.py")


def test_several_let_through_what_each_does() -> None:
    both = Quick.any_of([Quick(frozenset({b"abc", b"ab"})), Quick(frozenset({b"xyz"}), frozenset({"folder"}))])

    assert both.words == {b"ab", b"xyz"}
    assert both.may_matter(b"", "/w/folder/a.py")
    assert both.may_matter(b"abc", "/w/a.py")
    assert not both.may_matter(b"a b x", "/w/a.py")
