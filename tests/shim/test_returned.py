"""A history is found inside any returned value, of any kind of function, and the rest of the value stays."""

from __future__ import annotations

import asyncio
import functools
import importlib
import inspect
import types
from collections import OrderedDict, UserDict
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import FrozenInstanceError, dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration import Item, Migration, Producer, find_migration, parse_shape
from compatkit.record import EpochMetrics, EpochRecord, RecordError, read_history
from compatkit.shim import UnreadResultWarning, install, shimmed, uninstall
from compatkit.shim.producers import MigrationReader
from compatkit.shim.returned import Results, read_returned
from compatkit.shim.wrapper import is_wrapped, wrapped
from tests.shim.conftest import WriteProject


def metrics(epoch: int = 1) -> EpochMetrics:
    return EpochMetrics(epoch, *[0.5] * 9)


def read_at(returns: str, value: object) -> object:
    path = parse_shape(returns)
    assert path is not None
    return read_returned(value, path, read_history)


def results(returns: str = "") -> Results:
    path = parse_shape(returns)
    assert path is not None
    return Results(MigrationReader(find_migration()), path, said="train returned what the shim cannot read", hint="")


def is_read(history: object) -> bool:
    return isinstance(history, list) and all(isinstance(record, EpochRecord) for record in history)


# --- containers


class Named(NamedTuple):
    model: object
    history: object


class Pair(tuple):
    """A tuple of one's own."""


@dataclass
class Thawed:
    history: object


@dataclass(frozen=True)
class Frozen:
    history: object
    made: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.made.append(1)


@dataclass(frozen=True, slots=True)
class FrozenSlots:
    history: object = field(init=False)


class Locked:
    def __init__(self, history: object) -> None:
        self.__dict__["history"] = history

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(name)


class ReadOnly:
    @property
    def history(self) -> object:
        return [metrics()]


def in_frozen_slots(history: object) -> FrozenSlots:
    value = FrozenSlots()
    object.__setattr__(value, "history", history)
    return value


MAKERS: dict[str, tuple[str, Callable[[object], object], Callable[..., object]]] = {
    "the value": ("", lambda history: history, lambda value: value),
    "tuple": ("[1]", lambda history: ("model", history), lambda value: value[1]),
    "tuple from its end": ("[-1]", lambda history: ("model", 1, history), lambda value: value[2]),
    "tuple subclass": ("[1]", lambda history: Pair(["model", history]), lambda value: value[1]),
    "namedtuple by position": ("[1]", lambda history: Named("model", history), lambda value: value.history),
    "namedtuple by name": (".history", lambda history: Named("model", history), lambda value: value.history),
    "list": ("[1]", lambda history: ["model", history], lambda value: value[1]),
    "dict": ('["history"]', lambda history: {"history": history, "x": 1}, lambda value: value["history"]),
    "ordered dict": ("['history']", lambda history: OrderedDict(history=history), lambda value: value["history"]),
    "mapping class": ("['history']", lambda history: UserDict(history=history), lambda value: value["history"]),
    "dict by number": ("[0]", lambda history: {0: history}, lambda value: value[0]),
    "object": (".history", lambda history: SimpleNamespace(history=history), lambda value: value.history),
    "dataclass": (".history", Thawed, lambda value: value.history),
    "frozen dataclass": (".history", Frozen, lambda value: value.history),
    "frozen dataclass with slots": (".history", in_frozen_slots, lambda value: value.history),
    "locked object": (".history", Locked, lambda value: value.history),
    "path": (
        ".result.history",
        lambda history: SimpleNamespace(result=Frozen(history)),
        lambda value: value.result.history,
    ),
    "mixed path": (
        '[0].parts["log"][1]',
        lambda history: (SimpleNamespace(parts={"log": (None, history)}), 2),
        lambda value: value[0].parts["log"][1],
    ),
}


@pytest.mark.parametrize("where", MAKERS)
def test_the_history_is_read_where_it_lies_and_the_type_around_it_stays(where: str) -> None:
    returns, make, history_of = MAKERS[where]
    value = make([metrics()])

    found = read_at(returns, value)

    assert is_read(history_of(found))
    assert type(found) is type(value) or where == "the value"


@pytest.mark.parametrize("where", MAKERS)
def test_reading_what_was_read_changes_nothing(where: str) -> None:
    returns, make, history_of = MAKERS[where]
    once = read_at(returns, make([metrics()]))

    assert history_of(read_at(returns, once)) == [metrics().to_dict()]


@pytest.mark.parametrize("where", ["list", "dict", "mapping class", "object", "dataclass"])
def test_what_can_be_changed_stays_the_same_object(where: str) -> None:
    returns, make, _ = MAKERS[where]
    value = make([metrics()])

    assert read_at(returns, value) is value


@pytest.mark.parametrize("where", ["tuple", "namedtuple by name", "frozen dataclass", "locked object"])
def test_what_cannot_be_changed_is_made_anew_and_its_owner_keeps_the_old_one(where: str) -> None:
    returns, make, history_of = MAKERS[where]
    value = make([metrics()])

    found = read_at(returns, value)

    assert found is not value
    assert type(history_of(value)[0]) is EpochMetrics  # type: ignore[index]


def test_a_frozen_dataclass_is_not_initialised_again() -> None:
    found = read_at(".history", Frozen([metrics()]))

    assert isinstance(found, Frozen)
    assert found.made == [1]


@pytest.mark.parametrize("where", [where for where in MAKERS if where != "the value"])
def test_none_at_the_place_stays_none(where: str) -> None:
    returns, make, history_of = MAKERS[where]

    assert history_of(read_at(returns, make(None))) is None
    assert read_at(returns, None) is None


WRONG = [
    (".history", {"history": []}, r"at \.history: there it is a dict"),
    (".history", [metrics()], r"at \.history: there it is a list"),
    ("['history']", SimpleNamespace(history=[]), r"at \['history'\]: there it is a SimpleNamespace"),
    ("['history']", {"log": []}, r"at \['history'\]: there it is a dict"),
    ("['history']", ([],), r"at \['history'\]: there it is a tuple"),
    ("[1]", ([],), r"at \[1\]: there it is a tuple"),
    ("[1]", 3, r"at \[1\]: there it is a int"),
    (".result.history", SimpleNamespace(result=3), r"at \.history: there it is a int"),
    (".history", ReadOnly(), r"at \.history of a ReadOnly can be read, but not replaced"),
]


@pytest.mark.parametrize(("returns", "value", "message"), WRONG)
def test_a_wrong_place_is_an_error_that_names_it(returns: str, value: object, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        read_at(returns, value)


@given(st.lists(st.integers(), max_size=6), st.data())
def test_everything_beside_the_history_is_kept_as_it_is(others: list[int], data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(others)))
    kind = data.draw(st.sampled_from([list, tuple]))
    value = kind([*others[:position], [metrics()], *others[position:]])

    found = read_returned(value, (Item(position),), read_history)

    assert isinstance(found, kind)
    assert [item for n, item in enumerate(found) if n != position] == others
    assert is_read(found[position])


# --- kinds of functions

TRAINERS = '''
import functools
from types import SimpleNamespace
from compatkit.record import EpochMetrics

def metrics(epoch=1):
    return EpochMetrics(epoch, *[0.5] * 9)

def result(epochs: int = 1, *, name: str = "x") -> object:
    """Train, and say how it went."""
    return SimpleNamespace(history=[metrics(n) for n in range(epochs)], name=name)

async def result_async(epochs: int = 1):
    """Train in the background."""
    return result(epochs)

class Trainer:
    def method(self, epochs: int = 1):
        """Train this one."""
        return result(epochs)

    @staticmethod
    def static(epochs: int = 1):
        """Train none."""
        return result(epochs)

    @classmethod
    def of_class(cls, epochs: int = 1):
        """Train all."""
        return result(epochs)

    async def coroutine(self, epochs: int = 1):
        """Train later."""
        return result(epochs)

    prepared = functools.partialmethod(method, epochs=2)

    def __call__(self, epochs: int = 1):
        """Train by call."""
        return result(epochs)

    not_a_function = 3

partial = functools.partial(result, 2)
instance = Trainer()

@functools.wraps(result_async)
def handed_on(*arguments):
    return result_async(*arguments)

def lazily(epochs: int = 2):
    """Yield, and return all."""
    got = []
    for n in range(epochs):
        try:
            got.append((yield metrics(n)))
        except KeyError as error:
            got.append(error)
            yield metrics(99)
    return [metrics(n) for n in range(epochs)]

async def lazily_async(epochs: int = 2):
    """Yield, one by one."""
    for n in range(epochs):
        yield metrics(n)
'''

PATHS = {
    "result": ".history",
    "result_async": ".history",
    "Trainer.method": ".history",
    "Trainer.static": ".history",
    "Trainer.of_class": ".history",
    "Trainer.coroutine": ".history",
    "Trainer.prepared": ".history",
    "Trainer.not_a_function": "",
    "partial": ".history",
    "instance": ".history",
    "handed_on": ".history",
    "lazily": "",
    "lazily_async": "",
}
DECLARED = Migration(
    "shop-v2",
    "",
    find_migration().versions,
    fields=find_migration().fields,
    producers=tuple(
        Producer(f"CK{251 + n}", f"shop.trainers.{name}", path) for n, (name, path) in enumerate(PATHS.items())
    ),
)


@pytest.fixture
def originals(write_project: WriteProject) -> dict[str, object]:
    """What the module holds before the shim comes."""
    write_project({"shop/__init__.py": "", "shop/trainers.py": TRAINERS})
    return held(importlib.import_module("shop.trainers"))


@pytest.fixture
def trainers(originals: dict[str, object]) -> ModuleType:
    install([DECLARED])
    return importlib.import_module("shop.trainers")


def held(module: ModuleType) -> dict[str, object]:
    names = {name: name.rpartition(".") for name in PATHS}
    return {name: vars(getattr(module, owner) if owner else module)[last] for name, (owner, _, last) in names.items()}


CALLS: dict[str, Callable[[ModuleType], object]] = {
    "function": lambda module: module.result(),
    "method": lambda module: module.Trainer().method(),
    "static method on the class": lambda module: module.Trainer.static(),
    "static method on an object": lambda module: module.Trainer().static(),
    "class method": lambda module: module.Trainer.of_class(),
    "partial method": lambda module: module.Trainer().prepared(),
    "partial": lambda module: module.partial(),
    "callable object": lambda module: module.instance(),
    "coroutine": lambda module: asyncio.run(module.result_async()),
    "coroutine method": lambda module: asyncio.run(module.Trainer().coroutine()),
    "coroutine from a plain function": lambda module: asyncio.run(module.handed_on()),
}


@pytest.mark.parametrize("kind", CALLS)
def test_every_kind_of_callable_returns_records(kind: str, trainers: ModuleType) -> None:
    assert is_read(CALLS[kind](trainers).history)  # type: ignore[attr-defined]


def test_what_cannot_be_called_is_left_alone(trainers: ModuleType) -> None:
    assert trainers.Trainer.not_a_function == 3


def test_arguments_are_handed_on(trainers: ModuleType) -> None:
    returned = trainers.result(3, name="mine")

    assert (len(returned.history), returned.name) == (3, "mine")


FUNCTIONS = ["result", "result_async", "lazily", "lazily_async", "Trainer.method", "Trainer.coroutine"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_name_docstring_signature_and_kind_are_kept(
    name: str, originals: dict[str, object], trainers: ModuleType
) -> None:
    before, after = originals[name], held(trainers)[name]

    assert after is not before
    assert inspect.unwrap(after) is before  # type: ignore[arg-type]
    assert inspect.signature(after) == inspect.signature(before)  # type: ignore[arg-type]
    for kept in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        assert getattr(after, kept) == getattr(before, kept)
    for kind in (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction):
        assert kind(after) == kind(before)


@pytest.mark.parametrize("name", ["Trainer.static", "Trainer.of_class", "Trainer.prepared"])
def test_descriptors_keep_their_type(name: str, originals: dict[str, object], trainers: ModuleType) -> None:
    assert type(held(trainers)[name]) is type(originals[name])


def test_uninstall_puts_every_original_back(originals: dict[str, object], trainers: ModuleType) -> None:
    uninstall()

    assert {name: current is originals[name] for name, current in held(trainers).items()} == dict.fromkeys(PATHS, True)


def test_installing_twice_wraps_once(originals: dict[str, object], trainers: ModuleType) -> None:
    install([DECLARED])

    assert trainers.result.__wrapped__ is originals["result"]


def test_what_has_no_such_place_is_handed_on_and_told_when_the_producer_returns(originals: dict[str, object]) -> None:
    wrong = Migration("shop-v2", "", DECLARED.versions, producers=(Producer("CK251", "shop.trainers.result", ".log"),))

    with shimmed([wrong]), pytest.warns(UnreadResultWarning, match=r"at \.log: there it is a SimpleNamespace"):
        found = importlib.import_module("shop.trainers").result()
    assert type(found.history[0]) is EpochMetrics


def test_a_function_that_copied_the_dict_of_a_wrapped_one_counts_as_not_wrapped() -> None:
    inner = wrapped(lambda: [metrics()], results())

    @functools.wraps(inner)  # type: ignore[arg-type]
    def override() -> object:
        return [metrics()]

    assert is_wrapped(inner)
    assert not is_wrapped(override)


# --- generators


def as_records(function: Callable[..., object]) -> Callable[..., object]:
    return wrapped(function, results())  # type: ignore[return-value]


def returned_by(generator: object) -> object:
    with pytest.raises(StopIteration) as stopped:
        next(generator)  # type: ignore[call-overload]
    return stopped.value.value


def test_a_generator_yields_records_and_returns_the_history(trainers: ModuleType) -> None:
    running = trainers.lazily(1)

    assert isinstance(next(running), EpochRecord)
    assert is_read(returned_by(running))


def test_what_is_sent_and_thrown_reaches_the_generator() -> None:
    seen: list[object] = []

    @as_records
    def train():
        seen.append((yield metrics(1)))
        try:
            yield metrics(2)
        except KeyError as error:
            seen.append(error.args)
        yield metrics(3)

    running = train()
    next(running)  # type: ignore[call-overload]

    assert running.send("go").epoch == 2  # type: ignore[attr-defined]
    assert running.throw(KeyError("stop")).epoch == 3  # type: ignore[attr-defined]
    assert seen == ["go", ("stop",)]


@pytest.mark.parametrize("how", ["close", "drop", "throw"])
def test_the_generator_is_closed_with_its_wrapper(how: str) -> None:
    closed = []

    @as_records
    def train():
        try:
            yield metrics()
        finally:
            closed.append(True)

    running = train()
    next(running)  # type: ignore[call-overload]
    if how == "close":
        running.close()  # type: ignore[attr-defined]
    elif how == "throw":
        with pytest.raises(KeyError):
            running.throw(KeyError())  # type: ignore[attr-defined]
    else:
        del running

    assert closed == [True]


def test_a_generator_that_is_kept_goes_on_when_it_is_handed_out_again() -> None:
    kept = (metrics(number) for number in range(3))
    stream: Any = as_records(lambda: kept)

    assert [next(stream()).epoch for _ in range(3)] == [0, 1, 2]


def test_an_async_generator_that_is_kept_goes_on_when_it_is_handed_out_again() -> None:
    async def train() -> AsyncIterator[EpochMetrics]:
        for number in range(3):
            yield metrics(number)

    async def use() -> list[int]:
        kept = train()
        stream: Any = as_records(lambda: kept)
        found = []
        for _ in range(3):
            found.append((await anext(stream())).epoch)
            await asyncio.sleep(0)
        return found

    assert asyncio.run(use()) == [0, 1, 2]


def test_a_generator_that_nobody_keeps_is_closed_with_its_caller_s() -> None:
    closed = []

    def train() -> Iterator[EpochMetrics]:
        try:
            yield metrics()
        finally:
            closed.append(True)

    running: Any = as_records(lambda: train())()
    next(running)
    running.close()

    assert closed == [True]


def test_what_types_coroutine_marks_is_awaited() -> None:
    @types.coroutine
    def train() -> Any:
        yield from asyncio.sleep(0).__await__()
        return [metrics()]

    async def use() -> Any:
        return await as_records(train)()  # type: ignore[misc]

    assert is_read(asyncio.run(use()))


def test_what_a_generator_yields_that_is_no_record_is_handed_on_and_the_generator_hears_of_nothing() -> None:
    caught = []

    @as_records
    def train():
        try:
            yield 3
        except Exception as error:  # noqa: BLE001 - as a trainer that logs and goes on
            caught.append(error)
            yield metrics()

    with pytest.warns(UnreadResultWarning, match="train returned what the shim cannot read: Record 0"):
        assert next(train()) == 3  # type: ignore[call-overload]
    assert caught == []


def test_an_error_of_the_generator_is_raised_as_it_is() -> None:
    @as_records
    def train():
        yield metrics()
        raise ZeroDivisionError("mine")

    running = train()
    next(running)  # type: ignore[call-overload]

    with pytest.raises(ZeroDivisionError, match="mine"):
        next(running)  # type: ignore[call-overload]


def test_a_generator_from_a_plain_function_stays_lazy() -> None:
    def records():
        yield metrics()
        raise ZeroDivisionError

    running = as_records(lambda: records())()

    assert isinstance(next(running), EpochRecord)  # type: ignore[call-overload]


def test_an_async_generator_yields_records(trainers: ModuleType) -> None:
    async def collect() -> list[object]:
        return [record async for record in trainers.lazily_async(2)]

    assert [record.epoch for record in asyncio.run(collect())] == [0, 1]  # type: ignore[attr-defined]
    assert is_read(asyncio.run(collect()))


@pytest.mark.parametrize("hand_on", [False, True], ids=["itself", "from a plain function"])
def test_what_is_sent_and_thrown_reaches_the_async_generator_and_it_is_closed(hand_on: bool) -> None:
    seen: list[object] = []

    async def train():
        try:
            seen.append((yield metrics(1)))
            try:
                yield metrics(2)
            except KeyError as error:
                seen.append(error.args)
            yield metrics(3)
        finally:
            seen.append("closed")

    async def use() -> None:
        running = as_records((lambda: train()) if hand_on else train)()
        await anext(running)  # type: ignore[call-overload]
        assert (await running.asend("go")).epoch == 2  # type: ignore[attr-defined]
        assert (await running.athrow(KeyError("stop"))).epoch == 3  # type: ignore[attr-defined]
        await running.aclose()  # type: ignore[attr-defined]

    asyncio.run(use())

    assert seen == ["go", ("stop",), "closed"]


def test_an_async_generator_ends_where_it_ends() -> None:
    @as_records
    async def train():
        return
        yield

    async def collect() -> list[object]:
        return [record async for record in train()]  # type: ignore[attr-defined]

    assert asyncio.run(collect()) == []
