"""Reading a history, of either format or mixed, invents no key, loses none and changes no value."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import given

from compatkit.record import EpochMetrics, EpochRecord, RecordError, read_history
from tests.record.strategies import Case, OwnClass, histories, v2_cases


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


@pytest.mark.parametrize("history", [None, 3, "history", b"history", {"loss": [1.0]}])
def test_what_is_no_list_of_records_is_refused(history: object) -> None:
    with pytest.raises(RecordError, match="not a list of records"):
        read_history(history)  # type: ignore[arg-type]
