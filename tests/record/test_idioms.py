"""One object that unmodified v1 code and unmodified v2 code both read."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections import ChainMap
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.record import EpochMetrics, EpochRecord, RecordError
from compatkit.record.epoch_record import FIELD_NAMES
from tests.record.strategies import TO_V1, v1_dicts

V2 = EpochMetrics(1, 0.5, 0.6, 0.7, 0.8, 0.1, 0.2, 0.3, 1e-3, 2.0)
V1 = {TO_V1.get(key, key): value for key, value in vars(V2).items()}
spellings = pytest.mark.parametrize("key", ["train_acc", "train_accuracy"])


@pytest.fixture
def record() -> EpochRecord:
    return EpochRecord(vars(V2))


@spellings
def test_lookups_accept_either_spelling(record: EpochRecord, key: str) -> None:
    assert record[key] == record.get(key) == getattr(record, key) == 0.7
    assert key in record


@spellings
def test_a_write_through_a_key_is_seen_through_every_other(record: EpochRecord, key: str) -> None:
    record[key] = 0.9

    assert record["train_acc"] == record["train_accuracy"] == record.train_accuracy == 0.9
    assert len(record) == len(V1)


@spellings
def test_a_write_through_an_attribute_is_seen_through_the_keys(record: EpochRecord, key: str) -> None:
    setattr(record, key, 0.9)

    assert record["train_acc"] == record["train_accuracy"] == 0.9
    assert dict(record)["train_acc"] == 0.9


@spellings
def test_pop_and_del_take_the_one_value_away(key: str) -> None:
    popped, deleted = EpochRecord(V1), EpochRecord(V1)

    assert popped.pop(key) == 0.7
    del deleted[key]

    for record in (popped, deleted):
        assert "train_acc" not in record
        assert not hasattr(record, "train_accuracy")


@spellings
def test_setdefault_does_not_overwrite_the_other_spelling(record: EpochRecord, key: str) -> None:
    assert record.setdefault(key, 0.0) == 0.7
    assert EpochRecord().setdefault(key, 0.0) == 0.0


@spellings
def test_an_absent_key_raises_as_a_dict_does(key: str) -> None:
    record = EpochRecord()

    for access in (record.__getitem__, record.pop, record.__delitem__):
        with pytest.raises(KeyError, match=key):
            access(key)
    assert record.get(key) is None
    assert record.get(key, 5) == 5
    assert record.pop(key, 6) == 6


def test_an_absent_value_is_no_attribute_and_no_key() -> None:
    record = EpochRecord({"epoch": 1, "train_acc": 0.5})

    assert not hasattr(record, "val_f1")
    assert "val_f1" not in record
    assert getattr(record, "val_f1", None) is None


def test_iteration_shows_each_metric_once(record: EpochRecord) -> None:
    assert list(record) == list(V1)
    assert dict(record) == {**record} == dict(record.items()) == V1
    assert (lambda **metrics: metrics)(**record) == V1
    assert dict(ChainMap(record)) == V1


def test_it_is_a_dict_a_mapping_and_epoch_metrics(record: EpochRecord) -> None:
    assert isinstance(record, dict)
    assert isinstance(record, Mapping)
    assert isinstance(record, EpochMetrics)


def test_it_equals_both_generations_in_both_directions(record: EpochRecord) -> None:
    for other in (V1, V2, vars(V2), EpochRecord(V1)):
        assert record == other
        assert other == record
        assert not record != other  # noqa: SIM202 - __ne__ is what is tested


def test_it_differs_from_what_differs(record: EpochRecord) -> None:
    for other in ({**V1, "lr": 0.2}, {**V1, "extra": 1}, dataclasses.replace(V2, epoch=2), None, 3, EpochRecord()):
        assert record != other
        assert other != record
    assert record != {**V1, "train_accuracy": 0.0}


def test_copies_are_records_of_their_own(record: EpochRecord) -> None:
    for twin in (copy.copy(record), copy.deepcopy(record), record.copy()):
        assert type(twin) is EpochRecord
        assert twin == record
        twin["epoch"] = 99

    assert record["epoch"] == 1


def test_the_dataclass_functions_see_v2(record: EpochRecord) -> None:
    assert dataclasses.asdict(record) == vars(V2)
    assert dataclasses.astuple(record) == dataclasses.astuple(V2)
    assert dataclasses.replace(record, epoch=7) == dataclasses.replace(V2, epoch=7)
    assert [field.name for field in dataclasses.fields(record)] == list(vars(V2))
    assert record.to_dict() == record.to_v2() == vars(V2)


def test_match_reads_it_as_a_mapping_and_as_a_class(record: EpochRecord) -> None:
    match record:
        case EpochMetrics(epoch=1, train_accuracy=by_class):
            pass
    match record:
        case {"train_acc": by_v1}:
            pass
    match record:
        case {"train_accuracy": by_v2}:
            pass

    assert by_class == by_v1 == by_v2 == 0.7


def test_it_is_built_as_the_dataclass_is() -> None:
    assert EpochRecord(*vars(V2).values()) == EpochRecord(**vars(V2)) == EpochRecord(V1) == V2
    with pytest.raises(TypeError, match="at most 10 fields"):
        EpochRecord(*range(11))


def test_merging_with_either_spelling_replaces_the_value(record: EpochRecord) -> None:
    updated = record.copy()
    updated |= {"train_accuracy": 0.1}
    by_update = record.copy()
    by_update.update({"train_acc": 0.1})

    for merged in (record | {"train_accuracy": 0.1}, updated, by_update, {"train_acc": 3.0} | (record | {"lr": 1})):
        assert type(merged) is EpochRecord
        assert len(merged) == len(V1)
    assert updated["train_acc"] == by_update["train_accuracy"] == 0.1


def test_both_spellings_that_agree_are_accepted() -> None:
    record = EpochRecord({"train_accuracy": math.nan, "train_acc": float("nan")})

    assert len(record) == 1
    assert math.isnan(record.train_accuracy)


def test_both_spellings_that_differ_are_an_error_that_names_epoch_keys_and_values() -> None:
    with pytest.raises(RecordError) as caught:
        EpochRecord({"epoch": 3, "train_acc": 0.81, "train_accuracy": 0.79})

    for part in ("CK201", "epoch 3", "'train_acc' (0.81)", "'train_accuracy' (0.79)"):
        assert part in str(caught.value)


@given(v1_dicts, st.sampled_from(sorted(TO_V1)), st.floats())
def test_any_write_is_read_back_under_both_spellings(content: dict[str, object], name: str, value: float) -> None:
    record = EpochRecord(content)

    record[name] = value

    assert record[TO_V1[name]] is value
    assert getattr(record, name) is value
    assert set(record) == {*content, TO_V1[name]}


def test_extra_keys_read_and_write_as_attributes(record: EpochRecord) -> None:
    record["auc"] = 0.5
    record.auc = 0.75
    record.support = 12

    assert record["auc"] == record.auc == 0.75
    assert record["support"] == 12
    assert not hasattr(EpochRecord(), "auc")


def test_a_key_called_as_a_method_of_dict_hides_no_method(record: EpochRecord) -> None:
    record["items"] = 3

    assert dict(record.items()) == {**V1, "items": 3}
    assert record.to_v2()["items"] == 3
    assert dataclasses.asdict(record) == vars(V2)


def test_the_dataclass_functions_see_what_is_there_and_keep_extra_keys() -> None:
    record = EpochRecord({"auc": 0.25, "train_acc": 0.5, "epoch": 1, "val/top 5": 0.9})

    assert dataclasses.asdict(record) == {"epoch": 1, "train_accuracy": 0.5, "auc": 0.25, "val/top 5": 0.9}
    assert dataclasses.astuple(record) == (1, 0.5, 0.25, 0.9)
    assert dataclasses.replace(record, epoch=2) == {**record, "epoch": 2}
    assert [field.name for field in dataclasses.fields(EpochRecord)] == list(vars(V2))


def test_equality_treats_nan_as_the_dict_and_the_dataclass_do() -> None:
    nan = math.nan
    content = {**V1, "val_loss": nan}
    record, metrics = EpochRecord(content), dataclasses.replace(V2, val_loss=nan)

    assert record == content
    assert content == record
    assert record == metrics
    assert metrics == record
    # Another NaN object is unequal in either generation, hence here.
    assert record != {**content, "val_loss": float("nan")}


def test_sorted_items_fromkeys_and_chain_map_see_v1(record: EpochRecord) -> None:
    assert sorted(record.items()) == sorted(V1.items())
    assert EpochRecord.fromkeys(["train_accuracy", "epoch"], 0) == {"train_acc": 0, "epoch": 0}
    assert ChainMap({}, record)["train_accuracy"] == 0.7


@spellings
def test_an_absent_value_is_an_attribute_error_as_attribute_and_a_key_error_as_key(key: str) -> None:
    record = EpochRecord({"epoch": 1})

    for error, access in ((AttributeError, getattr), (KeyError, EpochRecord.__getitem__)):
        with pytest.raises(error, match=r"'train_acc.*' is not in this record, which has epoch"):
            access(record, key)
    with pytest.raises(AttributeError, match=key):
        delattr(record, key)


@spellings
def test_del_of_an_attribute_takes_the_key_away(record: EpochRecord, key: str) -> None:
    delattr(record, key)

    assert key not in record
    assert len(record) == len(V1) - 1


def test_what_cannot_work_has_a_one_line_way_out(record: EpochRecord) -> None:
    assert type(record) is not dict
    with pytest.raises(TypeError, match="unhashable"):
        hash(record)

    assert type(record.to_v1()) is dict
    assert record.to_v1() == V1
    assert record.to_v2() == vars(V2)
    assert EpochMetrics(**record.to_v2()) == V2


@given(st.permutations(list(FIELD_NAMES)), st.integers(0, 10), st.booleans())
def test_it_is_built_in_the_given_order_whatever_is_there(names: list[str], count: int, is_extra: bool) -> None:
    order = list(FIELD_NAMES) if count == 10 else names[:count]
    given_values: dict[str, object] = {name: object() for name in [*order, *(["lr_min"] if is_extra else [])]}
    expected = [(TO_V1.get(name, name), value) for name, value in given_values.items()]

    assert list(EpochRecord(given_values).items()) == expected
    assert list(EpochRecord(**given_values).items()) == expected
    assert list(EpochRecord(list(given_values.items())).items()) == expected
