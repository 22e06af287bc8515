"""A hook that a user's class defines under its old name is found by a library that calls the new one."""

from __future__ import annotations

import functools
import importlib
import sys
import textwrap
import types
import warnings
from abc import ABC
from pathlib import Path
from textwrap import dedent
from typing import Any
from unittest import mock

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from compatkit.migration import Migration, parse_migration
from compatkit.rewrite import Rewritten, rewrite_source
from compatkit.shim import MovedNameWarning, install, shimmed, uninstall
from tests.shim.conftest import WriteProject
from tests.shim.telling import told
from tests.shop import HEAD

DECLARED = """
[[members]]
code = "SH301"
of = "shop.Client"
v1 = "on_sold"
v2 = "on_sale"
defined = true

[[members]]
code = "SH302"
of = "shop.Client"
v1 = "on_start"
v2 = "on_begin"
defined = true

[[members]]
code = "SH303"
of = "shop.Client"
v1 = "on_first"
v2 = "on_begin"
defined = true

[[members]]
code = "SH304"
of = "shop.Client"
v1 = "on_stop"
v2 = "on_end"
defined = true
confidence = "review"
"""
V2 = """
class Client:
    seen = ()

    def on_sale(self, log):
        log.append("shop")
    def on_begin(self, log):
        pass
    def on_end(self, log):
        pass

    def run(self):
        log = []
        self.on_begin(log)
        self.on_sale(log)
        self.on_end(log)
        return log

    def __init_subclass__(cls, color="red", **kwargs):
        super().__init_subclass__(**kwargs)
        cls.color = color

class Branch(Client):
    def on_stop(self, log):
        log.append("mine")
"""
V1 = V2.replace("on_sale", "on_sold").replace("on_begin", "on_start")
moved_warning = pytest.mark.filterwarnings("ignore::compatkit.shim.MovedNameWarning")


@pytest.fixture
def migration() -> Migration:
    return parse_migration(HEAD + DECLARED)


@pytest.fixture
def shop(migration: Migration, write_project: WriteProject) -> Any:
    write_project({"shop/__init__.py": V2})
    install([migration])
    return importlib.import_module("shop")


def defined(source: str, **names: object) -> dict[str, Any]:
    """Execute class definitions as the file user.py."""
    inside: dict[str, Any] = {"__name__": "app", **names}
    exec(compile(textwrap.dedent(source), "user.py", "exec", dont_inherit=True), inside)
    return inside


# --- what must not happen

UNTOUCHED = {
    "the new hook": ("def on_sale(self, log): log.append('new')", ["new"]),
    "both hooks": ("def on_sale(self, log): log.append('new')\n    def on_sold(self, log): log.append('old')", ["new"]),
    "another name": ("def on_sell(self, log): log.append('other')", ["shop"]),
    "no function": ("on_sold = 'a word'", ["shop"]),
    "a property": ("@property\n    def on_sold(self): return 1", ["shop"]),
    "what needs a person": ("def on_stop(self, log): log.append('old')", ["shop"]),
}


@pytest.mark.parametrize(("body", "log"), UNTOUCHED.values(), ids=UNTOUCHED)
def test_class_is_left_alone(shop: Any, body: str, log: list[str]) -> None:
    with told() as found:
        own = defined(f"class Own(Client):\n    {body}", Client=shop.Client)["Own"]

        assert own().run() == log
    assert found == []


def test_two_hooks_that_became_one_are_left_to_a_person(shop: Any) -> None:
    body = "def on_start(self, log): log.append('a')\n    def on_first(self, log): log.append('b')"
    with told() as found:
        own = defined(f"class Own(Client):\n    {body}", Client=shop.Client)["Own"]

    assert (own().run(), found) == (["shop"], [])


def test_a_new_hook_below_an_old_one_comes_first(shop: Any) -> None:
    source = """
    class Own(Client):
        def on_sold(self, log): log.append("old")
    class Further(Own):
        def on_sale(self, log):
            log.append("new")
            super().on_sale(log)
    """
    with told() as found:
        names = defined(source, Client=shop.Client)

        assert names["Further"]().run() == ["new", "old"]
    assert len(found) == 1


def test_a_library_without_the_new_hook_is_left_as_it_is(migration: Migration, write_project: WriteProject) -> None:
    # It calls what is there, and so cannot be told from v1.
    write_project({"shop/__init__.py": "class Client:\n    def run(self): return hasattr(self, 'on_sold')\n"})
    install([migration])
    shop: Any = importlib.import_module("shop")

    with told() as found:
        own = defined("class Own(Client):\n    def on_sold(self): pass", Client=shop.Client)["Own"]
        assert (own().run(), shop.Client().run()) == (True, False)
    assert found == []
    assert "on_sale" not in vars(own)


def test_the_old_library_is_left_as_it_is(migration: Migration, write_project: WriteProject) -> None:
    write_project({"shop/__init__.py": V1})
    before = dict(vars(importlib.import_module("shop").Client))
    install([migration])
    shop: Any = importlib.import_module("shop")

    with told() as found:
        own = defined("class Own(Client):\n    def on_sold(self, log): log.append('own')", Client=shop.Client)["Own"]
        assert own().run() == ["own"]
    assert found == []
    assert {name: vars(shop.Client)[name] for name in before} == before | {
        "__init_subclass__": vars(shop.Client)["__init_subclass__"]
    }


LOOKING = """
class Client:
    def on_sale(self, log): pass
    def run(self):
        if callable(getattr(self, "on_sold", None)):
            raise NotImplementedError("on_sold was removed")

class Branch(Client):
    def on_sold(self): "not the hook, but a question"
"""


def test_an_installed_library_that_looks_for_old_hooks_finds_what_is_there(
    migration: Migration, write_project: WriteProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project({"site-packages/shop/__init__.py": LOOKING})
    monkeypatch.syspath_prepend(str(tmp_path / "site-packages"))
    install([migration])
    shop: Any = importlib.import_module("shop")

    with told() as found:
        shop.Client().run()
        defined("class Own(Client): pass", Client=shop.Client)["Own"]().run()
    assert (found, "on_sale" in vars(shop.Branch)) == ([], False)
    with pytest.warns(MovedNameWarning), pytest.raises(NotImplementedError):
        defined("class Own(Client):\n    def on_sold(self): pass", Client=shop.Client)["Own"]().run()


# --- what happens

HOOKS = {
    "a method": "def on_sold(self, log): log.append('own')",
    "a static method": "@staticmethod\n    def on_sold(log): log.append('own')",
    "a class method": "@classmethod\n    def on_sold(cls, log): log.append('own')",
    "a decorated method": "@decorated\n    def on_sold(self, log): log.append('own')",
    "a lambda": "on_sold = lambda self, log: log.append('own')",
}


@pytest.mark.parametrize("body", HOOKS.values(), ids=HOOKS)
def test_a_hook_is_found_with_one_warning_at_its_definition(shop: Any, body: str) -> None:
    def decorated(function: Any) -> Any:
        return functools.wraps(function)(lambda *args: function(*args))

    names = {"Client": shop.Client, "decorated": decorated}
    source = f"class Own(Client):\n    {body}"
    with told() as found:
        own = defined(source, **names)["Own"]

        assert own().run() == ["own"]
    assert len(found) == 1
    assert found[0].startswith("user.py:2 SH301 app.Own.on_sold")


@pytest.mark.parametrize("parameters", ["self", "self, price, till", "self, *, log"])
def test_a_method_that_cannot_be_the_hook_is_told_of_and_not_called(shop: Any, parameters: str) -> None:
    space = {"shop": shop, "__name__": "app"}

    with told() as found:
        exec(f"class Own(shop.Client):\n    def on_sold({parameters}): return 'mine'", space)

    own: Any = space["Own"]
    assert own().run() == ["shop"]
    (said,) = found
    assert "SH301 app.Own.on_sold does not take what on_sale is passed, and is not called for it" in said


def test_the_old_name_can_still_be_called(shop: Any) -> None:
    with told() as found:
        own = defined("class Own(Client):\n    def on_sold(self, log): log.append('own')", Client=shop.Client)["Own"]
        log: list[str] = []
        own().on_sold(log)

    assert (log, len(found)) == (["own"], 1)


@moved_warning
def test_arguments_of_the_class_reach_the_library(shop: Any) -> None:
    own = defined("class Own(Client, color='blue'):\n    def on_sold(self, log): pass", Client=shop.Client)["Own"]

    assert own.color == "blue"


@moved_warning
def test_an_abstract_hook_counts_as_defined(migration: Migration, write_project: WriteProject) -> None:
    abstract = dedent(
        """\
        from abc import ABC, abstractmethod
        class Client(ABC):
            @abstractmethod
            def on_sale(self): ...
        """
    )
    write_project({"shop/__init__.py": abstract})
    install([migration])
    client: type[ABC] = importlib.import_module("shop").Client

    own = defined("class Own(Client):\n    def on_sold(self): return 'own'", Client=client)["Own"]

    assert own().on_sale() == "own"


@moved_warning
def test_a_patch_on_the_old_hook_is_called(shop: Any) -> None:
    own = defined("class Own(Client):\n    def on_sold(self, log): log.append('own')", Client=shop.Client)["Own"]
    one = own()

    with mock.patch.object(own, "on_sold") as patched:
        one.run()
    patched.assert_called_once()
    with mock.patch.object(one, "on_sold") as patched:
        one.run()
    patched.assert_called_once()
    assert one.run() == ["own"]


def test_a_class_that_was_defined_before_is_connected(migration: Migration, write_project: WriteProject) -> None:
    write_project({"shop/__init__.py": V2})
    client = importlib.import_module("shop").Client
    own = defined("class Own(Client):\n    def on_sold(self, log): log.append('own')", Client=client)["Own"]

    with told() as found:
        install([migration])
    assert own().run() == ["own"]
    assert [finding.split()[0] for finding in found] == ["user.py:2"]


def test_a_warning_that_is_an_error_leaves_nothing_of_the_shim(
    migration: Migration, write_project: WriteProject
) -> None:
    write_project({"shop/__init__.py": V2})
    client = importlib.import_module("shop").Client
    own = defined("class Own(Client):\n    def on_sold(self, log): log.append('own')", Client=client)["Own"]
    before = list(sys.meta_path)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(MovedNameWarning):
            install([migration])
    assert (sys.meta_path, own().run()) == (before, ["shop"])


def test_uninstall_leaves_no_trace(migration: Migration, write_project: WriteProject) -> None:
    write_project({"shop/__init__.py": V2})
    client = importlib.import_module("shop").Client
    own = defined("class Own(Client):\n    def on_sold(self, log): log.append('own')", Client=client)["Own"]
    before = dict(vars(client)), dict(vars(own))
    with pytest.warns(MovedNameWarning), shimmed([migration]):
        assert own().run() == ["own"]

    assert (dict(vars(client)), dict(vars(own))) == before
    assert defined("class Own(Client):\n    def on_sold(self, log): pass", Client=client)["Own"]().run() == ["shop"]


@moved_warning
def test_a_class_that_is_named_by_its_old_and_its_new_home_is_connected_once(write_project: WriteProject) -> None:
    write_project({"shop/__init__.py": V2})
    rows = DECLARED.replace('"shop.Client"', '["shop.old.Client", "shop.Client"]')
    rows += dedent(
        """\
        [[moves]]
        code = "SH101"
        old = "shop.old.Client"
        new = "shop.Client"
        """
    )
    install([parse_migration(HEAD + rows)])
    old: Any = importlib.import_module("shop.old")

    own = defined("class Own(Client):\n    def on_sold(self, log): log.append('own')", Client=old.Client)["Own"]

    assert own().run() == ["own"]


# --- the triangle: v1 = v2 with the shim = rewritten

BODY = """
class {name}({bases}):
    def {hook}(self, log):
        log.append({name!r})
        {above}
"""


@st.composite
def hierarchies(draw: st.DrawFn) -> str:
    """Classes below Client, and mixins, of which some define the hook, and some ask the class above."""
    classes, mixins, source = ["Client"], ["Plain"], "class Plain: pass\n"
    for number in range(draw(st.integers(1, 4))):
        name = f"K{number}"
        is_mixin = draw(st.integers(0, 3)) == 0
        above = "super().on_sold(log)" if draw(st.booleans()) and not is_mixin else "pass"
        bases = [draw(st.sampled_from(mixins if is_mixin else classes))]
        if not is_mixin and draw(st.booleans()):
            bases.insert(0, draw(st.sampled_from([*mixins, *classes])))
        if draw(st.integers(0, 3)):
            source += BODY.format(name=name, bases=", ".join(dict.fromkeys(bases)), hook="on_sold", above=above)
        else:
            source += f"class {name}({', '.join(dict.fromkeys(bases))}): pass\n"
        (mixins if is_mixin else classes).append(name)
    return f"{source}\nresult = [kind().run() for kind in [{', '.join(classes)}]]\n"


def library(text: str) -> types.ModuleType:
    module = types.ModuleType("shop")
    exec(compile(text, "shop.py", "exec", dont_inherit=True), vars(module))
    return module


@moved_warning
@settings(max_examples=80)
@given(source=hierarchies())
def test_v1_and_v2_with_the_shim_and_the_rewritten_code_are_alike(source: str) -> None:
    declared = parse_migration(HEAD + DECLARED)
    try:
        with_v1 = defined(source, Client=library(V1).Client)["result"]
    except TypeError:
        # No order of the bases is consistent.
        assume(False)

    sys.modules["shop"] = library(V2)
    with shimmed([declared]):
        with_the_shim = defined(source, Client=sys.modules["shop"].Client)["result"]
    uninstall()
    assert with_the_shim == with_v1

    outcome = rewrite_source(
        f"from shop import Client\n{source}".encode(), module="app", is_package=False, moves=(), migrations=[declared]
    )
    if isinstance(outcome, Rewritten) and b"on_sold" not in outcome.source:
        assert defined(outcome.source.decode())["result"] == with_v1
