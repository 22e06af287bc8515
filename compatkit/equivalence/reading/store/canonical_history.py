"""The canonical form of a history, in arrays: what `canonical_points` says, for a million points at a time."""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from compatkit.equivalence.history import History

_Ints = NDArray[np.int64]
_Doubles = NDArray[np.float64]


def canonical_history(steps: _Ints, times: _Ints, values: _Doubles) -> History:
    """Order the points by step, time and value, NaN last; a row that repeats all three counts once."""
    # No negative zero, and SQLite's largest double for an infinity.
    values = values + 0.0
    largest = np.abs(values) == sys.float_info.max
    values[largest] = np.copysign(np.inf, values[largest])
    if np.all(steps[1:] > steps[:-1]):
        return History(steps, values)
    order = np.lexsort((values, times, steps))
    steps, times, values = steps[order], times[order], values[order]
    same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    is_new = np.ones(len(steps), dtype=bool)
    is_new[1:] = ~(same & (steps[1:] == steps[:-1]) & (times[1:] == times[:-1]))
    return History(steps[is_new], values[is_new])
