"""Histories in arrays are ordered and judged as point by point."""

from __future__ import annotations

import math
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from compatkit.equivalence import Point
from compatkit.equivalence.comparing.histories import suspects
from compatkit.equivalence.history import History
from compatkit.equivalence.reading.canonical import canonical_history, canonical_points
from tests.equivalence.reading.test_canonical import Row, rows

LARGEST = sys.float_info.max
values = st.one_of(st.floats(), st.sampled_from([LARGEST, -LARGEST, -0.0, 1.0, 1.0 + 1e-7]))


def is_apart(one: float, other: float, rtol: float, atol: float) -> bool:
    if one == other or (math.isnan(one) and math.isnan(other)):
        return False
    is_finite = math.isfinite(one) and math.isfinite(other)
    return not is_finite or abs(one - other) > atol + rtol * max(abs(one), abs(other))


bounds = st.sampled_from([0.0, 1e-6, 0.5, 1.0])


@given(st.lists(rows | st.builds(Row, st.just(3), values, st.just(1))))
def test_the_canonical_form_is_that_of_points(logged: list[Row]) -> None:
    columns = zip(*logged, strict=True) if logged else ((), (), ())
    steps, numerals, times = columns

    arrays = canonical_history(
        np.array(steps, dtype=np.int64), np.array(times, dtype=np.int64), np.array(numerals, float)
    )

    assert repr(arrays) == repr(canonical_points("m", logged))


@given(st.lists(st.tuples(values, values), max_size=6), bounds, bounds)
def test_a_suspect_is_who_does_not_agree(pairs: list[tuple[float, float]], rtol: float, atol: float) -> None:
    before = History.of((step, one) for step, (one, _) in enumerate(pairs))
    after = tuple(Point(step, other) for step, (_, other) in enumerate(pairs))

    found = suspects(before, after, rtol=rtol, atol=atol)

    apart = [
        (one, other) for one, other in zip(before, after, strict=True) if is_apart(one.value, other.value, rtol, atol)
    ]
    assert repr(found) == repr(apart)


@given(st.lists(st.integers(), max_size=4), st.lists(st.integers(), max_size=4))
def test_other_steps_are_noticed_at_any_size(left: list[int], right: list[int]) -> None:
    before, after = ([Point(step, 0.5) for step in steps] for steps in (left, right))

    assert (suspects(before, after, rtol=0.0, atol=0.0) is None) == (left != right)
