"""Values that tracking stores keep in different ways are brought into one form."""

from __future__ import annotations

import math
import sys
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.equivalence import EquivalenceError, Point
from compatkit.equivalence.reading.canonical import canonical_points, canonical_step, canonical_value, cut_notes


class Row(NamedTuple):
    step: object
    value: float
    timestamp: int


rows = st.builds(Row, st.integers(0, 5), st.floats(), st.integers(0, 3))


@given(st.lists(rows), st.randoms())
def test_the_order_of_the_rows_does_not_count(logged: list[Row], random: object) -> None:
    shuffled = list(logged)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random

    assert repr(canonical_points("m", shuffled)) == repr(canonical_points("m", logged))


@given(st.lists(rows, unique_by=lambda row: (row.step, row.timestamp)))
def test_no_value_is_lost(logged: list[Row]) -> None:
    points = canonical_points("m", logged)

    expected = sorted((row.step, canonical_value(row.value).hex()) for row in logged)
    assert sorted((point.step, point.value.hex()) for point in points) == expected


def test_a_row_that_repeats_in_all_counts_once_and_logged_again_later_counts_again() -> None:
    twice = [Row(1, 0.5, 7), Row(1, 0.5, 7)]

    assert canonical_points("m", twice) == (Point(1, 0.5),)
    assert canonical_points("m", [*twice, Row(1, 0.5, 8)]) == (Point(1, 0.5), Point(1, 0.5))


def test_bytes_of_a_numpy_step_are_read() -> None:
    assert canonical_step("m", np.int64(-4).tobytes()) == -4


@pytest.mark.parametrize("step", [1.5, "1", None, b"1"])
def test_a_step_that_is_no_integer_is_an_error(step: object) -> None:
    with pytest.raises(EquivalenceError, match="not an integer"):
        canonical_step("m", step)


def test_infinities_and_zeros_read_as_every_store_keeps_them() -> None:
    assert canonical_value(sys.float_info.max) == math.inf
    assert canonical_value(-sys.float_info.max) == -math.inf
    assert math.copysign(1, canonical_value(-0.0)) == 1


def test_a_text_of_the_stores_limit_is_said_to_be_known_up_to_there() -> None:
    (note,) = cut_notes("param", {"cut": "x" * 6000, "whole": "x" * 5999}, 6000)

    assert "'cut'" in note


def test_values_of_one_step_keep_the_order_in_which_they_were_logged() -> None:
    falling = [Row(0, 0.9, 1), Row(0, 0.5, 2), Row(0, 0.25, 3)]

    assert [point.value for point in canonical_points("m", falling)] == [0.9, 0.5, 0.25]
