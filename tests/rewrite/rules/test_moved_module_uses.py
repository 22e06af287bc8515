"""Moved names that are used through their module: the uses go to the new home, and the import with them."""

from __future__ import annotations

from textwrap import dedent

import pytest

from compatkit.migration import Move, find_migration
from compatkit.options import Options
from compatkit.rewrite import Rewritten, Unchanged, rewrite_source
from tests.shop.moves import messages, outcome_of, rewritten

OLD, NEW = "shop.core.old_home", "shop.core.new_home"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"import {OLD} as h\nh.Old()\n", f"import {NEW} as h\nh.New()\n"),
        (f"import {OLD} as h\nx: h.Old = h . Old\n", f"import {NEW} as h\nx: h.New = h . New\n"),
        (
            "from shop.core import old_home\nold_home.Old\n",
            "from shop.core import new_home as old_home\nold_home.New\n",
        ),
        (
            "from shop.core import a, old_home as h\nh.Old.x\n",
            dedent(
                """\
                from shop.core import a
                from shop.core import new_home as h
                h.New.x
                """
            ),
        ),
        ("from .core import old_home as h\nh.Old\n", "from .core import new_home as h\nh.New\n"),
        (f"import {OLD}\n{OLD}.Old()\n", f"import {NEW}\n{NEW}.New()\n"),
        (f"import {OLD}\nclass A({OLD}.Old): pass\n", f"import {NEW}\nclass A({NEW}.New): pass\n"),
        (f"import a, {OLD}\n{OLD}.Old\n", f"import a, {NEW}\n{NEW}.New\n"),
        (
            f"def f():\n    import {OLD} as h  # why\n    return h.Old\n",
            f"def f():\n    import {NEW} as h  # why\n    return h.New\n",
        ),
        (
            f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import {OLD} as h\ndef f(x: h.Old): ...\n",
            f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import {NEW} as h\ndef f(x: h.New): ...\n",
        ),
        (
            f"import {OLD} as h\nh.Old, h.Second\n",
            f"import {NEW}, shop.parts.second\n{NEW}.New, shop.parts.second.Second\n",
        ),
        (
            "from shop.core import old_home\nold_home.Old, old_home.Second\n",
            f"import {NEW}, shop.parts.second\n{NEW}.New, shop.parts.second.Second\n",
        ),
    ],
)
def test_a_module_of_which_only_moved_names_are_used_gives_way(before: str, after: str) -> None:
    assert rewritten(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"import {OLD}\n{OLD}.Old, {OLD}.Rest\n", f"import {OLD}\nimport {NEW}\n{NEW}.New, {OLD}.Rest\n"),
        (f"import {OLD} as h\nh.Old, h.Rest\n", f"import {OLD} as h\nimport {NEW}\n{NEW}.New, h.Rest\n"),
        (f"import {OLD} as h; y = 1\nh.Old, h.Rest\n", f"import {OLD} as h, {NEW}; y = 1\n{NEW}.New, h.Rest\n"),
        (
            dedent(
                """\
                if a:
                    from shop.core import old_home
                    old_home.Old, old_home
                """
            ),
            f"if a:\n    from shop.core import old_home\n    import {NEW}\n    {NEW}.New, old_home\n",
        ),
    ],
)
def test_a_module_that_is_used_for_more_stays_beside_the_new_home(before: str, after: str) -> None:
    assert rewritten(before) == after


@pytest.mark.parametrize(
    "other",
    [
        "del h\n",
        "[h for h in x]\n",
        "lambda h: h\n",
        "def f(h): return h.Old\n",
        dedent(
            """\
            def f():
                h = 1
                return h.Old
            """
        ),
    ],
)
def test_the_same_name_in_another_scope_is_another_name(other: str) -> None:
    assert rewritten(f"import {OLD} as h\nh.Old\n{other}") == f"import {NEW} as h\nh.New\n{other}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import shop\nshop.core.old_home.Old\n", f"import {NEW}\n{NEW}.New\n"),
        ("import shop\nshop.core.old_home.Old, shop.x\n", f"import shop\nimport {NEW}\n{NEW}.New, shop.x\n"),
        ("import shop as s\ns.core.old_home.Old\n", f"import shop as s\nimport {NEW}\n{NEW}.New\n"),
        ("from shop import core\ncore.old_home.Old\n", f"from shop import core\nimport {NEW}\n{NEW}.New\n"),
        (f"import shop, {NEW}\nshop.core.old_home.Old\n", f"import {NEW}\n{NEW}.New\n"),
        (
            f"import {OLD}\nimport shop.other\n{OLD}.Old, shop.other.x\n",
            f"import {NEW}\nimport shop.other\n{NEW}.New, shop.other.x\n",
        ),
    ],
)
def test_a_use_through_a_package_above_names_the_new_home(before: str, after: str) -> None:
    assert rewritten(before) == after
    assert messages(before) == []


@pytest.mark.parametrize(
    "source",
    [
        f"import {OLD} as h\nh.Old, h.Rest\nshop = 1\n",
        f"import {OLD} as h\nprint(h)\n",
        f"import {OLD} as h\nh.Old\ndef f():\n    global h\n",
        f"import {OLD} as h\nh.Old\nmatch x:\n    case h: pass\n",
        f"import {OLD} as h\nimport other as h\nh.Old\n",
        "from shop.core import old_home\nold_home.Old += 1\n",
    ],
)
def test_what_is_not_certain_is_reported_and_left_alone(source: str) -> None:
    assert any("old_home" in message for message in messages(source))


def test_every_use_is_one_edit_at_its_place_and_nothing_is_left() -> None:
    outcome = outcome_of(f"import {OLD} as h\n\nh.Old\n")

    assert [(edit.line, edit.column) for edit in outcome.edits] == [(1, 8), (3, 1)]  # type: ignore[union-attr]
    assert outcome.findings == ()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "source",
    [
        f"import {OLD} as h\nh.Rest\n",
        f"import {OLD}\n{OLD}.Rest, shop.other\n",
        f"import {OLD} as h\nimport {NEW}\n{NEW}.New, h.Rest\n",
    ],
)
def test_a_module_that_serves_only_names_that_did_not_move_is_no_finding(source: str) -> None:
    assert messages(source) == []


@pytest.mark.parametrize("use", ["h", "f(h)", "h.Rest, h", "getattr(h, x)"])
def test_a_module_that_is_handed_on_stays_a_finding(use: str) -> None:
    assert messages(f"import {OLD} as h\n{use}\n") != []
    assert messages(f"import {OLD} as h\nh.Old, {use}\n") != []


@pytest.mark.parametrize(
    "source",
    [
        f"import {OLD} as h  # compatkit: ignore\nh.Old\n",
        f"import {OLD} as h\nh.Old\nh.Old.x  # compatkit: ignore[CK101]\n",
        "from shop.core import old_home  # compatkit: ignore\nold_home.Old\n",
        "from shop.core import old_home as h, a as b, c as b\nh.Old\n",
    ],
)
def test_an_import_and_its_uses_are_changed_together_or_not_at_all(source: str) -> None:
    assert not isinstance(outcome_of(source), Rewritten)


def test_a_mark_for_another_code_changes_nothing() -> None:
    source = f"import {OLD} as h  # compatkit: ignore[CK102]\nh.Old\n"

    assert rewritten(source) == f"import {NEW} as h  # compatkit: ignore[CK102]\nh.New\n"


def test_a_marked_line_is_neither_rewritten_nor_reported() -> None:
    marked = f'from {OLD} import Old  # compatkit: ignore\nx = "{OLD}.Old"  # compatkit: ignore[CK1]\n'

    assert messages(marked) == []
    assert rewritten(marked + f"from {OLD} import Second\n").startswith(marked)


@pytest.mark.parametrize(
    "kept",
    [
        "import backend.ml_engine.training_orchestrator as to  # compatkit: ignore\nto.TrainingOrchestrator(lr=1.0)\n",
        "from backend.ml_engine.training_orchestrator import TrainingOrchestrator as T  # compatkit: ignore\nT(2)\n",
    ],
)
def test_the_arguments_of_a_class_that_stays_on_v1_stay_too(kept: str) -> None:
    migration = find_migration()
    outcome = rewrite_source(
        kept.encode(),
        module="app",
        is_package=False,
        moves=migration.moves,
        migrations=[migration],
        options=Options(modernize=True),
    )

    assert not isinstance(outcome, Rewritten)


@pytest.mark.parametrize(
    "source",
    [
        f"import {OLD}\nx = f()  # type: {OLD}.Old\n{OLD}.Old()\n",
        f"import {OLD} as h\ndef f(x):\n    # type: (h.Old) -> None\n    h.Old()\n",
    ],
)
def test_module_that_a_type_comment_reads_is_reported(source: str) -> None:
    assert isinstance(outcome_of(source), Unchanged)
    assert messages(source)


def test_import_that_is_rewritten_is_not_reported_as_one_of_its_module() -> None:
    moves = [Move("CK101", f"{OLD}.Old", f"{NEW}.New"), Move("CK102", OLD, NEW, kind="module")]
    source = f"from {OLD} import kept\nOld = {OLD!r}\n".replace(f"= {OLD!r}", "= kept.Old")

    outcome = rewrite_source(source.encode(), module="app", is_package=False, moves=moves)

    assert isinstance(outcome, Rewritten)
    assert outcome.findings == ()


def test_use_through_a_package_is_reported_once() -> None:
    moves = [Move("CK101", f"{OLD}.Old", f"{NEW}.New"), Move("CK102", OLD, NEW, kind="module")]
    source = f"import shop as s\ns = s\ns{OLD.removeprefix('shop')}.Old\n"

    outcome = rewrite_source(source.encode(), module="app", is_package=False, moves=moves)

    assert isinstance(outcome, Unchanged)
    assert [found.code for found in outcome.findings] == ["CK101"]


@pytest.mark.parametrize("rest", ["", "print(shop.other)\n"])
def test_an_import_stays_for_a_name_that_changes_in_the_same_module(rest: str) -> None:
    source = f"import shop\n\n{rest}print(shop.Old)\n"

    outcome = rewrite_source(
        source.encode(), module="app", is_package=False, moves=[Move("SHOP101", "shop.Old", "shop.New")]
    )

    assert isinstance(outcome, Rewritten)
    assert outcome.source.decode() == f"import shop\n\n{rest}print(shop.New)\n"


REVIEWED = Move("SHOP101", "shop.Old", "shop.New", "review")


@pytest.mark.parametrize(
    ("source", "after"),
    [
        (
            dedent(
                """\
                import shop

                print(shop.Old.x)
                """
            ),
            dedent(
                """\
                import shop

                print(shop.New.x)
                """
            ),
        ),
        (
            dedent(
                """\
                from shop import Old

                print(Old.x)
                """
            ),
            dedent(
                """\
                from shop import New as Old

                print(Old.x)
                """
            ),
        ),
    ],
)
def test_a_move_that_asks_for_a_review_is_made_with_one(source: str, after: str) -> None:
    asked = rewrite_source(source.encode(), module="app", is_package=False, moves=[REVIEWED])
    agreed = rewrite_source(
        source.encode(), module="app", is_package=False, moves=[REVIEWED], options=Options(confidence="review")
    )

    assert isinstance(asked, Unchanged)
    assert [finding.code for finding in asked.findings] == ["SHOP101"]
    assert isinstance(agreed, Rewritten)
    assert agreed.source.decode() == after


@pytest.mark.parametrize(
    "use", ['getattr(h, "Old")', 'setattr(h, "Old", 1)', 'delattr(h, "Old")', 'hasattr(h, "Old")', '"Old" in vars(h)']
)
def test_a_name_that_is_asked_or_set_by_a_text_is_reported(use: str) -> None:
    assert any(f"looks {OLD}.Old up by its name" in text for text in messages(f"import {OLD} as h\n{use}\n"))
