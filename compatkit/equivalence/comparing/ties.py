"""Histories whose points have no order that a store tells: equal where one order fits both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from compatkit.equivalence.history import History, Point
from compatkit.equivalence.tolerance import Tolerance


def have_one_order(before: Sequence[Point], after: Sequence[Point], tolerance: Tolerance) -> bool:
    """Tell whether the points of both can be put into one order that neither store contradicts.

    Points of one step that were logged in different milliseconds keep their order.
    """
    if not (isinstance(before, History) and isinstance(after, History)) or len(before) != len(after):
        return False
    if before.ties is None and after.ties is None:
        return False
    left, right = _groups(before), _groups(after)
    mine: list[Point] = []
    other: list[Point] = []
    while True:
        mine, other = mine or next(left, []), other or next(right, [])
        if not mine or not other:
            return not mine and not other
        kept, rest = _unmatched(mine, other, tolerance)
        if len(kept) == len(mine):
            return False
        mine, other = kept, rest


def _groups(history: History) -> Iterator[list[Point]]:
    """Yield the points that are tied to each other."""
    group: list[Point] = []
    for number, point in enumerate(history):
        if group and not (history.ties is not None and history.ties[number]):
            yield group
            group = []
        group.append(point)
    if group:
        yield group


def _unmatched(mine: list[Point], other: list[Point], tolerance: Tolerance) -> tuple[list[Point], list[Point]]:
    """Pair the points that agree, both in the order of their values, and return those that are left."""
    left, right = (sorted(each, key=_place) for each in (mine, other))
    kept, rest = [], []
    while left and right:
        one, two = left[0], right[0]
        if one.step == two.step and tolerance.agree(one.value, two.value):
            left, right = left[1:], right[1:]
        elif _place(one) <= _place(two):
            kept.append(one)
            left = left[1:]
        else:
            rest.append(two)
            right = right[1:]
    return kept + left, rest + right


def _place(point: Point) -> tuple[int, bool, float]:
    # NaN last.
    return point.step, math.isnan(point.value), 0.0 if math.isnan(point.value) else point.value
