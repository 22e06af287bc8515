"""Generated records: v1, v2 or of somebody's own class, with extra keys, gaps, NaN and infinities."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

from hypothesis import strategies as st

from compatkit.migration import find_migration
from compatkit.record import EpochMetrics

TO_V1 = {field.v2: field.v1 for field in find_migration().fields}
V2_NAMES = [field.name for field in fields(EpochMetrics)]
V1_NAMES = [TO_V1.get(name, name) for name in V2_NAMES]

values = st.one_of(st.floats(), st.integers(), st.none(), st.text(max_size=5))
extra_keys = st.text(min_size=1, max_size=8).filter(lambda key: key not in {*V1_NAMES, *V2_NAMES})


@dataclass
class OwnRecord:
    """A user's own record class, without `to_dict`."""

    epoch: int
    train_accuracy: float
    my_metric: float


class OwnClass:
    """A user's own class that has no fields, but `to_dict`."""

    def __init__(self, content: dict[str, object]) -> None:
        self.content = content

    def to_dict(self) -> dict[str, object]:
        return self.content


class Case(NamedTuple):
    """A record as a trainer returned it, and what it says, under v1 keys."""

    record: object
    content: dict[str, object]


v1_dicts = st.builds(
    lambda known, extra: {**known, **extra},
    st.dictionaries(st.sampled_from(V1_NAMES), values),
    st.dictionaries(extra_keys, values, max_size=3),
)


def _renamed(content: dict[str, object]) -> dict[str, object]:
    return {TO_V1.get(key, key): value for key, value in content.items()}


v1_cases = v1_dicts.map(lambda content: Case(content, dict(content)))
v2_cases = st.builds(EpochMetrics, st.integers(0, 10**6), *[st.floats()] * 9).map(
    lambda record: Case(record, _renamed(vars(record)))
)
own_dataclass_cases = st.builds(OwnRecord, st.integers(0, 99), st.floats(), st.floats()).map(
    lambda record: Case(record, _renamed(vars(record)))
)
own_class_cases = v1_dicts.map(lambda content: Case(OwnClass(content), dict(content)))
cases = st.one_of(v1_cases, v2_cases, own_dataclass_cases, own_class_cases)
histories = st.lists(cases, max_size=6)
