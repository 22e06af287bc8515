"""CPython's own tests of what a dict does, run on records; where a record differs, the reason is stated."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from test import mapping_tests

from compatkit.record import CompatRecord, EpochRecord, FieldNames, record_class
from compatkit.record.names import default_names


@dataclass
class Score:
    step: int
    train_accuracy: float = 0.0


@dataclass(slots=True)
class SlottedScore:
    step: int
    train_accuracy: float = 0.0


class Plain:
    def __init__(self, step: int) -> None:
        self.step = step

    def to_dict(self) -> dict[str, object]:
        return dict(vars(self))


_BY_IDENTITY = "a class that compares by identity, as `object` does, has records that do"
DIFFERS = {
    ("any", "test_repr"): "a record says its class, and is written as its class writes itself",
    ("SlottedScore", "test_fromkeys"): "`record.__class__` is the class for whose instance it passes",
    ("Plain", "test_repr_deep"): "a class that is written as `object` is has records that are",
    **dict.fromkeys((("Plain", f"test_{name}") for name in ("constructor", "eq", "copy", "update")), _BY_IDENTITY),
}
TESTS = sorted(name for name in dir(mapping_tests.TestHashMappingProtocol) if name.startswith("test_"))
KINDS = [EpochRecord, *(record_class(kind) for kind in (Score, SlottedScore, Plain, object))]
KINDS.append(record_class(Score, FieldNames(())))


CASES = [(kind, name) for kind in KINDS for name in TESTS]


@pytest.mark.parametrize(
    ("kind", "name"),
    [case for case in CASES if not {(case[0].__name__, case[1]), ("any", case[1])} & DIFFERS.keys()],
)
def test_a_record_does_what_cpython_asks_of_a_dict(kind: type[CompatRecord], name: str) -> None:
    case = type("Case", (mapping_tests.TestHashMappingProtocol,), {"type2test": kind})(name)

    result = case.run()

    assert result is not None
    assert result.testsRun == 1
    assert [*result.errors, *result.failures, *result.skipped] == []


def test_the_difference_is_in_the_class_name_alone() -> None:
    record = record_class(object, default_names())({1: "a", 2: ["b"]})

    assert repr(record) == "Record({1: 'a', 2: ['b']})"
    assert repr(dict(record)) == "{1: 'a', 2: ['b']}"
