"""Thin a long curve to the points that are drawn: of every stretch of steps the extremes, never a mean.

The scheme is the one of time-series viewers (minimum and maximum of every pixel column), with the largest difference
and the first value that is no number beside them, so that nothing that would be looked for falls out.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compatkit.report.verdict_page.curve import Curve

# Points a page draws for one comparison, before it thins out; a page of 300 metrics stays below 2 MB with it.
_BUDGET = 36_000
_FEWEST, _MOST = 20, 160  # stretches of one curve
_EACH = 5  # points that a stretch keeps, as a rule


def stretches(curves: int) -> int:
    """Return into how many stretches of steps each of so many curves may be cut."""
    return max(_FEWEST, min(_MOST, _BUDGET // (_EACH * max(curves, 1))))


def drawn_points(curve: Curve, count: int, *, keep: tuple[int, ...] = ()) -> NDArray[Any]:
    """Return the places of the points to draw, ascending: all of a short curve, of a long one the extremes.

    `keep` are steps that must stay, such as the one where two runs part.
    """
    total = len(curve.steps)
    if total <= _EACH * count:
        return np.arange(total)
    chosen = {0, total - 1, *(place for step in keep for place in np.flatnonzero(curve.steps == step)[:1])}
    for begin, end in _bounds(curve, count):
        chosen.update(begin + place for place in _extremes(curve, slice(begin, end)))
    return np.array(sorted(chosen))


def farthest_points(curve: Curve, count: int) -> NDArray[Any]:
    """Return the places whose distances to draw, ascending: all of a short curve, of a long one the largest each."""
    if len(curve.steps) <= _EACH * count:
        return np.arange(len(curve.steps))
    return np.array([begin + _farthest(curve, slice(begin, end)) for begin, end in _bounds(curve, count)])


def _farthest(curve: Curve, part: slice) -> int:
    return int(np.argmax(np.nan_to_num(curve.apart[part], nan=-1.0, posinf=np.inf)))


def _bounds(curve: Curve, count: int) -> list[tuple[int, int]]:
    """Cut the axis, not the list: steps may be unevenly spread."""
    # As doubles: the distance of two 64-bit steps need not be one.
    edges = np.linspace(float(curve.steps[0]), float(curve.steps[-1]), count + 1)[1:-1]
    cuts = [0, *np.searchsorted(curve.steps, edges), len(curve.steps)]
    return [(int(begin), int(end)) for begin, end in pairwise(cuts) if begin < end]


def _extremes(curve: Curve, part: slice) -> set[int]:
    found: set[int] = set()
    for values, has in ((curve.before[part], curve.has_before[part]), (curve.after[part], curve.has_after[part])):
        finite = np.isfinite(values)
        if finite.any():
            found.add(int(np.argmin(np.where(finite, values, np.inf))))
            found.add(int(np.argmax(np.where(finite, values, -np.inf))))
        if (has & ~finite).any():
            found.add(int(np.argmax(has & ~finite)))
    found.add(_farthest(curve, part))
    return found
