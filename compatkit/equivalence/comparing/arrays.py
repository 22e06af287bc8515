"""Two long histories at once: which of their points need a closer look."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from compatkit.equivalence.history import History, Point, as_history


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
