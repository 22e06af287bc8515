"""Calls that a pattern such as `shop.*.pay` matches are mapped in every module, which is not imported for that."""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration import Migration, parse_migration
from compatkit.rewrite import Rewritten, rewrite_source
from compatkit.shim import ChangedCallWarning, install, uninstall
from compatkit.shim.import_hook import ImportHook
from compatkit.shim.lookup import fits_signature
from tests.shim.conftest import WriteProject
from tests.shop import HEAD

DECLARED = """
[[calls]]
code = "SH101"
of = ["shop.*.pay", "shop.*.*.pay"]
rename = { amount = "price" }
drop = ["verbose"]

[[calls]]
code = "SH102"
of = "shop.card.pay"
rename = { kind = "brand" }
"""
V2 = {
    "shop/__init__.py": """
        from fractions import Fraction

        class Till:
            @staticmethod
            def pay(price=0): return "till", price

        def pay(price=0): return "top", price
        """,
    "shop/cash.py": """
        from shop import pay as other

        class Coin:
            def pay(self, price=0): return "coin", price

        def pay(price=0): return "cash", price
        def inside(): return pay(price=1)
        """,
    "shop/card.py": "def pay(price=0, brand='x'): return 'card', price, brand\n",
    "shop/old.py": "def pay(amount=0, verbose=False): return 'old', amount\n",
    "shop/deep/__init__.py": "",
    "shop/deep/down.py": "def pay(price=0): return 'down', price\n",
    "store/__init__.py": "",
    "store/cash.py": "def pay(price=0): return 'store', price\n",
}


@pytest.fixture
def migration() -> Migration:
    return parse_migration(HEAD + DECLARED)


@pytest.fixture
def shop(migration: Migration, write_project: WriteProject) -> Any:
    write_project(V2)
    install([migration])
    return importlib.import_module("shop")


def quietly(call: str) -> Any:
    """Run a call where its warnings are only counted; the modules that it names are imported first."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        names: dict[str, Any] = {"__name__": "app"}
        exec("import shop.cash, shop.card, shop.old, shop.deep.down, store.cash", names)
        result = eval(call, names)
    return result, [warning.category for warning in caught]


def test_no_module_is_imported_for_a_pattern(shop: Any) -> None:
    assert [name for name in sys.modules if name.startswith("shop.")] == []


UNTOUCHED = {
    "called as v2 is": ("shop.cash.pay(price=1)", ("cash", 1)),
    "the library's own call": ("shop.cash.inside()", ("cash", 1)),
    "v1's own": ("shop.old.pay(amount=1, verbose=True)", ("old", 1)),
    "a function of the top module": ("shop.pay(price=1)", ("top", 1)),
    "another library": ("store.cash.pay(price=1)", ("store", 1)),
}


@pytest.mark.parametrize(("call", "result"), UNTOUCHED.values(), ids=UNTOUCHED)
def test_call_is_left_alone(shop: Any, call: str, result: object) -> None:
    assert quietly(call) == (result, [])


@pytest.mark.parametrize("call", ["shop.pay(amount=1)", "store.cash.pay(amount=1)"])
def test_what_no_pattern_means_is_the_librarys_to_refuse(shop: Any, call: str) -> None:
    with pytest.raises(TypeError):
        quietly(call)


MAPPED = {
    "a function of a module": ("shop.cash.pay(amount=1, verbose=True)", ("cash", 1)),
    "a module that is named, too": ("shop.card.pay(amount=1, kind='y')", ("card", 1, "y")),
    "a method of a class in the top module": ("shop.Till.pay(amount=1)", ("till", 1)),
    "a method of a class in a module": ("shop.cash.Coin().pay(amount=1)", ("coin", 1)),
    "two parts": ("shop.deep.down.pay(amount=1)", ("down", 1)),
}


@pytest.mark.parametrize(("call", "result"), MAPPED.values(), ids=MAPPED)
def test_call_arrives_as_v2_takes_it_with_one_warning(shop: Any, call: str, result: object) -> None:
    assert quietly(call) == (result, [ChangedCallWarning])


@pytest.mark.parametrize("call", [call for call, _ in MAPPED.values()])
def test_the_rewritten_call_without_the_shim_is_the_same(shop: Any, migration: Migration, call: str) -> None:
    head = "import shop, shop.cash, shop.card, shop.deep.down\n"
    with_the_shim, _ = quietly(call)
    outcome = rewrite_source(
        f"{head}result = {call}\n".encode(), module="app", is_package=False, moves=(), migrations=[migration]
    )
    uninstall()

    if isinstance(outcome, Rewritten):
        # Of a class that is made on the way, the rewrite does not know what it is.
        names: dict[str, Any] = {"__name__": "app"}
        exec(outcome.source, names)
        assert names["result"] == with_the_shim


def test_a_module_that_was_imported_before_is_wrapped(migration: Migration, write_project: WriteProject) -> None:
    write_project(V2)
    cash = importlib.import_module("shop.cash")
    install([migration])

    with pytest.warns(ChangedCallWarning):
        assert cash.pay(amount=1) == ("cash", 1)


def test_uninstall_puts_everything_back(migration: Migration, write_project: WriteProject) -> None:
    write_project(V2)
    cash, top = importlib.import_module("shop.cash"), importlib.import_module("shop")
    before = cash.pay, vars(cash.Coin)["pay"], vars(top.Till)["pay"]
    install([migration])
    assert cash.pay is not before[0]
    uninstall()

    assert (cash.pay, vars(cash.Coin)["pay"], vars(top.Till)["pay"]) == before


@given(
    st.from_regex(r"[a-c](\.[a-c]){0,3}", fullmatch=True), st.from_regex(r"[a-c](\.([a-c]|\*)){0,3}", fullmatch=True)
)
def test_the_hook_acts_on_what_the_pattern_means_and_on_nothing_else(name: str, pattern: str) -> None:
    acted: list[str] = []
    hook = ImportHook(patterns={pattern: acted.append})
    sys.modules[f"shop.{name}"] = sys
    try:
        ImportHook(patterns={f"shop.{pattern}": acted.append}).run_for_imported()
    finally:
        del sys.modules[f"shop.{name}"]

    assert acted == ([f"shop.{name}"] if fits_signature(pattern, name) else [])
    assert hook.find_spec("nowhere.at.all") is None
