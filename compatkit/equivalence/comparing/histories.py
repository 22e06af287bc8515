"""Compare whole histories of two runs: find the points that need a closer look, and those without an order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from compatkit.equivalence.history import History, Point, as_history
from compatkit.equivalence.tolerance import Tolerance


def suspects(
    before: Sequence[Point], after: Sequence[Point], *, rtol: float, atol: float
) -> list[tuple[Point, Point]] | None:
    """Return the pairs of points that do not agree within these bounds, or None where the steps differ.

    The arithmetic is that of one pair of doubles, operation by operation, so that no pair is judged otherwise here.
    """
    try:
        left, right = as_history(before), as_history(after)
    except OverflowError:
        # A step beyond 64 bits, of a file store.
        if [point.step for point in before] != [point.step for point in after]:
            return None
        return list(zip(before, after, strict=True))
    if not np.array_equal(left.steps, right.steps):
        return None
    places = np.flatnonzero(_apart(left, right, rtol, atol))
    steps = left.steps[places].tolist()
    ones, others = left.values[places].tolist(), right.values[places].tolist()
    return list(zip(map(Point, steps, ones), map(Point, steps, others), strict=True))


def _apart(left: History, right: History, rtol: float, atol: float) -> NDArray[np.bool_]:
    one, other = left.values, right.values
    apart: NDArray[np.bool_] = ~((one == other) | (np.isnan(one) & np.isnan(other)))
    if apart.any() and (rtol or atol):
        with np.errstate(invalid="ignore", over="ignore"):
            near = np.abs(one - other) <= atol + rtol * np.maximum(np.abs(one), np.abs(other))
        # An infinity is near to nothing but itself.
        apart &= ~(near & np.isfinite(one) & np.isfinite(other))
    return apart


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
    left, right = (sorted(side, key=_place) for side in (mine, other))
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
