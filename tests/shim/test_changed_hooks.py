"""A user's hook with v1's parameters gets under the shim what it takes; one with v2's is left as it is."""

from __future__ import annotations

import importlib
import inspect
import sys
import warnings
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration import parse_migration
from compatkit.migration.changes import HookChange, RenamedArgument
from compatkit.shim import ChangedCallWarning, shimmed
from compatkit.shim.changed_hooks import ChangedHooks
from tests.shim.conftest import WriteProject
from tests.shop import HEAD

DECLARED = """
[[hooks]]
code = "SH351"
of = "shop.Model"
name = "step"
v1 = ["batch", "number", "loader"]
v2 = ["batch", "number"]
[[hooks]]
code = "SH352"
of = "shop.Model"
name = "schedule"
v1 = ["scheduler", "index", "metric"]
v2 = ["metric", "scheduler"]
[[hooks]]
code = "SH353"
of = "shop.Model"
name = "loss"
v1 = ["outs", "twice"]
v2 = ["outputs", "twice", "count"]
rename = { outs = "outputs" }
say = "count is the number of items"
"""
# As v1 called its hooks, and as v2 does.
V1 = """
class Base:
    def step(self, batch, number, loader):
        return [batch, number]
class Model(Base):
    def schedule(self, scheduler, index, metric):
        return [scheduler, metric]
    def loss(self, outs, twice=False):
        return [outs, twice]

def run(model):
    return [model.step(1, 2, 0), model.schedule("s", 0, 0.5), model.loss("o", twice=True), model.loss("o")]
"""
V2 = """
class Base:
    def step(self, batch, number):
        return [batch, number]
class Model(Base):
    def schedule(self, metric, scheduler):
        return [scheduler, metric]
    def loss(self, outputs, twice=False, count=None):
        return [outputs, twice]

def run(model):
    return [model.step(1, 2), model.schedule(0.5, "s"), model.loss("o", twice=True, count=3), model.loss(outputs="o")]
"""
OLD = {
    "by their names": """
        class Mine(shop.Model):
            def step(self, batch, number, loader):
                return ("mine", batch, number)
            def schedule(self, scheduler, index, metric):
                return ("mine", scheduler, metric)
            def loss(self, outs, twice=False):
                return ("mine", outs, twice)
        """,
    "by their places": """
        class Mine(shop.Model):
            def step(self, x, i, _):
                return ("mine", x, i)
            def schedule(self, s, _unused, m):
                return ("mine", s, m)
        """,
    "with defaults": """
        class Mine(shop.Model):
            def schedule(self, scheduler, index=0, metric=None):
                return ("mine", scheduler, index, metric)
            def loss(self, outs, *, twice=False):
                return ("mine", outs, twice)
        """,
    "more than v1 passes": """
        class Mine(shop.Model):
            def step(self, batch, number, loader, times=2):
                return ("mine", batch, number, times)
        """,
    "what is handed up": """
        class Mine(shop.Model):
            def step(self, batch, number, loader):
                return ("mine", super().step(batch + 1, number, None))
            def schedule(self, scheduler, index, metric):
                return ("mine", super().schedule(scheduler, None, metric=metric))
            def loss(self, outs, twice=False):
                return ("mine", super().loss(outs, twice=twice))
        """,
    "two classes, and a call of one's own": """
        class First(shop.Model):
            def step(self, batch, number, loader):
                return ("first", batch, number)
        class Mine(First):
            def step(self, batch, number, loader):
                return ("mine", super().step(batch, number, None))
            def schedule(self, scheduler, index, metric):
                return ("mine", self.step(scheduler, metric, None))
        """,
    "a mixin": """
        class Mixin:
            def schedule(self, scheduler, index, metric):
                return ("mixin", scheduler, metric)
        class Mine(Mixin, shop.Model):
            pass
        """,
    "a decorator": """
        import functools
        def shown(function):
            @functools.wraps(function)
            def inner(*args, **kwargs):
                return ("shown", function(*args, **kwargs))
            return inner
        class Mine(shop.Model):
            @shown
            def schedule(self, scheduler, index, metric):
                return ("mine", scheduler, metric)
        """,
}
NEW = {
    "v2's own": """
        class Mine(shop.Model):
            def step(self, batch, number):
                return ("mine", super().step(batch, number))
            def schedule(self, metric, scheduler):
                return ("mine", super().schedule(metric, scheduler))
            def loss(self, outputs, twice=False, count=None):
                return ("mine", super().loss(outputs, twice, count))
        """,
    "other names": """
        class Mine(shop.Model):
            def step(self, x, i):
                return ("mine", x, i)
            def schedule(self, m, s):
                return ("mine", m, s)
        """,
    "takes any": """
        class Mine(shop.Model):
            def step(self, *args):
                return ("mine", args)
            def loss(self, outputs, **rest):
                return ("mine", outputs, rest)
            schedule = staticmethod(lambda *args: args)
        """,
    "nothing of its own": "class Mine(shop.Model): ...",
}


def ran(write_project: WriteProject, library: str, program: str) -> Any:
    for module in ("mine", "shop"):
        sys.modules.pop(module, None)
    write_project({"shop.py": library, "mine.py": "import shop\n" + dedent(program)})
    mine = importlib.import_module("mine")
    return importlib.import_module("shop").run(mine.Mine())


def ran_under_shim(write_project: WriteProject, program: str) -> tuple[Any, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with shimmed([parse_migration(HEAD + DECLARED)]):
            found = ran(write_project, V2, program)
    assert {warning.category for warning in caught} <= {ChangedCallWarning}
    return found, [str(warning.message) for warning in caught]


@pytest.mark.parametrize("name", NEW)
def test_a_program_of_v2_is_left_as_it_is(write_project: WriteProject, name: str) -> None:
    before = ran(write_project, V2, NEW[name])

    assert ran_under_shim(write_project, NEW[name]) == (before, [])


@pytest.mark.parametrize("name", OLD)
def test_a_program_of_v1_does_on_v2_what_it_did(write_project: WriteProject, name: str) -> None:
    before = ran(write_project, V1, OLD[name])

    after, said = ran_under_shim(write_project, OLD[name])

    assert after == before
    assert said


def test_a_hook_that_needs_what_is_gone_is_told_of_and_left(write_project: WriteProject) -> None:
    program = """
        class Mine(shop.Model):
            def step(self, batch, number, loader):
                return loader
        """
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'loader'"):
        ran(write_project, V2, program)
    for module in ("mine", "shop"):
        del sys.modules[module]

    with warnings.catch_warnings(record=True) as caught, shimmed([parse_migration(HEAD + DECLARED)]):
        warnings.simplefilter("always")
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'loader'"):
            ran(write_project, V2, program)

    (said,) = caught
    assert (said.filename.rpartition("/")[2], said.lineno) == ("mine.py", 4)
    told = "SH351 shop.Model.step: v2 calls it as step(self, batch, number); loader cannot be had; to rewrite it, run: "
    assert str(said.message).startswith(told)


def test_a_hook_with_v1s_parameters_in_an_order_of_its_own_is_told_of_and_left(write_project: WriteProject) -> None:
    program = """
        class Mine(shop.Model):
            def step(self, number, batch, loader):
                return number
        """

    with warnings.catch_warnings(record=True) as caught, shimmed([parse_migration(HEAD + DECLARED)]):
        warnings.simplefilter("always")
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'loader'"):
            ran(write_project, V2, program)

    (said,) = caught
    assert "in an order that v1 did not have" in str(said.message)


def test_a_decorated_hook_is_told_of_where_it_is_written(write_project: WriteProject) -> None:
    program = """
        import functools
        def same(step):
            return functools.wraps(step)(lambda *args: step(*args))
        class Mine(shop.Model):
            @same
            def step(self, batch, number, loader):
                return batch
        """

    with warnings.catch_warnings(record=True) as caught, shimmed([parse_migration(HEAD + DECLARED)]):
        warnings.simplefilter("always")
        ran(write_project, V2, program)

    assert {(warning.filename.rpartition("/")[2], warning.lineno) for warning in caught} == {("mine.py", 7)}


def test_the_library_sees_v2s_parameters_and_uninstalling_gives_the_class_back(write_project: WriteProject) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ChangedCallWarning)
        with shimmed([parse_migration(HEAD + DECLARED)]):
            ran(write_project, V2, OLD["by their names"])
            mine = sys.modules["mine"].Mine
            seen = str(inspect.signature(mine.schedule))
    after = str(inspect.signature(mine.schedule))

    assert (seen, after) == ("(self, metric, scheduler)", "(self, scheduler, index, metric)")
    model = vars(sys.modules["shop"].Model)
    assert {name: model[name].__code__.co_name for name in ("schedule", "loss")} == {
        "schedule": "schedule",
        "loss": "loss",
    }
    assert not {"step", "__init_subclass__"} & {*model}


NAMES = st.lists(st.sampled_from("abcdef"), unique=True, max_size=4).map(tuple)


@given(NAMES, NAMES, st.booleans(), st.data())
def test_each_parameter_gets_what_v2_passes_under_its_name(
    v1: tuple[str, ...], v2: tuple[str, ...], is_by_name: bool, data: st.DataObject
) -> None:
    gone, added = [name for name in v1 if name not in v2], [name for name in v2 if name not in v1]
    count = data.draw(st.integers(0, min(len(gone), len(added))))
    renamed = dict(zip(gone[:count], added[:count], strict=True))
    row = HookChange("SH351", ("shop.Model",), "step", v1, v2, tuple(map(RenamedArgument, renamed, renamed.values())))
    got: dict[str, object] = {}
    read = [name for name in v1 if name in v2 or name in renamed]
    source = f"def step(self, {', '.join(v1)}): got.update({', '.join(f'{name}={name}' for name in read)}); return self"
    space: dict[str, Any] = {"got": got, "__name__": "mine"}
    exec(source, space)
    model = type("Model", (), {"step": lambda self: self, "__module__": "shop"})
    mine = type("Mine", (model,), {"step": space["step"], "__module__": "mine"})
    hooks = ChangedHooks([])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ChangedCallWarning)
        hooks.connect(model, [row], mine)
    called = {
        "shop": SimpleNamespace(mine=mine(), values={name: f"value of {name}" for name in v2}),
        "__name__": "shop",
    }
    code = "shop.mine.step(**shop.values)" if is_by_name else "shop.mine.step(*shop.values.values())"
    eval(code, called)

    assert got == {name: f"value of {renamed.get(name, name)}" for name in read}
