"""Calls by which v1 meant something else, or which v2 refuses: never silent, and what is v2's stays as it is."""

from __future__ import annotations

import _thread
import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from compatkit.migration import parse_migration
from compatkit.shim import ChangedCallWarning, install, uninstall
from tests.shim.conftest import WriteProject
from tests.shim.test_changed_calls import quietly
from tests.shop import HEAD

DECLARED = """
[[moves]]
code = "SH101"
old = "shop.old.send"
new = "shop.new.send"

[[moves]]
code = "SH102"
old = "shop.old.Parcel"
new = "shop.new.Parcel"

[[moves]]
code = "SH103"
kind = "module"
old = "oldshop"
new = "shop.new"

[[calls]]
code = "SH104"
of = ["shop.old.send", "shop.old.Parcel", "oldshop.wrap", "shop.same", "shop.old.Parcel.post"]
v1 = ["item", "mode"]
meant = { mode = [["fast", "express"]] }

[[calls]]
code = "SH105"
of = ["shop.old.send", "oldshop.wrap"]
v1 = ["item", "mode"]
pin = { signed = true }

[[calls]]
code = "SH108"
of = ["shop.old.send", "oldshop.wrap"]
values = { mode = [["cheap", "slow"]] }

[[calls]]
code = "SH106"
of = ["shop.Measure", "shop.measure"]
lacks = ["task"]
unless = ["labels"]
add = { task = "many" }
confidence = "review"
why = "with more classes it is mostly that one"

[[calls]]
code = "SH107"
of = ["shop.Measure", "shop.measure"]
lacks = ["task"]
asks = ["labels"]
say = "give task, labels tell nothing"
"""
V2 = {
    "shop/__init__.py": """
        def same(item, mode="slow"): return item, mode
        def inside(): return same("a", "fast")
        def measure(values, *, task, classes=0): return task
        class Measure:
            def __new__(cls, task, classes=0):
                return object.__new__(cls)
        """,
    "shop/new.py": """
        def send(item, mode="slow", signed=False): return item, mode, signed
        def wrap(item, mode="slow", signed=False): return item, mode, signed
        import queue
        made = queue.SimpleQueue()
        class Parcel:
            def __init__(self, item, mode="slow"):
                self.mode = mode
                made.put(mode)
            def post(self, item, mode="slow"): return mode
        """,
}


@pytest.fixture
def shop(write_project: WriteProject) -> Iterator[Any]:
    write_project(V2)
    install([parse_migration(HEAD + DECLARED)])
    yield importlib.import_module("shop")
    uninstall()


@pytest.mark.filterwarnings("ignore:SH10[123] ")
def test_call_under_the_old_name_gets_the_meaning_of_v1(shop: Any) -> None:
    from shop.old import Parcel, send  # type: ignore[import-not-found]

    changed = [ChangedCallWarning]
    assert quietly("send('a', mode='fast')", send=send) == (("a", "express", True), changed)
    assert quietly("send('a', 'fast', signed=False)", send=send) == (("a", "express", False), changed)
    assert quietly("send('a', signed=False)", send=send) == (("a", "slow", False), [])
    assert quietly("send('a', mode='cheap', signed=False)", send=send) == (("a", "slow", False), changed)
    assert quietly("Parcel('a', 'fast').mode", Parcel=Parcel) == ("express", changed)

    class Own(Parcel):  # type: ignore[misc]
        pass

    assert quietly("Own('a', mode='fast').mode", Own=Own) == ("express", changed)
    assert quietly("Parcel('a', 'slow').mode", Parcel=Parcel) == ("slow", [])
    # Of an object, it cannot be told by which name its class was reached.
    assert quietly("Parcel('a').post('b', 'fast')", Parcel=Parcel) == ("fast", changed)


@pytest.mark.filterwarnings("ignore:SH10")
def test_call_that_no_python_code_makes_gets_the_meaning_of_v1(shop: Any) -> None:
    from shop.old import Parcel  # type: ignore[import-not-found]

    class Own(Parcel):  # type: ignore[misc]
        pass

    made: Any = importlib.import_module("shop.new").made
    for kind in (Parcel, Own):
        _thread.start_new_thread(kind, ("a", "fast"))
        assert made.get(timeout=60) == "express"


def test_call_written_for_v2_is_made_as_without_the_shim(shop: Any) -> None:
    new: Any = importlib.import_module("shop.new")

    for call in ("new.send('a', mode='fast')", "new.wrap('a', mode='fast')"):
        assert quietly(call, new=new) == (("a", "fast", False), [])
    assert quietly("new.Parcel('a', 'fast').mode", new=new) == ("fast", [])
    assert quietly("new.Parcel('a').post('b', 'fast')", new=new) == ("fast", [])
    assert quietly("shop.inside()", shop=shop) == (("a", "fast"), [])
    assert quietly("shop.measure([], task='one')", shop=shop) == ("one", [])
    assert quietly("type(shop.Measure('one'))", shop=shop) == (shop.Measure, [])


@pytest.mark.filterwarnings("ignore:SH103 ")
def test_where_old_and_new_cannot_be_told_apart_it_is_reported(shop: Any) -> None:
    old: Any = importlib.import_module("oldshop")

    with pytest.warns(ChangedCallWarning, match=r"SH104 shop\.new\.wrap: .*mode: 'fast' -> 'express'; signed=True"):
        assert old.wrap("a", mode="fast") == ("a", "fast", False)
    with pytest.warns(ChangedCallWarning, match=r"SH108 shop\.new\.wrap: .*mode: 'cheap' -> 'slow'"):
        old.wrap("a", mode="cheap", signed=False)
    with pytest.warns(ChangedCallWarning, match=r"SH104 shop\.same: .*mode: 'fast' -> 'express'") as caught:
        assert shop.same("a", "fast") == ("a", "fast")
    assert caught[0].filename == __file__
    assert shop.same("a", "slow") == ("a", "slow")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("shop.Measure(classes=3)", r"SH106 shop\.Measure: .*mostly that one.*give task='many'"),
        ("shop.measure([], classes=3)", r"SH106 shop\.measure: "),
        ("shop.measure([], labels=3)", r"SH107 shop\.measure: give task, labels tell nothing"),
    ],
)
def test_what_v2_refuses_is_told_by_its_row_before_the_error(shop: Any, call: str, said: str) -> None:
    with pytest.warns(ChangedCallWarning, match=said), pytest.raises(TypeError):
        eval(call, {"shop": shop, "__name__": "app"})
