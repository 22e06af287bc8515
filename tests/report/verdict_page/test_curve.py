"""A curve pairs the points of two runs as the comparison does, and measures what the verdict measures."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from compatkit.equivalence import Point, Policy, Snapshot, compare_snapshots
from compatkit.equivalence.difference import Kind
from compatkit.report.verdict_page.curve import curve_of
from tests.equivalence.strategies import histories, numbers

# A step may be logged more than once.
repeated = st.lists(st.tuples(st.integers(0, 8), numbers), min_size=1, max_size=12).map(
    lambda rows: tuple(Point(*row) for row in sorted(rows, key=lambda row: row[0]))
)
some = histories() | repeated


@given(before=some, after=some)
def test_points_that_differ_are_those_of_the_verdict(before: tuple[Point, ...], after: tuple[Point, ...]) -> None:
    found = compare_snapshots(
        Snapshot("a", metrics={"loss": before}), Snapshot("b", metrics={"loss": after}), Policy.exact()
    ).deciding
    values = [difference for difference in found if difference.kind is Kind.METRIC_VALUE]

    curve = curve_of("loss", before, after)

    # Histories that are only shifted are told as such, and not value by value.
    if not any(difference.hint for difference in found):
        assert int((curve.apart > 0).sum()) == sum(difference.count for difference in values)
    for difference in values:
        assert int((curve.has_before & curve.has_after).sum()) == difference.of
        assert int(curve.steps[(curve.apart > 0).argmax()]) == difference.first_step
        assert difference.distance is None or curve.largest >= difference.distance.absolute


@given(before=some, after=some)
def test_curve_is_equal_just_where_no_difference_is_found(before: tuple[Point, ...], after: tuple[Point, ...]) -> None:
    verdict = compare_snapshots(
        Snapshot("a", metrics={"loss": before}), Snapshot("b", metrics={"loss": after}), Policy.exact()
    )

    assert curve_of("loss", before, after).is_equal == verdict.is_equivalent


@given(before=some, after=some)
def test_no_point_is_lost_or_made(before: tuple[Point, ...], after: tuple[Point, ...]) -> None:
    curve = curve_of("loss", before, after)

    for points, values, has in ((before, curve.before, curve.has_before), (after, curve.after, curve.has_after)):
        drawn = [(int(step), repr(float(value))) for step, value in zip(curve.steps[has], values[has], strict=True)]
        assert drawn == [(step, repr(float(value))) for step, value in points]


def test_distance_of_what_is_not_finite_is_infinite_and_of_equal_infinities_none() -> None:
    inf, nan = math.inf, math.nan
    before = [Point(step, value) for step, value in enumerate([inf, nan, inf, nan, 1.7e308])]
    after = [Point(step, value) for step, value in enumerate([inf, nan, -inf, 1.0, -1.7e308])]

    assert curve_of("loss", before, after).apart.tolist()[:4] == [0.0, 0.0, inf, inf]
    assert math.isfinite(curve_of("loss", before, after).apart[4])


def test_a_step_that_no_64_bits_hold_is_drawn_at_the_edge() -> None:
    curve = curve_of("loss", [Point(0, 1.0), Point(10**30, 2.0)], [Point(0, 1.0)])

    assert curve.has_before.tolist() == [True, True]
    assert curve.has_after.tolist() == [True, False]
