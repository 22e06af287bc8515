"""Whatever was logged, a chart lies within its frame, and its labels tell its ends apart."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.equivalence import Point
from compatkit.report.verdict_page.chart import FLAT, SMALL, TALL, ChartSides, LogScale, Scale, draw
from compatkit.report.verdict_page.curve import curve_of

values = st.floats(allow_nan=True, allow_infinity=True)
any_history = st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), values), max_size=8).map(
    lambda rows: tuple(Point(*row) for row in sorted(rows))
)


@given(before=any_history, after=any_history, frame=st.sampled_from([TALL, FLAT, SMALL]))
def test_every_coordinate_is_a_number_within_the_frame(
    before: tuple[Point, ...], after: tuple[Point, ...], frame: ChartSides
) -> None:
    curve = curve_of("loss", before, after)
    if not len(curve.steps):
        return
    places = np.arange(len(curve.steps))

    chart = draw(curve, places, places, frame, first_step=int(curve.steps[0]))

    for path in (chart.before, chart.after, chart.apart, chart.never):
        assert re.fullmatch(r"[MLVh \d.]*", path)
        for x, y in re.findall(r"([\d.]+) ([\d.]+)", path):
            assert frame.left <= float(x) <= frame.right
            assert 0 <= float(y) <= frame.height


@given(low=st.floats(allow_nan=False, allow_infinity=False), high=st.floats(allow_nan=False, allow_infinity=False))
def test_labels_tell_the_ends_apart_and_fit_the_margin(low: float, high: float) -> None:
    scale = Scale(min(low, high), max(low, high), 0, 1)

    texts = [text for _, text in scale.labels]

    assert len(set(texts)) == len(texts)
    assert all(len(text) <= 13 for text in texts)


@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=6))
def test_a_scale_keeps_the_order(numbers: list[float]) -> None:
    scale = Scale.over(numbers, 0, 100)

    assert scale is not None
    places = [scale.place(number) for number in sorted(numbers)]
    assert places == sorted(places)
    assert all(0 <= place <= 100 for place in places)


@given(distances=st.lists(st.floats(5e-324, 1.7e308), min_size=1, max_size=6))
def test_a_log_scale_keeps_the_order(distances: list[float]) -> None:
    scale = LogScale.over(distances, 0, 100)

    assert scale is not None
    places = [scale.place(distance) for distance in sorted(distances)]
    assert places == sorted(places)
    assert places[0] >= -1e-9
    assert places[-1] <= 100 + 1e-9


@pytest.mark.parametrize("values", [[], [math.nan], [math.inf, -math.inf]])
def test_there_is_no_scale_of_nothing(values: list[float]) -> None:
    assert Scale.over(values, 0, 1) is None
    assert LogScale.over(values, 0, 1) is None


def test_a_value_that_is_no_number_is_a_gap_and_a_cross() -> None:
    history = [Point(1, 0.5), Point(2, math.nan), Point(3, 0.25)]
    curve = curve_of("loss", history, history)

    chart = draw(curve, np.arange(3), np.arange(3), SMALL, first_step=None)

    assert chart.before.count("M") == 2
    assert chart.lost_before.count("M") == 1


def test_a_point_that_a_run_has_not_is_no_gap() -> None:
    curve = curve_of("loss", [Point(1, 0.5), Point(3, 0.25)], [Point(1, 0.5), Point(2, 0.4), Point(3, 0.25)])

    chart = draw(curve, np.arange(3), np.arange(3), TALL, first_step=2)

    assert chart.before.count("M") == 1
    assert not chart.lost_before
