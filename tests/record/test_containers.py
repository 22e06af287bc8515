"""A history that is no plain list keeps its type and its methods."""

from __future__ import annotations

from collections import UserList, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from compatkit.record import EpochRecord, HistoryReader, RecordError


@dataclass(frozen=True)
class Metrics:
    epoch: int
    train_accuracy: float


class History(list):  # type: ignore[type-arg]
    """A list with something to say."""

    def __init__(self, name: str, *records: object) -> None:
        super().__init__(records)
        self.name = name

    def best(self) -> object:
        return max(self, key=lambda record: record["train_acc"])


class Log:
    """A container that is nothing but iterable."""

    def __init__(self, *records: object) -> None:
        self.records = list(records)

    def __iter__(self) -> Iterator[object]:
        return iter(self.records)

    def last(self) -> object:
        return self.records[-1]


class Pair(NamedTuple):
    first: object
    second: object


class Hidden(Log):
    def __iter__(self) -> Iterator[object]:
        return (Metrics(number, 0.5) for number in range(2))


ONE, TWO = Metrics(1, 0.5), Metrics(2, 0.75)
READER = HistoryReader(EpochRecord)


@pytest.mark.parametrize(
    "history",
    [
        [ONE, TWO],
        (ONE, TWO),
        Pair(ONE, TWO),
        deque([ONE, TWO], maxlen=5),
        UserList([ONE, TWO]),
        Log(ONE, TWO),
        History("mine", ONE, TWO),
        History("mine", {"epoch": 1, "train_accuracy": 0.5}, {"epoch": 2, "train_accuracy": 0.75}),
        {1: ONE, 2: TWO},
        {ONE, TWO},
    ],
    ids=lambda history: type(history).__name__,
)
def test_a_container_keeps_its_type_and_its_records_read_as_v1(history: object) -> None:
    read = READER.read_in_place(history)

    assert type(read) is type(history)
    records = list(read.values() if isinstance(read, dict) else read)  # type: ignore[call-overload]
    assert sorted(record["train_acc"] for record in records) == [0.5, 0.75]


def test_a_list_of_somebodys_own_keeps_its_methods_and_attributes() -> None:
    read = READER.read_in_place(History("mine", {"epoch": 1, "train_accuracy": 0.5}))

    assert isinstance(read, History)
    assert read.name == "mine"
    assert read.best() == {"epoch": 1, "train_acc": 0.5}


def test_a_list_of_v2_records_stays_the_trainers_own_list() -> None:
    history: list[object] = [ONE]

    assert READER.read_in_place(history) is history


@pytest.mark.parametrize("make", [list, tuple, lambda records: dict(enumerate(records))])
def test_an_object_in_two_places_of_a_history_stays_one(make: Any) -> None:
    read: Any = READER.read_in_place(make([ONE, TWO, ONE]))

    assert read[0] is read[2]
    assert read[0] is not read[1]


def test_a_plain_list_of_dicts_is_left_alone() -> None:
    history = [{"epoch": 1, "train_accuracy": 0.5}]

    read = READER.read_in_place(history)

    assert type(history[0]) is dict
    assert read == [{"epoch": 1, "train_acc": 0.5}]


def test_a_container_that_makes_its_records_up_is_refused_and_not_replaced() -> None:
    with pytest.raises(RecordError, match="not where it keeps them"):
        READER.read_in_place(Hidden())


class Work:
    """Trains when it is iterated over, again and again, and keeps what came of it."""

    def __init__(self) -> None:
        self.history = [ONE]

    def __iter__(self) -> Iterator[object]:
        self.history.append(TWO)
        yield TWO


class Loader:
    """Draws at random when it is iterated over."""

    drawn = False

    def __len__(self) -> int:
        return 2

    def __iter__(self) -> Iterator[object]:
        self.drawn = True
        return iter([ONE, TWO])


def test_what_may_do_its_work_when_it_is_iterated_over_is_not() -> None:
    for made in (work := Work(), loader := Loader()):
        with pytest.raises(RecordError, match="not where it keeps them"):
            READER.read_in_place(made)

    assert work.history == [ONE]
    assert not loader.drawn
    assert [record["train_acc"] for record in READER.read_in_place(loader, converts=True)] == [0.5, 0.75]  # type: ignore[attr-defined]  # a list


def test_named_records_are_no_epochs() -> None:
    with pytest.raises(RecordError, match="no reader knows"):
        READER.read({"train": ONE, "val": TWO})
