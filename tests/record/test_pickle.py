"""Pickles and copies of records, those of an older release included."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.record import EpochRecord, record_class
from tests.record.strategies import v1_dicts

protocols = pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
FIXTURES = Path(__file__).parents[2] / "fixtures" / "records"


@dataclass
class Score:
    """A user's own record class."""

    step: int
    train_accuracy: float = 0.0


class MyRecord(EpochRecord):
    """A user's own subclass."""


class MyScore(record_class(Score)):  # type: ignore[misc]  # a class made at run time
    """A user's own subclass of a class made for their metrics."""


@given(v1_dicts, st.integers(0, pickle.HIGHEST_PROTOCOL), st.sampled_from([EpochRecord, MyRecord, MyScore]))
def test_pickle_keeps_type_content_and_order(content: dict[str, object], protocol: int, cls: type[EpochRecord]) -> None:
    again = pickle.loads(pickle.dumps(cls(content), protocol))

    assert type(again) is cls
    assert list(again) == list(content)
    assert repr(dict(again)) == repr(content)


@protocols
def test_pickle_keeps_attributes_that_are_no_values(protocol: int) -> None:
    record = EpochRecord({"epoch": 1})
    record._note = "kept"

    for twin in (pickle.loads(pickle.dumps(record, protocol)), copy.copy(record), record.copy()):
        assert twin._note == "kept"
        assert dict(twin) == {"epoch": 1}


@protocols
def test_a_record_of_a_users_class_pickles_where_the_class_does(protocol: int) -> None:
    record = record_class(Score)({"step": 1, "train_acc": 0.5})

    again = pickle.loads(pickle.dumps(record, protocol))

    assert type(again) is type(record)
    assert isinstance(again, Score)
    assert again == record


@protocols
def test_a_pickle_of_release_0_1_0_loads(protocol: int) -> None:
    stored = (FIXTURES / f"epoch_record_0.1.0_protocol_{protocol}.pickle").read_bytes()

    record = pickle.loads(stored)

    assert type(record) is EpochRecord
    # An attribute that no field declared was beside the dict then; now it is a value like any other.
    assert record == {"epoch": 3, "train_loss": 0.5, "train_acc": 0.75, "auc": 0.5, "note": "kept"}
    assert record.train_accuracy == 0.75
    assert record.note == "kept"


def test_a_deep_copy_shares_nothing() -> None:
    record = EpochRecord({"epoch": 1, "confusion": [[1, 0], [0, 1]]})

    twin = copy.deepcopy(record)
    twin["confusion"][0][0] = 9

    assert record["confusion"] == [[1, 0], [0, 1]]
