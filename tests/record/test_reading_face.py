"""Records that stay what they are: reading one by v1's names changes neither it nor its class, and hides no error."""

from __future__ import annotations

import copy
import pickle
from collections import ChainMap, Counter, OrderedDict, UserDict, defaultdict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.record import EpochRecord
from compatkit.record.compat_record import spellings_of
from compatkit.record.reading_face import face_class, faced, mapping_twin

NAMES = spellings_of(EpochRecord)
V2 = {"epoch": 1, "train_accuracy": 0.5}


class Row(NamedTuple):
    epoch: int
    train_accuracy: float


def face() -> type:
    made = face_class(Row, NAMES, "_asdict")
    assert made is not None
    return made


def read(row: Row) -> Any:
    return faced(row, face())


def test_a_key_that_is_not_there_is_a_key_error_and_a_place_stays_a_place() -> None:
    row = read(Row(1, 0.5))

    assert (row["train_acc"], row["train_accuracy"], row[0], row[-1]) == (0.5, 0.5, 1, 0.5)
    with pytest.raises(KeyError):
        row["val_acc"]
    assert row.get("val_acc", 7) == 7
    with pytest.raises(IndexError):
        row[2]


@given(st.integers(), st.floats(allow_nan=False))
def test_neither_the_record_nor_its_class_is_changed(epoch: int, accuracy: float) -> None:
    plain = Row(epoch, accuracy)
    before = dict(vars(Row))

    row = read(plain)

    assert type(plain) is Row
    assert vars(Row) == before
    assert row == plain
    assert hash(row) == hash(plain)
    assert row != plain._replace(epoch=epoch + 1)
    assert not row == {"epoch": epoch + 1, "train_acc": accuracy}  # noqa: SIM201  # it asks __eq__
    assert row != {"epoch": epoch + 1, "train_acc": accuracy}


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, lambda row: pickle.loads(pickle.dumps(row))])
def test_a_copy_is_read_as_before(make: Callable[[Any], Any]) -> None:
    twin = make(read(Row(1, 0.5)))

    assert isinstance(twin, Row)
    assert (twin["train_acc"], tuple(twin)) == (0.5, (1, 0.5))


MAPPINGS: list[Callable[[dict[str, Any]], Any]] = [
    OrderedDict,
    UserDict,
    Counter,
    lambda entries: defaultdict(float, entries),
    lambda entries: ChainMap({}, entries),
]


@pytest.mark.parametrize("make", MAPPINGS)
def test_a_mapping_that_is_read_by_either_name_leaves_the_trainers_own_alone(
    make: Callable[[dict[str, Any]], Any],
) -> None:
    record = make(dict(V2))

    twin = mapping_twin(NAMES, record)
    twin["train_accuracy"] = 0.75
    (twin.maps[1] if isinstance(twin, ChainMap) else twin).pop("epoch")

    assert dict(record) == V2
    assert twin["train_acc"] == 0.75
    assert "epoch" not in twin
    assert "train_accuracy" not in list(twin)


@pytest.mark.parametrize("make", MAPPINGS[:-1])
def test_what_contradicts_itself_equals_no_record(make: Callable[[dict[str, Any]], Any]) -> None:
    twin = mapping_twin(NAMES, make(dict(V2)))
    contradiction: Mapping[str, Any] = {**V2, "train_acc": 0.25}

    assert not twin == contradiction  # noqa: SIM201  # it asks __eq__
    assert twin != contradiction


def test_an_attribute_that_is_not_there_is_an_attribute_error() -> None:
    twin = mapping_twin(NAMES, OrderedDict(V2))

    assert twin.train_accuracy == 0.5
    assert not hasattr(twin, "val_accuracy")
    assert not hasattr(twin, "_private")
    assert len(twin) == 2
