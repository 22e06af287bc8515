"""Reading a history, of either format or mixed, invents no key, loses none and changes no value."""

from __future__ import annotations

import dataclasses
import gc
import inspect
from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple

import attrs
import pydantic
import pytest
from hypothesis import given

from compatkit.migration import Field
from compatkit.record import (
    EpochMetrics,
    EpochRecord,
    FieldNames,
    HistoryReader,
    RecordError,
    read_history,
    record_class,
)
from tests.record.strategies import Case, OwnClass, OwnRecord, histories, v2_cases


@given(histories)
def test_reading_neither_invents_nor_loses_a_key(history: list[Case]) -> None:
    records = read_history([case.record for case in history])

    assert [list(record) for record in records] == [list(case.content) for case in history]


@given(histories)
def test_reading_hands_on_the_very_values(history: list[Case]) -> None:
    records = read_history([case.record for case in history])

    for record, case in zip(records, history, strict=True):
        assert all(record[key] is value for key, value in case.content.items())


@given(histories)
def test_v1_to_v2_to_v1_is_the_identity(history: list[Case]) -> None:
    for record in read_history([case.record for case in history]):
        again = EpochRecord(record.to_v2())

        assert list(again.items()) == list(record.items())


@given(v2_cases)
def test_a_v2_record_round_trips_through_v1(case: Case) -> None:
    (record,) = read_history([case.record])
    (again,) = read_history([record.to_v1()])

    assert again == case.record
    assert again.to_v2() == vars(case.record)


@given(histories)
def test_reading_twice_changes_nothing(history: list[Case]) -> None:
    once = read_history([case.record for case in history])

    assert read_history(once) == once


def test_the_history_is_a_plain_list_and_the_input_is_left_alone() -> None:
    original = [{"epoch": 1, "train_acc": 0.5}]

    history = read_history(original)
    history[0]["train_acc"] = 0.6

    assert type(history) is list
    assert original == [{"epoch": 1, "train_acc": 0.5}]


def test_an_empty_history_stays_empty() -> None:
    assert read_history([]) == []


def test_a_generator_is_read() -> None:
    assert read_history(record for record in [{"epoch": 1}]) == [{"epoch": 1}]


def test_a_mapping_that_is_no_dict_is_a_record() -> None:
    assert read_history([MappingProxyType({"epoch": 1, "train_accuracy": 0.5})]) == [{"epoch": 1, "train_acc": 0.5}]


@pytest.mark.parametrize("record", [3, None, "epoch", object(), EpochMetrics, OwnClass])
def test_an_unknown_record_is_refused_with_its_place(record: object) -> None:
    with pytest.raises(RecordError, match="Record 1 of the history"):
        read_history([{"epoch": 1}, record])


def test_a_to_dict_that_returns_no_mapping_is_refused() -> None:
    with pytest.raises(RecordError, match="OwnClass"):
        read_history([OwnClass(3)])  # type: ignore[arg-type]


@pytest.mark.parametrize("history", [None, 3, "history", b"history", {"loss": 1.0}])
def test_what_is_no_list_of_records_is_refused(history: object) -> None:
    with pytest.raises(RecordError, match="no reader knows"):
        read_history(history)


class TupleRecord(NamedTuple):
    epoch: int
    train_accuracy: float


@attrs.define
class AttrsRecord:
    epoch: int
    train_accuracy: float


class PydanticRecord(pydantic.BaseModel):
    epoch: int
    train_accuracy: float


@dataclasses.dataclass(slots=True)
class SlottedRecord:
    epoch: int
    train_accuracy: float


@dataclasses.dataclass
class ToDictRecord:
    """A dataclass whose own `to_dict` says more than its fields."""

    epoch: int
    accuracy: float

    def to_dict(self) -> dict[str, object]:
        return {"epoch": self.epoch, "train_accuracy": self.accuracy}


@pytest.mark.parametrize("kind", [TupleRecord, AttrsRecord, PydanticRecord, SlottedRecord, ToDictRecord])
def test_records_of_other_peoples_kinds_are_read(kind: Callable[..., object]) -> None:
    (record,) = read_history([kind(**{"epoch": 1, list(inspect.signature(kind).parameters)[1]: 0.5})])

    assert dict(record) == {"epoch": 1, "train_acc": 0.5}
    assert record["train_accuracy"] == 0.5


def test_a_record_of_a_users_dataclass_stays_one_of_that_class() -> None:
    (record,) = read_history([OwnRecord(1, 0.5, 0.25)])

    assert isinstance(record, OwnRecord)
    assert record == OwnRecord(1, 0.5, 0.25)
    assert record["train_acc"] == record.train_accuracy == 0.5


def test_an_own_to_dict_decides_and_attributes_that_it_leaves_out_are_kept() -> None:
    (record,) = read_history([ToDictRecord(1, 0.5)])

    assert dict(record) == {"epoch": 1, "train_acc": 0.5}
    assert isinstance(record, ToDictRecord)
    assert record.accuracy == 0.5
    assert record.to_dict() == {"epoch": 1, "train_accuracy": 0.5}


def test_an_attribute_that_was_added_to_a_v2_record_is_kept_as_a_value() -> None:
    metrics = EpochMetrics(1, *[0.5] * 9)
    metrics.auc = 0.25  # type: ignore[attr-defined]

    (record,) = read_history([metrics])

    assert record["auc"] == 0.25
    assert len(record) == 11


def test_a_v2_record_that_lost_an_attribute_is_read_without_it() -> None:
    metrics = EpochMetrics(1, *[0.5] * 9)
    del metrics.val_f1

    (record,) = read_history([metrics])

    assert "val_f1" not in record
    assert len(record) == 9


@pytest.mark.parametrize("is_collecting", [True, False])
def test_a_long_history_leaves_the_garbage_collector_as_it_was(is_collecting: bool) -> None:
    history: list[object] = [EpochMetrics(1, *[0.5] * 9)] * 10_000
    (gc.enable if is_collecting else gc.disable)()
    try:
        assert len(read_history(history)) == 10_000
        with pytest.raises(RecordError):
            read_history([*history, object()])

        assert gc.isenabled() is is_collecting
    finally:
        gc.enable()


def test_a_reader_for_another_table_reads_its_spellings() -> None:
    names = FieldNames.of([Field("X1", "em", "exact_match")])
    reader = HistoryReader(record_class(OwnRecord, names))

    (record,) = reader.read([{"epoch": 1, "exact_match": 0.5, "train_accuracy": 0.75}])

    assert isinstance(record, OwnRecord)
    assert dict(record) == {"epoch": 1, "em": 0.5, "train_accuracy": 0.75}
