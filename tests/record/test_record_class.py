"""The same behaviour for anybody's record class and field table."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections import UserList
from enum import Enum
from typing import NamedTuple

import pytest

from compatkit.migration import Field
from compatkit.record import (
    CompatRecord,
    EpochRecord,
    FieldNames,
    HistoryReader,
    RecordError,
    read_history,
    record_class,
)

NAMES = FieldNames.of([Field("X1", "em", "exact_match")])


@dataclasses.dataclass
class Score:
    step: int
    exact_match: float
    best: float = 1.0

    def is_good(self) -> bool:
        return self.exact_match > 0.4


@dataclasses.dataclass(frozen=True)
class FrozenScore:
    step: int
    exact_match: float


@dataclasses.dataclass(slots=True)
class SlottedScore:
    step: int
    exact_match: float


class TupleScore(NamedTuple):
    step: int
    exact_match: float


class Registered:
    """A class that acts when it is subclassed."""

    seen: list[type] = []  # noqa: RUF012

    def __init_subclass__(cls) -> None:
        Registered.seen.append(cls)


class MyRecord(EpochRecord):
    def gap(self) -> float:
        return self.val_loss - self.train_loss


@pytest.mark.parametrize("metrics", [Score, FrozenScore])
def test_a_record_is_one_of_the_teams_class_and_a_dict(metrics: type) -> None:
    record = record_class(metrics, NAMES)({"step": 1, "em": 0.5, "extra": 2})

    assert isinstance(record, metrics)
    assert isinstance(record, dict)
    assert record["exact_match"] == record.exact_match == record["em"] == record.em == 0.5
    assert dataclasses.asdict(record) == {"step": 1, "exact_match": 0.5, "extra": 2}  # type: ignore[call-overload]
    assert dict(record) == {"step": 1, "em": 0.5, "extra": 2}


def test_it_equals_the_teams_own_record_in_both_directions() -> None:
    record = record_class(Score, NAMES)({"step": 1, "em": 0.5, "best": 1.0})

    assert record == Score(1, 0.5)
    assert Score(1, 0.5) == record
    assert record != Score(1, 0.25)


def test_the_methods_of_the_teams_class_work() -> None:
    assert record_class(Score, NAMES)({"em": 0.5}).is_good()


def test_a_default_of_the_teams_class_is_not_invented_for_an_absent_value() -> None:
    record = record_class(Score, NAMES)({"step": 1})

    assert not hasattr(record, "best")
    assert "best" not in record


def test_the_bundled_spellings_mean_nothing_to_another_table() -> None:
    record = record_class(Score, NAMES)({"train_acc": 0.5})

    assert "train_accuracy" not in record


def test_the_same_arguments_give_the_same_class() -> None:
    assert record_class(Score, NAMES) is record_class(Score, FieldNames.of([Field("X1", "em", "exact_match")]))
    assert record_class(Score) is not record_class(Score, NAMES)


@pytest.mark.parametrize("metrics", [TupleScore, Enum("Kind", "A"), UserList, dict])
def test_a_class_that_cannot_be_a_dict_as_well_is_refused(metrics: type) -> None:
    with pytest.raises(RecordError, match="cannot be a"):
        record_class(metrics)


class Computed:
    """A class that computes what v1 kept."""

    def __init__(self, hits: int) -> None:
        self.hits = hits

    @property
    def exact_match(self) -> float:
        return self.hits / 10

    def to_dict(self) -> dict[str, object]:
        return {"hits": self.hits}


@pytest.mark.parametrize("key", ["em", "exact_match"])
def test_what_the_class_computes_is_looked_up_as_v1_did(key: str) -> None:
    (record,) = HistoryReader(record_class(object, NAMES)).read([Computed(5)])

    record.hits = 7

    assert record[key] == record.get(key) == record.exact_match == 0.7
    assert key in record
    assert dict(record) == vars(record) == {"hits": 7}


def test_attributes_are_shown_in_the_order_in_which_the_class_sets_them() -> None:
    @dataclasses.dataclass
    class Ranked:
        rank: float = dataclasses.field(init=False)
        epoch: int = 0

        def __post_init__(self) -> None:
            self.rank = -self.epoch

        def to_dict(self) -> dict[str, object]:
            return dataclasses.asdict(self)

    (record,) = HistoryReader(record_class(object, NAMES)).read([Ranked(epoch=1)])

    assert list(vars(record)) == list(vars(Ranked(epoch=1))) == ["epoch", "rank"]
    assert list(record) == ["rank", "epoch"]


def test_a_class_that_acts_on_being_subclassed_does_not_see_its_records() -> None:
    record = record_class(Registered)({"epoch": 1})

    assert isinstance(record, Registered)
    assert Registered.seen == []


def test_a_record_of_a_class_with_slots_has_no_dict_of_attributes_either() -> None:
    slotted = dataclasses.make_dataclass("Slotted", [("epoch", int)], slots=True)
    (record,) = read_history([slotted(1)])

    assert not hasattr(record, "__dict__")
    with pytest.raises(TypeError, match="must have __dict__"):
        vars(record)
    assert copy.deepcopy(record) == {"epoch": 1}


def test_a_record_of_a_class_with_slots_passes_for_one_and_is_a_dict() -> None:
    record = record_class(SlottedScore, NAMES)({"step": 1, "em": 0.5})

    assert isinstance(record, SlottedScore)
    assert isinstance(record, dict)
    assert record.exact_match == record["em"] == 0.5
    assert record == SlottedScore(1, 0.5)


def test_a_subclass_written_by_hand_behaves_the_same() -> None:
    class ScoreRecord(CompatRecord, Score, names=NAMES):
        pass

    assert ScoreRecord({"step": 1, "em": 0.5, "best": 1.0}) == Score(1, 0.5)


def test_a_users_subclass_keeps_the_behaviour() -> None:
    record = MyRecord({"train_loss": 0.5, "val_loss": 0.75, "train_acc": 0.7})

    assert record.gap() == 0.25
    assert type(record.copy()) is type(record | {}) is MyRecord
    assert record["train_accuracy"] == 0.7


def test_a_users_dataclass_over_a_record_declares_more_fields() -> None:
    @dataclasses.dataclass(init=False, eq=False, repr=False)
    class Timed(EpochRecord):
        gpu_seconds: float = 0.5
        notes: str = dataclasses.field(default="none")
        val_f1: float  # type: ignore[misc]  # declared again, without a default

    record = Timed({"epoch": 1, "gpu_seconds": 2.0, "train_acc": 0.5})
    record.notes = "changed"

    assert record.gpu_seconds == record["gpu_seconds"] == 2.0
    assert record["notes"] == "changed"
    assert record["train_accuracy"] == 0.5
    assert not hasattr(record, "val_f1")
    assert dataclasses.asdict(record) == {"epoch": 1, "train_accuracy": 0.5, "gpu_seconds": 2.0, "notes": "changed"}


def test_a_generated_init_of_a_users_dataclass_stores_into_the_dict() -> None:
    @dataclasses.dataclass
    class Small(CompatRecord, names=NAMES):
        step: int
        exact_match: float = 0.25

    record = Small(3)

    assert dict(record) == {"step": 3, "em": 0.25}
    assert record.exact_match == 0.25


@dataclasses.dataclass(frozen=True, slots=True)
class FrozenSlots:
    step: int
    exact_match: float


def test_a_record_of_a_frozen_class_with_slots_keeps_its_values_in_a_pickle() -> None:
    (record,) = HistoryReader(record_class(object, NAMES)).read([FrozenSlots(1, 0.5)])

    read = pickle.loads(pickle.dumps(record))

    assert (read["em"], read.exact_match) == (0.5, 0.5)
    assert read == record
