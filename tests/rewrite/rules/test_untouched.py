"""Names that must not change: other names, other modules, and everything uncertain."""

from __future__ import annotations

from textwrap import dedent

import pytest

from compatkit.migration import Move
from compatkit.rewrite import Rewritten, Skipped, Unchanged, rewrite_source
from tests.shop.moves import MOVE, MOVES, messages, outcome_of

OLD = "from shop.core.old_home import Old"
NEW = "from shop.core.new_home import New as Old"


@pytest.mark.parametrize(
    "source",
    [
        "",
        "x = 1\n",
        "# Old lived in shop.core.old_home\n",
        '"""See shop.core.old_home.Old."""\n',
        "from shop.core.old_home import Other\n",
        "from shop.core.old_home import Older, old\n",
        "from shop.core.old_home.Old import deeper\n",
        "from shop.core.old_home_more import Old\n",
        "from other.core.old_home2 import Old\n",
        "from elsewhere import Old\n",
        "from elsewhere import old_home\n",
        "import elsewhere.old_home\n",
        "Old = 1\nprint(Old)\n",
        "class Old: pass\n",
        "def f(Old): return Old.old_home\n",
        "x = 'Old'\ny = 'old_home'\n",
        "x = 'myshop.core.old_home.Old'\n",
        "x = 'shop.core.old_home_more.Old'\n",
        "from shop.core.new_home import New as Old\n",
        "from shop.core.new_home import New\nOld = New\n",
        "from shop.parts.second import Second\n",
    ],
)
def test_is_neither_touched_nor_reported(source: str) -> None:
    assert outcome_of(source) == Unchanged()


def test_old_home_is_skipped() -> None:
    source = "class Old: pass\nfrom shop.core.old_home import Old\n"

    assert isinstance(outcome_of(source, module="shop.core.old_home"), Skipped)


def test_old_home_of_one_move_may_import_another() -> None:
    moves = [Move("CK101", "a.x.One", "a.z.One"), Move("CK102", "a.y.Two", "a.z.Two")]

    outcome = rewrite_source(b"from a.y import Two\n", module="a.x", is_package=False, moves=moves)

    assert getattr(outcome, "source", None) == b"from a.z import Two\n"


def test_new_home_that_imports_the_old_one_is_reported() -> None:
    source = "from .old_home import Old\nclass New(Old): pass\n"

    assert isinstance(outcome_of(source, module="shop.core.new_home"), Unchanged)
    assert "import itself" in messages(source, module="shop.core.new_home")[0]


def test_star_import_is_reported() -> None:
    assert messages("from shop.core.old_home import *\n")[0].startswith("1:1 a star import of shop.core.old_home")


@pytest.mark.parametrize(
    "source",
    [
        "import shop.core.old_home\n",
        "import os, shop.core.old_home as home\n",
        "from shop.core import old_home\n",
        "from shop.core import other, old_home as home\n",
        "from .core import old_home\n",
    ],
)
def test_import_of_the_module_is_reported(source: str) -> None:
    assert isinstance(outcome_of(source), Unchanged)
    assert "imports the old home shop.core.old_home as a module" in messages(source)[0]


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("import shop.core.old_home\nshop = x = shop.core.old_home.Old()\n", "2:12"),
        ("from shop.core import old_home\nold_home.Old = 1\n", "2:1"),
        (
            dedent(
                """\
                from shop.core import old_home
                from x import *
                old_home.Old
                """
            ),
            "3:1",
        ),
        (
            dedent(
                """\
                try:
                    import shop.core.old_home as h
                except ImportError:
                    h = None
                h.Old
                """
            ),
            "5:1",
        ),
        (
            dedent(
                """\
                def f():
                    import shop.core.old_home as h
                def g():
                    h.Old
                """
            ),
            "4:5",
        ),
        (
            dedent(
                """\
                class A:
                    import shop.core.old_home as h
                    x = h.Old
                """
            ),
            "3:9",
        ),
        ("import shop\nshop.core.old_home.Old = shop.core.old_home.Old\n", "2:26"),
    ],
)
def test_use_through_the_module_is_reported_at_its_place(source: str, place: str) -> None:
    assert any(message.startswith(f"{place} uses shop.core.old_home.Old") for message in messages(source))


@pytest.mark.parametrize(
    "text",
    [
        "shop.core.old_home.Old",
        "shop.core.old_home",
        "shop.core.old_home:Old",
        "shop.core.old_home.Old.method",
        ".old_home",
        "..core.old_home",
    ],
)
def test_string_that_is_a_dotted_name_is_reported_for_review(text: str) -> None:
    outcome = outcome_of(f"x = {text!r}\n")

    assert isinstance(outcome, Unchanged)
    assert [(found.line, found.column, found.confidence) for found in outcome.findings] == [(1, 5, "review")]


def test_string_that_contains_a_dotted_name_is_reported_as_manual() -> None:
    outcome = outcome_of("cmd = 'python -m shop.core.old_home --all'\n")

    assert isinstance(outcome, Unchanged)
    assert [found.confidence for found in outcome.findings] == ["manual"]


def test_string_is_reported_under_the_code_of_the_name_that_it_spells() -> None:
    outcome = outcome_of("patch('shop.core.old_home.Second')\n")

    assert isinstance(outcome, Unchanged)
    assert [found.code for found in outcome.findings] == ["CK102"]


def test_f_string_is_reported() -> None:
    assert len(messages("x = f'é{1}shop.core.old_home.Old{é}'\n")) == 1


@pytest.mark.parametrize(
    "source",
    [
        f"try:\n    {NEW}\nexcept ImportError:\n    {OLD}\n",
        f"try:\n    {OLD}\nexcept ImportError:\n    {NEW}\n",
        f"if V2:\n    {NEW}\nelse:\n    {OLD}\n",
    ],
)
def test_choice_between_both_homes_is_reported(source: str) -> None:
    assert isinstance(outcome_of(source), Unchanged)
    assert "another branch binds 'Old' from the new home" in messages(source)[0]


@pytest.mark.parametrize(
    "choice",
    [
        "if not hasattr(new, 'New'):\n    new.New = old.Old\n",
        "if hasattr(new, 'New'):\n    new = getattr(new, 'New')\nelse:\n    new = old.Old\n",
        "made = getattr(new, 'New', None) or old.Old\n",
        "made = getattr(new, 'New', None)\nif made is None:\n    made = old.Old\n",
        "IS_NEW = hasattr(new, 'New')\nmade = new.New if IS_NEW else old.Old\n",
    ],
)
def test_what_asks_whether_the_new_name_is_there_keeps_the_old_one(choice: str) -> None:
    source = f"import shop.core.new_home as new\nimport shop.core.old_home as old\n{choice}"

    assert isinstance(outcome_of(source), Unchanged)
    assert any("old" in message for message in messages(source))


@pytest.mark.parametrize("confidence", ["review", "manual"])
def test_move_that_is_not_safe_is_reported(confidence: str) -> None:
    move = Move("CK101", "a.b.C", "a.d.E", confidence, "its arguments differ")  # type: ignore[arg-type]

    outcome = rewrite_source(b"from a.b import C\n", module="", is_package=False, moves=[move])

    assert isinstance(outcome, Unchanged)
    assert [(found.confidence, "its arguments differ" in found.message) for found in outcome.findings] == [
        (confidence, True)
    ]


def test_name_bound_twice_by_one_statement_is_reported() -> None:
    assert "binds 'Other' twice" in messages("from shop.core.old_home import Other, Old as Other\n")[0]


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from core.old_home import Old\n", "shop.app"),
        ("from old_home import Old\n", "shop.app"),
        ("from src.shop.core.old_home import Old\n", "shop.app"),
        ("from .old_home import Old\n", ""),
        ("from ..old_home import Old\n", "app"),
        ("from .core.old_home import Old\n", "src.shop.app"),
    ],
)
def test_module_seen_from_another_root_is_reported(source: str, module: str) -> None:
    assert isinstance(outcome_of(source, module=module), Unchanged)
    assert "looks like shop.core.old_home.Old" in messages(source, module=module)[0]


def test_module_that_is_declared_itself_is_not_said_to_be_another_seen_from_another_root() -> None:
    kit = Move("CK103", "kit", "tools", kind="module")

    outcome = rewrite_source(b"from kit.old_home import Old\n", module="app", is_package=False, moves=(MOVE, kit))

    assert isinstance(outcome, Rewritten)
    assert (outcome.source, outcome.findings) == (b"from tools.old_home import Old\n", ())


def test_comment_inside_a_name_that_would_move_is_not_lost() -> None:
    source = "from shop.core.old_home import (Old as  # why\n    O, Other)\n"

    assert isinstance(outcome_of(source), Unchanged)
    assert "comments or layout would be lost" in messages(source)[0]


def test_a_declared_module_seen_in_another_package_asks_for_homes() -> None:
    [found] = messages("from acme.ml.old_home import Old\n")

    assert "set homes = { 'shop.core' = 'acme.ml' }" in found
    assert messages("from acme.ml.old_home import Rest\nfrom shop.ml.old_home import Old\n") == []


@pytest.mark.parametrize(
    "source",
    [
        dedent(
            """\
            from shop.core.old_home import Old
            from shop.core.other import Also
            class A(Old, Also): ...
            """
        ),
        dedent(
            """\
            from shop.core.old_home import Old
            from shop.core.new_home import New
            class A(Old, New): ...
            """
        ),
        "import shop.core.old_home as h, shop.core.other as o\nclass A(h.Old, o.Also): ...\n",
    ],
)
def test_two_names_that_would_become_one_base_are_reported(source: str) -> None:
    moves = (*MOVES, Move("CK103", "shop.core.other.Also", "shop.core.new_home.New"))

    outcome = rewrite_source(source.encode(), module="shop.app", is_package=False, moves=moves)

    assert isinstance(outcome, Unchanged)
    assert outcome.findings
