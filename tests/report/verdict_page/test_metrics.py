"""Of a long curve the extremes are drawn: what a person looks for does not fall out."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from compatkit.equivalence import Point
from compatkit.report.verdict_page.curve import Curve, curve_of
from compatkit.report.verdict_page.metrics import drawn_points, farthest_points, stretches

LENGTH = 1_500


def long_curve(seed: int, *, planted: dict[int, float]) -> Curve:
    values = np.random.default_rng(seed).standard_normal(LENGTH)
    before = [Point(step, float(value)) for step, value in enumerate(values)]
    after = [Point(step, planted.get(step, value)) for step, value in before]
    return curve_of("loss", before, after)


@settings(max_examples=30)
@given(
    step=st.integers(0, LENGTH - 1),
    value=st.sampled_from([1e9, -1e9, math.nan, math.inf]),
    count=st.integers(20, 160),
)
def test_one_value_that_stands_out_is_drawn(step: int, value: float, count: int) -> None:
    curve = long_curve(3, planted={step: value})

    places = drawn_points(curve, count)

    assert step in curve.steps[places]
    assert step in curve.steps[farthest_points(curve, count)]
    assert len(places) <= 8 * count + 2


@settings(max_examples=30)
@given(step=st.integers(0, LENGTH - 1))
def test_a_difference_of_one_ulp_is_drawn(step: int) -> None:
    equal = long_curve(3, planted={})
    curve = long_curve(3, planted={step: float(np.nextafter(equal.before[step], math.inf))})

    assert step in curve.steps[drawn_points(curve, 20)]


@settings(max_examples=30)
@given(step=st.integers(0, LENGTH - 1))
def test_the_step_where_runs_part_is_kept(step: int) -> None:
    assert step in drawn_points(long_curve(3, planted={}), 20, keep=(step,))


def test_both_ends_are_drawn() -> None:
    places = drawn_points(long_curve(3, planted={}), 20)

    assert (places[0], places[-1]) == (0, LENGTH - 1)
    assert (np.diff(places) > 0).all()


def test_a_short_curve_is_drawn_whole() -> None:
    curve = curve_of("loss", [Point(step, 1.0) for step in range(100)], [])

    assert drawn_points(curve, 20).tolist() == list(range(100))


def test_steps_at_both_ends_of_64_bits_are_cut() -> None:
    before = [Point(step, float(step)) for step in (-(2**62), *range(300), 2**62)]

    assert len(drawn_points(curve_of("loss", before, before), 20)) < 300


def test_more_metrics_get_fewer_points_each() -> None:
    assert stretches(1) > stretches(100) > 0
    assert stretches(10**6) > 0
