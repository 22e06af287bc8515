"""A removed hook that took all results of an epoch gets them under the shim, in v1's form."""

from __future__ import annotations

import importlib
import sys
import warnings
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration import MigrationError, parse_migration
from compatkit.shim import MovedNameWarning, shimmed
from tests.shim.conftest import WriteProject
from tests.shop import HEAD

DECLARED = """
[[members]]
code = "SH351"
of = "shop.Model"
v1 = "train_epoch_end"
say = "keep the results on self"
defined = true
gathers = "train_step"
calls_at = "on_train_end"
wrapped_as = "loss"

[[members]]
code = "SH352"
of = "shop.Model"
v1 = "test_epoch_end"
say = "keep the results on self"
defined = true
gathers = "test_step"
calls_at = "on_test_end"
"""
# As v1 did it, and as v2 does it: the second refuses a class with an old hook.
V1 = """
class Model:
    def on_train_end(self): ...
    def on_test_end(self): ...

def run(model, batches, loaders=1):
    results = [model.train_step(batch, number) for number, batch in enumerate(batches)]
    results = [each if isinstance(each, dict) else {"loss": each} for each in results if each is not None]
    if hasattr(model, "train_epoch_end"):
        model.train_epoch_end(results)
    model.on_train_end()
    if hasattr(model, "test_step"):
        many = [[model.test_step(batch, n, *([at] if loaders > 1 else [])) for n, batch in enumerate(batches)]
                for at in range(loaders)]
        many = [[each for each in one if each is not None] for one in many]
        if hasattr(model, "test_epoch_end"):
            model.test_epoch_end(many if loaders > 1 else many[0])
        model.on_test_end()
"""
V2 = """
class Model:
    def on_train_end(self): ...
    def on_test_end(self): ...

def run(model, batches, loaders=1):
    for name in ("train_epoch_end", "test_epoch_end"):
        if callable(getattr(model, name, None)):
            raise NotImplementedError(name)
    for number, batch in enumerate(batches):
        model.train_step(batch, number)
    model.on_train_end()
    if hasattr(model, "test_step"):
        for at in range(loaders):
            for n, batch in enumerate(batches):
                model.test_step(batch, n, *([at] if loaders > 1 else []))
        model.on_test_end()
"""
PROGRAMS = {
    "plain": """
        class Mine(shop.Model):
            def train_step(self, batch, number):
                return batch * 2
            def train_epoch_end(self, outputs):
                seen.append(("train", outputs))
            def on_train_end(self):
                seen.append("on_train_end")
        """,
    "a dict, and None for some": """
        class Mine(shop.Model):
            def train_step(self, batch, number):
                return {"loss": batch, "number": number} if number else None
            def train_epoch_end(self, outputs):
                seen.append(outputs)
        """,
    "the step of the class above": """
        class Base(shop.Model):
            def train_step(self, batch, number):
                return batch
        class Mine(Base):
            def train_epoch_end(self, outputs):
                seen.append(outputs)
        """,
    "a step that calls the one above": """
        class Base(shop.Model):
            def train_step(self, batch, number):
                return batch
            def train_epoch_end(self, outputs):
                seen.append(("base", outputs))
            def on_train_end(self):
                seen.append("base ends")
        class Mine(Base):
            def train_step(self, batch, number):
                return super().train_step(batch, number) + 1
            def train_epoch_end(self, outputs):
                super().train_epoch_end(outputs)
                seen.append(("mine", outputs))
            def on_train_end(self):
                super().on_train_end()
                seen.append("mine ends")
        """,
    "a mixin": """
        class Mixin:
            def train_epoch_end(self, outputs):
                seen.append(outputs)
        class Mine(Mixin, shop.Model):
            def train_step(self, batch, number):
                return batch
        """,
    "tests over two loaders": """
        class Mine(shop.Model):
            def train_step(self, batch, number):
                return batch
            def test_step(self, batch, number, loader=None):
                return (loader, batch)
            def test_epoch_end(self, outputs):
                seen.append(outputs)
        """,
    "no old hook": """
        class Mine(shop.Model):
            def train_step(self, batch, number):
                return batch
            def on_train_end(self):
                seen.append(sorted(vars(self)))
        """,
}


def ran(write_project: WriteProject, library: str, program: str, *, batches: list[int], loaders: int = 1) -> list[Any]:
    for module in ("mine", "shop"):
        sys.modules.pop(module, None)
    write_project({"shop.py": library, "mine.py": "import shop\nseen = []\n" + dedent(program)})
    mine = importlib.import_module("mine")
    shop = importlib.import_module("shop")
    model = mine.Mine()
    for _ in range(2):
        shop.run(model, batches, loaders)
    return mine.seen


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("batches", [[1, 2, 3], [5]])
def test_a_program_of_v1_sees_on_v2_what_it_saw(write_project: WriteProject, name: str, batches: list[int]) -> None:
    loaders = 2 if "loaders" in name else 1
    before = ran(write_project, V1, PROGRAMS[name], batches=batches, loaders=loaders)
    for module in ("mine", "shop"):
        del sys.modules[module]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MovedNameWarning)
        with shimmed([parse_migration(HEAD + DECLARED)]):
            after = ran(write_project, V2, PROGRAMS[name], batches=batches, loaders=loaders)

    assert after == before
    assert before


def test_the_hook_is_warned_of_where_it_is_defined_and_is_there_for_its_own_code(write_project: WriteProject) -> None:
    with shimmed([parse_migration(HEAD + DECLARED)]):
        write_project({"shop.py": V2, "mine.py": "import shop\n"})
        shop = importlib.import_module("shop")

        with pytest.warns(MovedNameWarning, match="SH351"):

            class Mine(shop.Model):
                def train_epoch_end(self, outputs: object) -> object:
                    return outputs

        assert Mine().train_epoch_end([1]) == [1]


def test_all_of_it_is_taken_back(write_project: WriteProject) -> None:
    write_project({"shop.py": V2, "mine.py": "import shop\nseen = []\n"})
    shop = importlib.import_module("shop")

    class Mine(shop.Model):
        def train_step(self, batch: int, _number: int) -> int:
            return batch

        def train_epoch_end(self, outputs: object) -> None: ...

    before = {**vars(Mine)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MovedNameWarning)
        with shimmed([parse_migration(HEAD + DECLARED)]):
            assert {**vars(Mine)} != before

    assert {**vars(Mine)} == before
    assert "__init_subclass__" not in vars(shop.Model)


@given(st.lists(st.one_of(st.integers(), st.none()), max_size=5), st.booleans())
def test_a_result_is_kept_once_whatever_calls_what(results: list[int | None], is_called_above: bool) -> None:
    from compatkit.shim.gathered_hooks import GatheredHooks

    (first, _) = parse_migration(HEAD + DECLARED).members
    seen: list[object] = []
    model = type("Model", (), {"on_train_end": lambda _: None, "__module__": "shop"})

    class Base(model):  # type: ignore[misc, valid-type]
        def train_step(self, at: int) -> int | None:
            return results[at]

        def train_epoch_end(self, outputs: object) -> None:
            seen.append(outputs)

    class Mine(Base):
        def train_step(self, at: int) -> int | None:
            return super().train_step(at) if is_called_above else results[at]

    hooks = GatheredHooks([])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MovedNameWarning)
        for kind in (Base, Mine):
            hooks.connect(model, [first], kind)
    mine = Mine()
    for at in range(len(results)):
        mine.train_step(at)
    mine.on_train_end()
    hooks.restore()

    kept = [{"loss": loss} for loss in results if loss is not None]
    assert seen == ([kept] if results else [])


@pytest.mark.parametrize(
    ("row", "part"),
    [
        (
            dedent(
                """\
                v1 = "a"
                say = "b"
                defined = true
                gathers = "c"
                """
            ),
            "'calls_at' is missing",
        ),
        (
            dedent(
                """\
                v1 = "a"
                say = "b"
                defined = true
                calls_at = "c"
                """
            ),
            "'gathers' is missing",
        ),
        (
            dedent(
                """\
                v1 = "a"
                v2 = "b"
                defined = true
                gathers = "c"
                calls_at = "d"
                """
            ),
            "gathers is 'c'",
        ),
        (
            dedent(
                """\
                v1 = "a"
                say = "b"
                gathers = "c"
                calls_at = "d"
                """
            ),
            "gathers is 'c'",
        ),
    ],
)
def test_what_cannot_be_gathered_is_refused(row: str, part: str) -> None:
    with pytest.raises(MigrationError, match=part):
        parse_migration(f'{HEAD}[[members]]\ncode = "SH351"\nof = "shop.Model"\n{row}')
