"""The names that a module re-exports, and imports that follow them to the new home."""

from __future__ import annotations

from textwrap import dedent

import pytest

from compatkit.migration import Move
from compatkit.rewrite import Rewritten, rewrite_source
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.rules.reexports import find_reexports

MOVE = Move("CK101", "shop.old.Thing", "shop.new.Thing2")
FACADE = Move("CK101", "shop.api.Thing", "shop.new.Thing2")


def handed_on(source: str, *, module: str = "shop.api", is_package: bool = True) -> list[tuple[str, str]]:
    found = find_reexports(source.encode(), FileModule(module, is_package), (MOVE,))
    return [(move.old, move.new) for move in found]


def followed(source: str, module: str = "app") -> str:
    outcome = rewrite_source(source.encode(), module=module, is_package=False, moves=[MOVE], reexports=[FACADE])
    return outcome.source.decode() if isinstance(outcome, Rewritten) else source


@pytest.mark.parametrize(
    "source",
    [
        "from shop.old import Other",
        "from shop.old import Thing\nThing = make(Thing)",
        "from shop.old import Thing\nfrom somewhere import *",
        dedent(
            """\
            from shop.old import Thing
            def f():
                global Thing
                Thing = 1"""
        ),
        "from shop.old import Thing\ndel Thing",
        dedent(
            """\
            try:
                from shop.old import Thing
            except ImportError:
                Thing = None"""
        ),
        "if TYPE_CHECKING:\n    from shop.old import Thing",
        "def f():\n    from shop.old import Thing",
        "from shop.new import Thing2",
        "from shop.old import (",
    ],
)
def test_what_may_be_something_else_is_not_handed_on(source: str) -> None:
    assert handed_on(source) == []


def test_import_of_a_plain_module_is_its_own_affair() -> None:
    assert handed_on("from shop.old import Thing", is_package=False) == []


@pytest.mark.parametrize(
    "source",
    [
        "from shop.old import Thing as Thing",
        "from shop.old import Thing\n__all__ = ['Thing']",
        "__all__: list[str] = ['Thing']\nfrom shop.old import Thing",
    ],
)
def test_plain_module_hands_on_what_it_says_it_does(source: str) -> None:
    assert handed_on(source, is_package=False) == [("shop.api.Thing", "shop.new.Thing2")]


@pytest.mark.parametrize(
    "source", ["from shop.old import Thing", "from ..old import Thing", "from shop.old import x, Thing"]
)
def test_package_hands_on_what_it_imports(source: str) -> None:
    assert handed_on(source) == [("shop.api.Thing", "shop.new.Thing2")]


def test_facade_may_give_a_name_of_its_own() -> None:
    assert handed_on("from shop.old import Thing as Article") == [("shop.api.Article", "shop.new.Thing2")]


def test_facade_that_was_migrated_before_still_counts() -> None:
    assert handed_on("from shop.new import Thing2 as Thing") == [("shop.api.Thing", "shop.new.Thing2")]


@pytest.mark.parametrize(
    "source",
    [
        "from shop.api import Other\n",
        "import shop.api\nshop.api.Thing\n",
        "from shop import api\napi.Thing\n",
        "from elsewhere import Thing\n",
        dedent(
            """\
            try:
                from shop.new import Thing2 as Thing
            except ImportError:
                from shop.api import Thing
            """
        ),
    ],
)
def test_what_is_no_import_of_the_name_keeps_the_facade(source: str) -> None:
    assert followed(source) == source


def test_facade_itself_imports_the_name_from_its_new_home() -> None:
    assert followed("from .old import Thing\n", module="shop.api") == "from .new import Thing2 as Thing\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from shop.api import Thing\n", "from shop.new import Thing2 as Thing\n"),
        ("from shop.api import Thing as T\n", "from shop.new import Thing2 as T\n"),
        ("from .api import Thing\n", "from .new import Thing2 as Thing\n"),
        (
            "from shop.api import Thing, other\n",
            "from shop.api import other\nfrom shop.new import Thing2 as Thing\n",
        ),
    ],
)
def test_import_from_the_facade_goes_to_the_new_home(before: str, after: str) -> None:
    assert followed(before, module="shop.app") == after


def test_string_that_patches_the_facade_is_reported_and_kept() -> None:
    source = "from unittest import mock\nmock.patch('shop.api.Thing')\n"

    outcome = rewrite_source(source.encode(), module="", is_package=False, moves=[MOVE], reexports=[FACADE])

    assert not isinstance(outcome, Rewritten)
    assert [finding.line for finding in outcome.findings] == [2]
