"""A producer's result is never lost: it is read where it can be, handed on where it cannot, and stays what it was."""

from __future__ import annotations

import asyncio
import functools
import gc
import importlib
import io
import itertools
import sys
import warnings
import weakref
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, deque
from collections.abc import Callable
from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration import MigrationError, find_migration, load_project, parse_shape
from compatkit.record import EpochMetrics, EpochRecord
from compatkit.shim import UnreadResultWarning, adapt, install
from compatkit.shim.producers import MigrationReader
from compatkit.shim.returned import Results
from compatkit.shim.wrapper import wrapped
from tests.shim.conftest import WriteProject


def metrics(epoch: int = 1) -> EpochMetrics:
    return EpochMetrics(epoch, *[0.5] * 9)


def results(returns: str = "") -> Results:
    path = parse_shape(returns)
    assert path is not None
    return Results(MigrationReader(find_migration()), path, said="it", hint="")


def call(value: object, returns: str = "") -> Any:
    """Return what a caller of a wrapped function gets, which returns `value`."""
    return wrapped(lambda: value, results(returns))()  # type: ignore[operator]


# --- what cannot be read

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=3) | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.sampled_from(["epoch", "history", "train_acc"]), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=6,
)


@given(ANYTHING, st.sampled_from(["", ".history", '["history"]', "[0]", ".a.b"]))
def test_no_value_at_all_makes_a_finished_training_raise(value: object, returns: str) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = call(value, returns)

    assert {warning.category for warning in told} <= {UnreadResultWarning}
    assert found is value or not told


class Hostile:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def to_dict(self) -> dict[str, object]:
        raise self.error


@pytest.mark.parametrize("error", [ZeroDivisionError("mine"), AttributeError("x"), KeyError("epoch"), RuntimeError()])
def test_an_error_in_a_records_own_method_costs_no_result(error: Exception) -> None:
    value = [Hostile(error)]

    with pytest.warns(UnreadResultWarning, match=f"it: {type(error).__name__}"):
        assert call(value) is value


def test_with_warnings_as_errors_the_result_is_handed_on_and_the_warning_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert call(3) == 3

    assert capsys.readouterr().err.startswith("compatkit: it: The history is a int")


def test_two_spellings_that_differ_cost_no_result() -> None:
    value = [{"epoch": 1, "train_acc": 0.1, "train_accuracy": 0.2}]

    with pytest.warns(UnreadResultWarning, match="CK201 epoch 1 has both"):
        assert call(value) is value


def test_a_history_that_lies_elsewhere_than_declared_is_read_all_the_same() -> None:
    (record,) = call([metrics()], '["history"]')

    assert record["train_acc"] == 0.5


def test_an_adapted_object_hands_on_what_cannot_be_read() -> None:
    trainer = SimpleNamespace(fit=lambda: "model")

    with pytest.warns(UnreadResultWarning, match=r"adapt\(..., returns='.history'\); now it is '.log'"):
        assert adapt(trainer, "fit", returns=".log").fit() == "model"


# --- what it was, it stays


@pytest.mark.parametrize("kind", [list, UserList, deque])
def test_a_list_that_its_trainer_keeps_is_the_one_that_its_caller_gets(kind: Callable[[list[object]], Any]) -> None:
    kept = kind([metrics(1)])

    found = call(kept)
    kept.append(metrics(2))

    assert found is kept
    assert isinstance(found[0], EpochRecord)
    assert len(found) == 2


def test_plain_dicts_in_the_trainers_own_list_stay_plain() -> None:
    kept = [{"epoch": 1, "train_acc": 0.5}]

    found = call(kept)

    assert type(kept[0]) is dict
    assert found[0].train_accuracy == 0.5


def test_an_iterator_is_read_as_it_goes_on() -> None:
    found = call(map(metrics, itertools.count()))

    assert [record["epoch"] for record in itertools.islice(found, 3)] == [0, 1, 2]


class Counting:
    """An iterator of somebody's own."""

    seen = 0

    def __iter__(self) -> Counting:
        return self

    def __next__(self) -> int:
        self.seen += 1
        return self.seen


@pytest.mark.parametrize(
    "make",
    [
        lambda: io.StringIO("a\nb\n"),
        Counting,
        lambda: pd.DataFrame({"epoch": [1, 2], "train_accuracy": [0.5, 0.75]}),
        lambda: {"loss": [0.5, 0.25], "accuracy": [0.5, 0.75]},
    ],
)
def test_what_has_more_than_its_records_is_handed_on_untouched(make: Callable[[], Any]) -> None:
    value = make()

    with pytest.warns(UnreadResultWarning, match="and a list of records is none"):
        found = call(value)

    assert found is value
    # Nor was it looked into.
    assert getattr(value, "seen", 0) == 0
    assert not hasattr(value, "tell") or value.tell() == 0
    if not hasattr(value, "__next__"):
        assert len(adapt(lambda: value)()) == 2


def test_a_task_stays_one() -> None:
    async def train() -> list[EpochMetrics]:
        return [metrics()]

    async def use() -> Any:
        task = call(asyncio.ensure_future(train()))
        task.add_done_callback(lambda _: None)
        return await task

    assert asyncio.run(use())[0]["train_acc"] == 0.5


def test_a_future_is_of_the_loop_that_it_was_of_and_done_when_it_was() -> None:
    async def train() -> list[EpochMetrics]:
        return [metrics()]

    loop = asyncio.new_event_loop()
    try:
        assert loop.run_until_complete(call(loop.create_task(train())))[0]["train_acc"] == 0.5
        done = loop.create_task(train())
        loop.run_until_complete(done)
    finally:
        loop.close()

    assert call(done).result()[0]["train_acc"] == 0.5


class Gone:
    """A proxy whose object is gone."""

    def __getattribute__(self, name: str) -> object:
        raise ReferenceError(name)


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


def full() -> Any:
    return SimpleNamespace(write=mock.Mock(side_effect=OSError(28, "No space left on device")))


def show(message: object, *_: object) -> None:
    """Show a warning as Python does, whose own function pytest replaces."""
    sys.stderr.write(str(message))


def raise_shown(*_: object) -> None:
    raise LookupError


@pytest.mark.filterwarnings("always")
@pytest.mark.parametrize("stream", [closed, full, lambda: None], ids=["closed", "full", "none"])
@pytest.mark.parametrize("show", [show, raise_shown], ids=["shown", "raises"])
@pytest.mark.parametrize("make", [Gone, lambda: [Gone()], lambda: "no history"], ids=["gone", "of gone", "text"])
def test_nothing_is_raised_whatever_came_of_the_work_and_of_the_streams(
    make: Callable[[], Any], show: Any, stream: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    value = make()
    monkeypatch.setattr(warnings, "showwarning", show)
    monkeypatch.setattr(sys, "stderr", stream())

    found = call(value)

    assert found is value


def test_what_a_callable_has_besides_its_call_is_kept() -> None:
    cached: Any = wrapped(functools.lru_cache(lambda: [metrics()]), results())

    cached()
    cached()

    assert cached.cache_info().hits == 1


def test_a_mock_that_is_returned_is_taken_for_no_future() -> None:
    mocked = mock.MagicMock()

    with pytest.warns(UnreadResultWarning, match="a MagicMock"):
        assert call(mocked) is mocked


def test_v1s_records_in_a_class_of_the_standard_library_are_read_by_either_spelling() -> None:
    for kind in (OrderedDict, Counter, UserDict, ChainMap):
        (record,) = call([kind({"epoch": 1, "train_accuracy": 0.5})])

        assert (type(record).__name__, list(record)) == (kind.__name__, ["epoch", "train_acc"])
        assert record["train_acc"] == record["train_accuracy"] == record.get("train_accuracy") == record.train_accuracy
        assert record == kind({"epoch": 1, "train_accuracy": 0.5})


def test_no_class_that_a_producer_makes_at_each_call_is_kept() -> None:
    reader = MigrationReader(find_migration())
    made = []
    for number in range(700):
        kind = make_dataclass("Made", [("epoch", int), (f"metric_{number}", float)])
        reader.read([kind(1, 0.5)])
        made.append(weakref.ref(kind))
        del kind

    gc.collect()
    # Some 256 in each cache.
    assert sum(kind() is not None for kind in made) < 600


def test_a_class_that_is_declared_stays_itself() -> None:
    assert wrapped(EpochMetrics, results()) is EpochMetrics


# --- one record


class Row(NamedTuple):
    epoch: int
    train_accuracy: float


@dataclass
class Own:
    epoch: int
    train_accuracy: float


@dataclass
class Outcome:
    weights: str
    notes: list[str] = field(default_factory=list)


@pytest.mark.parametrize(
    "record",
    [metrics(), Own(1, 0.5), Row(1, 0.5), {"epoch": 1, "train_accuracy": 0.5}],
    ids=lambda value: type(value).__name__,
)
def test_a_function_may_return_one_record(record: Any) -> None:
    found = call(record)

    assert found["train_acc"] == found.train_accuracy == 0.5


def test_one_record_beside_a_model_is_read_where_it_lies() -> None:
    model, record = call(("model", metrics()), "[1]")

    assert (model, record["train_acc"]) == ("model", 0.5)


@pytest.mark.parametrize("value", [Outcome("w"), {"weights": "w", "history": []}])
def test_what_has_no_declared_field_is_no_record(value: object) -> None:
    with pytest.warns(UnreadResultWarning):
        assert call(value) is value


# --- properties

TRAINERS = """
    import functools
    from compatkit.record import EpochMetrics

    class Trainer:
        def __init__(self):
            self._kept = []

        @property
        def history(self):
            "The epochs so far."
            return self._kept

        @history.setter
        def history(self, value):
            self._kept = value

        @functools.cached_property
        def last(self):
            return [EpochMetrics(9, *[0.5] * 9)]

        def step(self):
            self.history.append(EpochMetrics(len(self.history) + 1, *[0.5] * 9))

        def kinds(self):
            return [type(each).__name__ for each in self.history]
    """
DECLARED = """
    schema = 1
    id = "shop-v2"
    summary = "The shop."
    versions = { v1 = "1", v2 = "2" }
    [[fields]]
    code = "CK201"
    v1 = "train_acc"
    v2 = "train_accuracy"
    [[producers]]
    code = "CK251"
    function = "shop.trainers.Trainer.history"
    [[producers]]
    code = "CK252"
    function = "shop.trainers.Trainer.last"
    """
FILES = {
    "shop/__init__.py": "",
    "shop/trainers.py": TRAINERS,
    "migration.toml": DECLARED,
    "pyproject.toml": '[tool.compatkit]\nmigrations = ["migration.toml"]\n',
}


@pytest.fixture
def folder(write_project: WriteProject) -> Path:
    return write_project(FILES)


@pytest.fixture
def trainers(folder: Path) -> ModuleType:
    install(load_project(folder).load())
    return importlib.import_module("shop.trainers")


def test_a_property_hands_on_records_and_what_its_class_adds_is_kept(trainers: ModuleType) -> None:
    trainer = trainers.Trainer()
    trainer.step()
    trainer.step()

    assert [record["train_acc"] for record in trainer.history] == [0.5, 0.5]
    trainer.step()
    assert len(trainer.history) == 3
    assert trainer.history is trainer.history


def test_the_module_of_the_class_reads_its_property_as_it_wrote_it(trainers: ModuleType) -> None:
    trainer = trainers.Trainer()
    trainer.step()

    assert trainer.kinds() == ["EpochMetrics"]


def test_a_property_can_be_set_and_documents_itself_as_before(trainers: ModuleType) -> None:
    trainer = trainers.Trainer()
    trainer.history = [metrics(7)]

    assert trainer.history[0]["epoch"] == 7
    assert trainers.Trainer.history.__doc__ == "The epochs so far."


def test_a_cached_property_stays_cached(trainers: ModuleType) -> None:
    trainer = trainers.Trainer()

    assert trainer.last[0]["train_acc"] == 0.5
    assert trainer.last is trainer.last


# --- what the project says of it


def say(folder: Path, producers: str) -> None:
    (folder / "pyproject.toml").write_text(f"{FILES['pyproject.toml']}producers = {{ {producers} }}\n")


def test_the_project_says_where_a_history_lies_and_that_there_is_none(folder: Path) -> None:
    say(folder, '"shop.trainers.Trainer.history" = ".log", "shop.trainers.Trainer.last" = false')

    (migration,) = load_project(folder).load()

    assert [(producer.function, producer.returns) for producer in migration.producers] == [
        ("shop.trainers.Trainer.history", ".log")
    ]


@pytest.mark.parametrize(
    ("producers", "message"),
    [
        ('"shop.trainers.Trainer.histroy" = ".log"', "did you mean 'shop.trainers.Trainer.history'"),
        ('"shop.trainers.Trainer.history" = "log"', "expected a path such as"),
        ('"shop.trainers.Trainer.history" = true', "expected a path such as"),
    ],
)
def test_what_the_project_cannot_mean_is_an_error(producers: str, message: str, folder: Path) -> None:
    say(folder, producers)

    with pytest.raises(MigrationError, match=message):
        load_project(folder).load()
