"""v1's calls on a v2 library, under the shim: they arrive as v2 takes them, with one warning, or are left alone."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pickle
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from compatkit.migration import Migration, parse_migration
from compatkit.rewrite import Rewritten, rewrite_source
from compatkit.shim import ChangedCallWarning, MovedNameWarning, install, uninstall
from tests.rewrite.rules.calls.test_properties import calls, changes
from tests.shim.conftest import WriteProject
from tests.shop import HEAD

DECLARED = """
[[calls]]
code = "SH101"
of = "shop.buy"
v1 = ["item", "where"]
v2 = ["item"]
rename = { where = "place" }
values = { mode = [["card", "contactless"]] }
pin = { mode = "cash" }

[[calls]]
code = "SH102"
of = "shop.Client"
rename = { address = "url" }
drop = ["verbose"]

[[calls]]
code = "SH103"
of = ["shop.Client.order", "shop.Client.make", "shop.Client.plain"]
rename = { fast = "express" }

[[calls]]
code = "SH104"
of = "shop.old.sell"
to = "shop.new.sell"
v1 = ["item", "price"]
v2 = ["device", "price", "item"]
add = { device = "till" }

[[calls]]
code = "SH105"
of = "shop.old.Box"
to = "shop.new.Package"
rename = { weight = "grams" }

[[calls]]
code = "SH106"
of = "shop.gone"
to = "shop.new.sell"
rename = { what = "item" }

[[calls]]
code = "SH107"
of = "shop.doubtful"
rename = { a = "b" }
confidence = "review"

[[calls]]
code = "SH108"
of = "shop.worded"
rename = { a = "b" }
unless_mentioned = ["mode"]

[[calls]]
code = "SH109"
of = ["shop.later", "shop.anything", "shop.valued"]
values = { b = [["x", "y"]] }

[[moves]]
code = "SH110"
old = "shop.till.Till"
new = "shop.new.Register"

[[calls]]
code = "SH111"
of = "shop.till.Till.ring"
rename = { money = "amount" }

[[calls]]
code = "SH112"
of = "shop.pay"
made_of = { how = ["shop.till.Till"] }
rename = { how = "register" }

[[calls]]
code = "SH113"
of = ["shop.Kept", "shop.Made", "shop.Pair"]
rename = { first = "left" }
"""
V2 = {
    "shop/__init__.py": """
        def buy(item, *, place="here", mode="contactless"):
            return item, place, mode

        def inside():
            return buy("book")

        class Client:
            def __init__(self, url="home"):
                self.url = url
            def order(self, express=False):
                return express
            @classmethod
            def make(cls, express=False):
                return cls, express
            @staticmethod
            def plain(express=False):
                return express

        class Keeping(type):
            def __call__(cls, *args, **kwargs):
                return super().__call__(*args, **kwargs)
        class Kept(metaclass=Keeping):
            def __init__(self, left=0): self.left = left
        class Made:
            def __new__(cls, left=0): return super().__new__(cls)
            def __init__(self, left=0): self.left = left
        class Pair(__import__("typing").NamedTuple):
            left: int = 0

        def pay(how=None, register=None): return how, register is not None
        def doubtful(b=0): return b
        def worded(b=0): return b
        def valued(b=0): return b
        def anything(**named): return named
        async def later(b=0): return b
        """,
    "shop/new.py": """
        def sell(device, price=0, item=None):
            return device, price, item

        class Package:
            def __init__(self, grams=0):
                self.grams = grams

        class Register:
            def ring(self, amount=0):
                return amount
        """,
}
V1 = {
    "shop/__init__.py": """
        def buy(item, where="here", mode="cash"):
            return item, where, mode

        class Client:
            def __init__(self, address="home", verbose=False):
                self.address = address, verbose
        """,
    "shop/old.py": """
        def sell(item, price=0):
            return item, price
        """,
}


@pytest.fixture
def migration() -> Migration:
    return parse_migration(HEAD + DECLARED)


@pytest.fixture
def shop(migration: Migration, write_project: WriteProject) -> Iterator[Any]:
    write_project(V2)
    install([migration])
    yield importlib.import_module("shop")
    uninstall()


def quietly(call: str, **names: object) -> Any:
    """Run a call where its warnings are only counted."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = eval(call, {"__name__": "app", **names})
    return result, [warning.category for warning in caught]


UNTOUCHED = {
    "new_already": ("shop.buy('a', place='b', mode='c')", ("a", "b", "c")),
    "without_what_changed": ("shop.buy('a')", ("a", "here", "contactless")),
    "new_value": ("shop.Client(url='x').url", "x"),
    "only_for_review": ("shop.doubtful(b=1)", 1),
    "needs_the_words_of_the_file": ("shop.worded(b=1)", 1),
    "values_alone": ("shop.valued(b='x')", "x"),
    "any_name": ("shop.anything(b='x')", {"b": "x"}),
    "made_of_something_else": ("shop.pay(how='x')", ("x", False)),
    "of_the_library_itself": ("shop.inside()", ("book", "here", "contactless")),
}


@pytest.mark.parametrize(("call", "result"), UNTOUCHED.values(), ids=UNTOUCHED)
def test_call_is_left_alone(shop: Any, call: str, result: object) -> None:
    assert quietly(call, shop=shop) == (result, [])


@pytest.mark.parametrize("call", ["shop.doubtful(a=1)", "shop.worded(a=1)", "shop.buy('a', where=1, place=2)"])
def test_what_is_in_doubt_is_the_librarys_to_refuse(shop: Any, call: str) -> None:
    with pytest.raises(TypeError):
        eval(call, {"shop": shop, "__name__": "app"})


MAPPED = {
    "by_name": ("shop.buy('a', where='b', mode='c')", ("a", "b", "c")),
    "by_position": ("shop.buy('a', 'b', mode='c')", ("a", "b", "c")),
    "old_default": ("shop.buy('a', 'b')", ("a", "b", "cash")),
    "value": ("shop.buy('a', mode='card')", ("a", "here", "contactless")),
    "spread": ("shop.buy(*['a', 'b'], **{'mode': 'card'})", ("a", "b", "contactless")),
    "class": ("shop.Client(address='x', verbose=True).url", "x"),
    "class_called_by_its_metaclass": ("shop.Kept(first=1).left", 1),
    "class_with_new": ("shop.Made(first=1).left", 1),
    "class_without_init": ("shop.Pair(first=1)", (1,)),
    "method": ("shop.Client().order(fast=1)", 1),
    "classmethod": ("shop.Client.make(fast=1)[1]", 1),
    "staticmethod": ("shop.Client.plain(fast=1)", 1),
    "partial": ("__import__('functools').partial(shop.buy, where='b', mode='c')('a')", ("a", "b", "c")),
    "gone_from_a_module": ("shop.gone('till', what='a')", ("till", 0, "a")),
}


@pytest.mark.parametrize(("call", "result"), MAPPED.values(), ids=MAPPED)
def test_call_arrives_as_v2_takes_it_with_one_warning(shop: Any, call: str, result: object) -> None:
    assert quietly(call, shop=shop) == (result, [ChangedCallWarning])


def test_function_of_a_module_that_is_gone(shop: Any) -> None:
    with pytest.warns(MovedNameWarning):
        from shop.old import sell  # type: ignore[import-not-found]

    assert quietly("sell('a', price=2)", sell=sell) == (("till", 2, "a"), [])


def test_class_of_a_module_that_is_gone_stands_for_the_new_one(shop: Any) -> None:
    with pytest.warns(MovedNameWarning):
        from shop.old import Box
    from shop.new import Package  # type: ignore[import-not-found]

    box = Box(weight=3)

    assert type(box) is Package
    assert box.grams == 3
    assert isinstance(Package(), Box)
    assert issubclass(Package, Box)
    assert pickle.loads(pickle.dumps(box)).grams == 3


def test_method_of_a_class_that_moved_under_another_name(shop: Any) -> None:
    with pytest.warns(MovedNameWarning):
        till = importlib.import_module("shop.till").Till()

    assert quietly("till.ring(money=3)", till=till) == (3, [ChangedCallWarning])
    assert quietly("shop.pay(how=till)", shop=shop, till=till) == ((None, True), [ChangedCallWarning])


def test_subclass_hands_on_what_v1_took(shop: Any) -> None:
    with pytest.warns(MovedNameWarning):
        from shop.old import Box

    class Own(Box):  # type: ignore[misc]
        def __init__(self, color: str) -> None:
            super().__init__(weight=5)
            self.color = color

    assert (Own("red").grams, Own("red").color) == (5, "red")
    assert not isinstance(Box(weight=1), Own)


def test_subclass_of_a_class_that_kept_its_name(shop: Any) -> None:
    class Own(shop.Client):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(address="x")

    with pytest.warns(ChangedCallWarning):
        assert Own().url == "x"


def test_old_library_is_left_as_it_is(migration: Migration, write_project: WriteProject) -> None:
    write_project(V1)
    install([migration])
    shop: Any = importlib.import_module("shop")
    old: Any = importlib.import_module("shop.old")

    assert shop.buy("a", "b") == ("a", "b", "cash")
    assert shop.Client(address="x", verbose=True).address == ("x", True)
    assert old.sell("a", 2) == ("a", 2)


def test_warning_points_at_the_call_and_says_what_to_run(shop: Any) -> None:
    with pytest.warns(ChangedCallWarning, match=r"SH101 shop\.buy: where -> place.*compatkit migrate") as caught:
        shop.buy("a", where="b")

    assert caught[0].filename == __file__


def test_signature_name_and_original_are_kept(shop: Any) -> None:
    assert str(inspect.signature(shop.buy)) == "(item, *, place='here', mode='contactless')"
    assert shop.buy.__name__ == "buy"
    assert isinstance(inspect.getattr_static(shop.Client, "make"), classmethod)
    assert asyncio.run(shop.later(b=1)) == 1


def test_uninstall_puts_everything_back(migration: Migration, write_project: WriteProject) -> None:
    write_project(V2)
    shop: Any = importlib.import_module("shop")
    before = [shop.buy, *(vars(shop.Client)[name] for name in ("__init__", "order", "make", "plain"))]
    install([migration])
    assert shop.buy is not before[0]
    uninstall()

    assert [shop.buy, *(vars(shop.Client)[name] for name in ("__init__", "order", "make", "plain"))] == before
    assert not hasattr(shop, "gone")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes(), calls())
def test_a_call_under_the_shim_is_the_rewritten_call_without_it(
    change: tuple[str, str, dict[str, str], list[str]], call: str
) -> None:
    from compatkit.shim.mapped_call import map_arguments

    text, new, _, _ = change
    declared = parse_migration(HEAD + text)
    names: dict[str, Any] = {}
    exec(new, names)

    outcome = rewrite_source(
        f"from shop.old import sell\nresult = {call}\n".encode(),
        module="app",
        is_package=False,
        moves=(),
        migrations=[declared],
    )
    assert isinstance(outcome, Rewritten)
    exec(outcome.source.partition(b"\n")[2], names)
    rewritten = names["result"]

    def shimmed(*args: object, **kwargs: object) -> object:
        mapped = map_arguments(declared.calls, args, kwargs)
        assert mapped is not None
        return names["sell"](*mapped.args, **mapped.kwargs)

    assert eval(call.replace("sell(", "shimmed(", 1), {"shimmed": shimmed}) == rewritten


@pytest.mark.parametrize(
    "row",
    [
        'lacks = ["mode"]\npin = { mode = "old" }',
        'lacks = ["mode", "deep"]\nadd = { task = 1 }',
        'unless = ["mode"]\npin = { deep = true }',
        'unless_when = { mode = ["m"] }\nrename = { deep = "task" }',
    ],
)
def test_conditions_on_what_is_not_given_hold_as_in_the_rewrite(row: str) -> None:
    from compatkit.shim.mapped_call import map_arguments

    declared = parse_migration(HEAD + f'[[calls]]\ncode = "SH101"\nof = "shop.sell"\nv1 = ["item", "mode"]\n{row}\n')

    def shimmed(*args: object, **kwargs: object) -> object:
        mapped = map_arguments(declared.calls, args, kwargs)
        return (mapped.args, mapped.kwargs) if mapped else (args, kwargs)

    def taken(*args: object, **kwargs: object) -> object:
        return args, kwargs

    for written in ("1", "1, 'm'", "1, mode='m'", "1, 'n', deep=2", "1, deep=False", "1, mode='m', deep=2"):
        source = f"from shop import sell\nresult = sell({written})\n".encode()
        outcome = rewrite_source(source, module="app", is_package=False, moves=(), migrations=[declared])
        names: dict[str, Any] = {"sell": taken}
        rewritten = outcome.source if isinstance(outcome, Rewritten) else source
        exec(rewritten.partition(b"\n")[2], names)
        assert eval(f"sell({written})", {"sell": shimmed}) == names["result"], written
