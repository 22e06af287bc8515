"""A plain import is written without LibCST, and comes out as LibCST would write it."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration import Move
from compatkit.rewrite.edit.import_libcst import regenerate
from compatkit.rewrite.edit.import_plan import plan, respell
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.rules.moved_names import find_sites

HOME = FileModule("shop.core.app", is_package=False)
MOVES = (
    Move("CK101", "shop.core.old_home.Old", "shop.core.new_home.New"),
    Move("CK102", "shop.core.old_home.Second", "shop.parts.second.Second"),
    Move("CK103", "shop.core.old_home.Third", "shop.core.new_home.Third"),
    Move("CK104", "shop.core.module", "shop.core.other", kind="module"),
)
NAMES = ["Old", "Second", "Third", "rests", "module"]


@st.composite
def statements(draw: st.DrawFn) -> str:
    module = draw(st.sampled_from(["shop.core.old_home", ".old_home", "..core.old_home", "shop.core", ".", "..core"]))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    aliases = [name + draw(st.sampled_from(["", " as local", f" as {name}"])) for name in names]
    return f"from {module} import {', '.join(aliases)}"


@given(statements())
def test_plain_statement_is_written_as_libcst_writes_it(text: str) -> None:
    sites = find_sites(File.of(text.encode(), HOME), MOVES)
    for site in sites:
        planned = plan(site, HOME)

        assert respell(text, site.node, planned) == regenerate(text, planned, comments_may_move=True)


@pytest.mark.parametrize(
    "text",
    [
        "from .old_home import  Old",
        "from .old_home import (Old)",
        "from .old_home import (Old,)",
        "from .old_home import Old , Second",
        "from .old_home import \\\n Old",
        "from . old_home import Old",
        "from .old_home import *",
    ],
)
def test_other_spellings_are_left_to_libcst(text: str) -> None:
    move = Move("CK101", "shop.core.old_home", "shop.core.new_home", kind="module")
    [site] = find_sites(File.of(text.encode(), HOME), (move,))

    assert respell(text, site.node, plan(site, HOME)) is None


def test_a_comment_goes_with_its_own_name_alone() -> None:
    text = dedent("""\
        from shop.core.old_home import (
            Old,  # the first
            Third,
            rests,
        )""")
    [site] = find_sites(File.of(text.encode(), HOME), MOVES)

    found = regenerate(text, plan(site, HOME), comments_may_move=True)

    assert found is not None
    assert [(part.statement, part.comment) for part in found.split] == [
        ("from shop.core.new_home import New as Old", "# the first"),
        ("from shop.core.new_home import Third", ""),
    ]


TO_THE_TOP = Move("CK105", "shop.core.module", "module", kind="module")


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("from shop.core import (module)", "import module"),
        ("from shop.core import (  # why\n    module)", None),
        ("from . import (module)", "import module"),
    ],
)
def test_a_module_that_comes_to_the_top_is_imported_whole_unless_a_comment_is_lost(text: str, new: str | None) -> None:
    [site] = find_sites(File.of(text.encode(), HOME), (TO_THE_TOP,))

    found = respell(text, site.node, plan(site, HOME))

    assert (found.statement if found else None) == new


def test_a_package_written_as_dots_is_not_the_top() -> None:
    text = "from .parts import (module)"
    move = Move("CK106", "shop.core.parts.module", "shop.core.module", kind="module")
    [site] = find_sites(File.of(text.encode(), HOME), (move,))

    assert respell(text, site.node, plan(site, HOME)) is None
