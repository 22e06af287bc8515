"""The one form in which values are compared that tracking stores keep in different ways."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.history import History
from compatkit.equivalence.snapshot import Point

# Measured on MLflow 3.17: the SQL stores cut here without a word; the file store does not cut tags.
PARAM_LIMIT = 6000  # characters
TAG_LIMIT = 8000  # characters
# The one of MLflow's own tags that a user writes, with `start_run(description=...)`; the others name the occasion.
DESCRIPTION = "mlflow.note.content"


class LoggedPoint(Protocol):
    """MLflow's `Metric`, as far as it is read here."""

    @property
    def step(self) -> object: ...
    @property
    def value(self) -> float: ...
    @property
    def timestamp(self) -> int: ...


def canonical_points(name: str, logged: Iterable[LoggedPoint]) -> tuple[Point, ...]:
    """Order a history by step, as SQL stores do and file stores do not, then by the time it was logged.

    A row that repeats step, value and timestamp counts once: file stores keep it twice, SQL stores once. A value
    that was logged again later counts again. What was logged for one step within a millisecond has no order that
    any store keeps; it is ordered by value.
    """
    rows = {(canonical_step(name, row.step), row.timestamp, _bits(row.value)) for row in logged}
    points = ((step, timestamp, float.fromhex(text)) for step, timestamp, text in rows)
    # NaN last; numbers as numbers, not as text: a tolerance must find neighbours in the same place on both sides.
    ordered = sorted(points, key=lambda row: (row[0], row[1], math.isnan(row[2]), 0 if math.isnan(row[2]) else row[2]))
    return tuple(Point(step, value) for step, _, value in ordered)


def canonical_step(name: str, step: object) -> int:
    """Return a step as an int. SQLite keeps a `numpy.int64` as eight raw bytes, and True as 1."""
    if isinstance(step, bytes) and len(step) == 8:
        return int.from_bytes(step, sys.byteorder, signed=True)
    if isinstance(step, int) or (isinstance(step, float) and step.is_integer()):
        return int(step)
    raise EquivalenceError(f"Metric {name!r} has a step that is not an integer: {step!r}.", where="the tracking store")


def canonical_value(value: float) -> float:
    """Return what every store would have kept: no negative zero, and SQLite's largest double for an infinity."""
    if abs(value) == sys.float_info.max:
        return math.copysign(math.inf, value)
    return value + 0.0  # -0.0 + 0.0 is 0.0


def is_same_tag(before: str, after: str) -> bool:
    """Tell whether two tags say the same, up to where a SQL store has cut one that a file store keeps whole."""
    shorter, longer = sorted((before, after), key=len)
    return shorter == longer or (len(shorter) == TAG_LIMIT and longer.startswith(shorter))


def cut_notes(what: str, texts: Mapping[str, str], limit: int) -> list[str]:
    """Say which texts have just the length at which stores cut: they are compared up to there."""
    return [
        f"{what} {name!r} has {limit} characters, the store's limit: compared up to there"
        for name, text in sorted(texts.items())
        if len(text) == limit
    ]


def _bits(value: float) -> str:
    """Return the value as text, which holds every bit and, unlike the number, lets NaN equal NaN."""
    return canonical_value(value).hex()


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
