"""A member that has a new name: the old one reads it, and takes the place of nothing that a class defines."""

from __future__ import annotations

import ast
import copy
import dataclasses
import gc
import importlib
import inspect
import pickle
import sys
import warnings
import weakref
from pathlib import Path
from textwrap import dedent
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compatkit.migration import Migration, parse_migration
from compatkit.rewrite import Rewritten, rewrite_source
from compatkit.shim import MovedNameWarning, install, shimmed, uninstall
from tests.shim.conftest import WriteProject
from tests.shim.telling import told
from tests.shop import HEAD

DECLARED = """
[[members]]
code = "SH201"
of = ["shop.Client", "shop.core.Client", "shop.Slotted", "shop.Lazy", "shop.Item", "shop.Mode", "shop.Fraction"]
v1 = "number"
v2 = "count"

[[members]]
code = "SH202"
of = "shop.Client"
v1 = "order"
v2 = "buy"

[[members]]
code = "SH203"
of = "shop.Client"
v1 = "doubtful"
v2 = "count"
confidence = "review"

[[members]]
code = "SH204"
of = "shop.Client"
v1 = "gone"
say = "it is gone"
"""
V2 = {
    "shop/__init__.py": """
        import array
        from dataclasses import dataclass
        from enum import Enum
        from fractions import Fraction as _Fraction
        from shop.core import Client

        class Slotted:
            __slots__ = ("count",)

        class Lazy:
            count = 1
            def __getattr__(self, name):
                if name in vars(self).get("held", ()):
                    return "held"
                raise AttributeError(name)

        @dataclass
        class Item:
            count: int = 1

        class Mode(Enum):
            count = 1
            other = 2

        Fraction = array.array
        """,
    "shop/core.py": """
        class Client:
            made = 0

            def __init__(self):
                self.count = 7
            def buy(self, what="it"):
                return type(self).__name__, what
            @classmethod
            def make(cls):
                return cls()
        """,
}
V1 = {
    "shop/__init__.py": """
        class Client:
            def __init__(self):
                self.number = 7
            def order(self, what="it"):
                return what
            doubtful = gone = 1

        class Slotted:
            __slots__ = ("number",)
        """
}
LISTING = """
class Client:
    @property
    def count(self): return 7
    def buy(self): pass
    def properties(self): return [name for name in vars(Client) if isinstance(getattr(Client, name), property)]
    def everything(self): return {name: getattr(self, name) for name in dir(self)}
"""
moved_warning = pytest.mark.filterwarnings("ignore::compatkit.shim.MovedNameWarning")


@pytest.fixture
def migration() -> Migration:
    return parse_migration(HEAD + DECLARED)


@pytest.fixture
def shop(migration: Migration, write_project: WriteProject) -> Any:
    write_project(V2)
    install([migration])
    return importlib.import_module("shop")


def codes(found: list[str]) -> list[str]:
    return [finding.split()[1] for finding in found]


# --- what must not happen


def test_the_old_library_is_left_as_it_is(migration: Migration, write_project: WriteProject) -> None:
    write_project(V1)
    install([migration])
    shop: Any = importlib.import_module("shop")
    client, slotted = shop.Client(), shop.Slotted()
    slotted.number = 3

    with told() as found:
        assert (client.number, client.order("x"), slotted.number, client.doubtful) == (7, "x", 3, 1)
        assert not hasattr(slotted, "count")
        assert vars(client) == {"number": 7}
        del client.number
        assert not hasattr(client, "number")
    assert found == []


@moved_warning
def test_an_instance_that_keeps_the_old_name_is_believed(shop: Any) -> None:
    client = shop.Client()
    vars(client)["number"] = "own"

    with told() as found:
        assert (client.number, client.count) == ("own", 7)
        client.number = "other"
        assert vars(client) == {"count": 7, "number": "other"}
        del client.number
    assert found == []
    assert client.number == 7


SUBCLASSES = {
    "an attribute": "class Own(Client): number = 'own'",
    "a property": dedent(
        """\
        class Own(Client):
            @property
            def number(self): return 'own'"""
    ),
    "a slot": dedent(
        """\
        class Own(Client):
            __slots__ = ('number',)
            def __init__(self): self.number = 'own'"""
    ),
    "a field": dedent("""\
        @dataclass
        class Own(Client):
            number: str
            def __post_init__(self): self.number = 'own'
        _Own = Own
        def Own(): return _Own('x')"""),
    "its own getattribute": "class Own(Client):\n    def __getattribute__(self, name): return 'own'",
    "a mixin before it": "class Mixin: number = 'own'\nclass Own(Mixin, Client): pass",
}


@pytest.mark.parametrize("shape", SUBCLASSES)
def test_what_a_subclass_defines_is_its_own(shop: Any, shape: str) -> None:
    names: dict[str, Any] = {"Client": shop.Client, "dataclass": dataclasses.dataclass, "__name__": __name__}
    exec(SUBCLASSES[shape], names)

    with told() as found:
        assert names["Own"]().number == "own"
    assert found == []


def test_a_field_without_a_default_gets_none(shop: Any) -> None:
    @dataclasses.dataclass
    class Own(shop.Item):  # type: ignore[misc]
        number: int = dataclasses.field(kw_only=True)

    assert not hasattr(Own, "number")
    with pytest.raises(TypeError, match="number"):
        Own()


def test_what_a_class_makes_on_request_is_believed(shop: Any) -> None:
    lazy = shop.Lazy()
    lazy.held = ["number"]

    with told() as found:
        assert lazy.number == "held"
    assert found == []


@moved_warning
def test_a_class_that_makes_other_names_on_request_reads_the_new_one(shop: Any) -> None:
    assert shop.Lazy().number == 1


@pytest.mark.parametrize("name", ["doubtful", "gone"])
def test_what_needs_a_person_stays_missing(shop: Any, name: str) -> None:
    assert not hasattr(shop.Client(), name)


def test_a_class_written_in_c_is_left_alone(shop: Any) -> None:
    assert not hasattr(shop.Fraction("i"), "number")


def test_a_member_that_is_not_there_is_missing_and_not_warned_of(shop: Any) -> None:
    with told() as found:
        assert not hasattr(shop.Client, "number")
        assert not hasattr(shop.Slotted(), "number")
        assert getattr(shop.Client, "number", "default") == "default"
    assert found == []


def test_looking_at_every_member_is_silent(shop: Any) -> None:
    with told() as found:
        inspect.getmembers(shop.Client)
        mock.create_autospec(shop.Client)
        mock.Mock(spec=shop.Client())
    assert found == []


def test_a_library_that_lists_its_own_properties_lists_no_other(
    migration: Migration, write_project: WriteProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project({"site-packages/shop/__init__.py": LISTING})
    monkeypatch.syspath_prepend(str(tmp_path / "site-packages"))
    install([migration])
    client = importlib.import_module("shop").Client()

    with told() as found:
        assert (client.properties(), client.everything()["count"]) == (["count"], 7)
    assert found == []
    with told() as found:
        assert client.number == 7
    assert codes(found) == ["SH201"]


def test_pickles_copies_and_fields_are_as_without_the_shim(shop: Any) -> None:
    item, client = shop.Item(4), shop.Client()

    assert [field.name for field in dataclasses.fields(item)] == ["count"]
    assert pickle.loads(pickle.dumps(item)) == item == copy.deepcopy(item)
    assert vars(pickle.loads(pickle.dumps(client))) == {"count": 7}
    assert list(shop.Mode) == [shop.Mode.count, shop.Mode.other]


# --- what happens

READS = {
    "an attribute": ("shop.Client().number", 7),
    "a method": ("shop.Client().order('x')", ("Client", "x")),
    "of the class": ("shop.Client.order(shop.Client(), 'x')", ("Client", "x")),
    "getattr": ("getattr(shop.Client(), 'number')", 7),
    "hasattr": ("hasattr(shop.Client(), 'number')", True),
    "attrgetter": ("__import__('operator').attrgetter('number')(shop.Client())", 7),
    "methodcaller": ("__import__('operator').methodcaller('order', 'x')(shop.Client())", ("Client", "x")),
    "a default of a field": ("shop.Item.number", 1),
    "a value of an enumeration": ("shop.Mode.number.value", 1),
}


@pytest.mark.parametrize(("read", "value"), READS.values(), ids=READS)
def test_the_old_name_reads_the_new_one_with_one_warning_at_the_line(shop: Any, read: str, value: object) -> None:
    with told() as found:
        assert eval(compile(read, "user.py", "eval"), {"shop": shop, "__name__": "app"}) == value

    assert len(found) == 1
    assert found[0].startswith("user.py:1 SH20")
    assert found[0].endswith("to rewrite it, run: compatkit migrate --migration shop-v2 .")


@moved_warning
def test_a_slot_is_read_by_its_old_name(shop: Any) -> None:
    slotted = shop.Slotted()
    slotted.count = 3

    assert slotted.number == 3


def test_what_is_set_under_the_old_name_is_the_new_member(shop: Any) -> None:
    client = shop.Client()
    slotted = shop.Slotted()
    with told() as found:
        client.number = 8
        slotted.number = 9
        assert (vars(client), slotted.count) == ({"count": 8}, 9)
        del client.number
    assert codes(found) == ["SH201", "SH201"]
    assert not hasattr(client, "count")


def test_what_is_set_where_nothing_tells_the_version_is_kept_as_it_is(shop: Any) -> None:
    client = shop.Client.__new__(shop.Client)
    with told() as found:
        client.number = 8
        assert (vars(client), client.number) == ({"number": 8}, 8)
    assert found == []
    with pytest.raises(AttributeError, match="number"):
        del shop.Client.__new__(shop.Client).number


@moved_warning
def test_a_property_without_a_setter_refuses_the_old_name_too(
    migration: Migration, write_project: WriteProject
) -> None:
    write_project({"shop/__init__.py": LISTING})
    install([migration])

    with pytest.raises(AttributeError, match="setter"):
        importlib.import_module("shop").Client().number = 8


@moved_warning
def test_a_callback_that_is_set_is_what_the_library_calls(shop: Any) -> None:
    client = shop.Client()
    client.order = lambda: "mine"

    assert client.buy() == client.order() == "mine"


@moved_warning
def test_a_subclass_inherits_and_overrides_as_under_the_new_name(shop: Any) -> None:
    class Own(shop.Client):  # type: ignore[misc]
        def buy(self, what: str = "own") -> Any:
            return ("own", *super().order(what))

    assert Own().order("x") == ("own", "Own", "x")
    assert Own.make().number == 7


@moved_warning
def test_super_finds_the_member_of_the_class_above(shop: Any) -> None:
    class Own(shop.Client):  # type: ignore[misc]
        def order(self, what: str = "own") -> Any:
            return ("own", *super().order(what))

    class Further(Own):
        def order(self, what: str = "further") -> Any:
            return ("further", *super().order(what))

    assert Further().order() == ("further", "own", "Further", "further")


@moved_warning
def test_a_patch_on_an_instance_or_a_class_is_seen_and_taken_back(shop: Any) -> None:
    client = shop.Client()
    before = vars(shop.Client)["order"]

    with mock.patch.object(client, "order", return_value="patched"):
        assert client.order() == client.buy() == "patched"
    with mock.patch.object(shop.Client, "order", return_value="patched"):
        assert client.order() == "patched"

    assert client.order("x") == ("Client", "x")
    assert vars(client) == {"count": 7}
    assert vars(shop.Client)["order"] is before


@moved_warning
def test_a_bound_method_is_pickled(shop: Any) -> None:
    assert pickle.loads(pickle.dumps(shop.Client().order))("x") == ("Client", "x")


def test_a_class_that_was_imported_before_has_it_too(migration: Migration, write_project: WriteProject) -> None:
    write_project(V2)
    client = importlib.import_module("shop").Client()
    install([migration])

    with told() as found:
        assert client.number == 7
    assert codes(found) == ["SH201"]


@moved_warning
def test_a_class_that_moved_has_it_at_its_new_home(write_project: WriteProject) -> None:
    write_project(V2)
    rows = DECLARED.replace("shop.Client", "shop.old.Client").replace('"shop.core.Client", ', "")
    rows += dedent(
        """\
        [[moves]]
        code = "SH101"
        old = "shop.old.Client"
        new = "shop.core.Client"
        """
    )
    install([parse_migration(HEAD + rows)])
    module: Any = importlib.import_module("shop.old")

    assert module.Client().number == 7


def test_uninstall_leaves_no_trace(migration: Migration, write_project: WriteProject) -> None:
    write_project(V2)
    shop: Any = importlib.import_module("shop")
    kinds = [shop.Client, shop.Slotted, shop.Lazy, shop.Item, shop.Mode]
    before = [dict(vars(kind)) for kind in kinds]
    with shimmed([migration]):
        assert "number" in vars(shop.Client)

    assert [dict(vars(kind)) for kind in kinds] == before


def test_classes_are_not_kept_alive(migration: Migration, write_project: WriteProject) -> None:
    write_project(V2)
    install([migration])
    kept = weakref.ref(importlib.import_module("shop").Client)
    for name in ("shop", "shop.core"):
        del sys.modules[name]
    gc.collect()

    assert kept() is None
    uninstall()


# --- shim = rewritten

USES = ["client.number", "client.order('x')", "(client.order)()", "client.count", "client.buy()", "client.made"]
HOWS = [
    "client = shop.Client()",
    "client = shop.Client.make()",
    "client: shop.Client = shop.Client()",
    dedent(
        """\
        class Own(shop.Client):
            made = 1
        client = Own()"""
    ),
    dedent(
        """\
        class Own(shop.Client):
            count = 'class'
            def buy(self, what=1): return super().buy(what)
        client = Own()"""
    ),
]


@moved_warning
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(how=st.sampled_from(HOWS), uses=st.lists(st.sampled_from(USES), min_size=1, max_size=4))
def test_code_under_the_shim_is_the_rewritten_code_without_it(
    how: str, uses: list[str], migration: Migration, write_project: WriteProject
) -> None:
    if "shop" not in sys.modules:
        write_project(V2)
    source = f"import shop\n{how}\nresult = [{', '.join(uses)}]\n"
    outcome = rewrite_source(source.encode(), module="app", is_package=False, moves=(), migrations=[migration])
    rewritten = outcome.source.decode() if isinstance(outcome, Rewritten) else source
    left = {node.attr for node in ast.walk(ast.parse(rewritten)) if isinstance(node, ast.Attribute)}

    with shimmed([migration]):
        under_the_shim: dict[str, Any] = {"__name__": "app"}
        exec(source, under_the_shim)

    names: dict[str, Any] = {"__name__": "app"}
    if not left & {"number", "order"}:
        # What the rewrite does not know the class of, it reports and leaves.
        exec(rewritten, names)
        assert names["result"] == under_the_shim["result"]


MODULE = """
import torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
    def on_sale(self): pass
    def forward(self, x): return self.layer(x)
"""


def test_a_module_of_torch_is_compiled_copied_and_extended_in_silence(write_project: WriteProject) -> None:
    torch = pytest.importorskip("torch")
    write_project({"shop/__init__.py": MODULE})
    rows = dedent(
        """\
        [[members]]
        code = "{}"
        of = "shop.Net"
        v1 = "{}"
        v2 = "{}"
        """
    )
    declared = rows.format("SH201", "on_sold", "on_sale") + rows.format("SH202", "part", "layer")
    install([parse_migration(HEAD + declared)])
    net: Any = importlib.import_module("shop").Net()
    x = torch.ones(1, 2)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch.jit has one of its own
        warnings.simplefilter("error", MovedNameWarning)
        assert torch.equal(torch.jit.script(net)(x), copy.deepcopy(net)(x))
        assert torch.equal(torch.jit.trace(net, (x,))(x), net(x))
    with told() as found:
        # What torch keeps in a table of its own is the module's as well.
        net.part = torch.nn.Linear(2, 1)
        assert net.part is not net.layer
    assert found == []
    del net.part
    with told() as found:
        assert net.part is net.layer
    assert codes(found) == ["SH202"]
