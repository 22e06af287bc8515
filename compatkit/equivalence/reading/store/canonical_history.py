"""The canonical form of a history, in arrays: what `canonical_points` says, for a million points at a time."""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from compatkit.equivalence.history import History

_Ints = NDArray[np.int64]
_Doubles = NDArray[np.float64]


def canonical_history(steps: _Ints, times: _Ints, values: _Doubles, order: _Ints | None = None) -> History:
    """Order the points by step and time; a row that repeats step, time and value counts once.

    Points of one step and millisecond are in the `order` in which the store took them, where that is known and the
    times agree with it: several threads, as of MLflow's asynchronous logging, store points in any order. Else they are
    tied, and in the order of their values, NaN last.
    """
    # No negative zero, and SQLite's largest double for an infinity.
    values = values + 0.0
    largest = np.abs(values) == sys.float_info.max
    values[largest] = np.copysign(np.inf, values[largest])
    if np.all(steps[1:] > steps[:-1]):
        return History(steps, values)
    is_told = order is not None and _agrees(steps, times, order)
    placed = np.lexsort((order if order is not None and is_told else values, times, steps))
    steps, times, values = steps[placed], times[placed], values[placed]
    same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    is_tied = np.zeros(len(steps), dtype=bool)
    is_tied[1:] = (steps[1:] == steps[:-1]) & (times[1:] == times[:-1])
    is_new = np.ones(len(steps), dtype=bool)
    is_new[1:] = ~(same & is_tied[1:])
    if is_told or not is_tied[is_new].any():
        return History(steps[is_new], values[is_new])
    return History(steps[is_new], values[is_new], is_tied[is_new])


def _agrees(steps: _Ints, times: _Ints, order: _Ints) -> bool:
    """Tell whether no point was stored before one of its step that was logged earlier."""
    stored = np.lexsort((order, steps))
    same_step = steps[stored][1:] == steps[stored][:-1]
    return not bool(np.any(same_step & (times[stored][1:] < times[stored][:-1])))
