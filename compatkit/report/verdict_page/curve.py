"""A metric's two histories on one axis: the points of either run, paired as the comparison pairs them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import Point

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]
_Bools = NDArray[np.bool_]
_History = Sequence[Point]
# MLflow's steps are 64 bits wide. A wider one is drawn at the edge; tables and texts show it as it is.
_WIDEST = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One metric under its v2 name.

    Attributes:
        steps: of all points of either run, ascending; a step that a run logged several times stands there as often.
        before, after: the values, NaN where a run has no such point.
        has_before, has_after: where a run has a point.
        apart: |after - before|; 0 for NaN with NaN, inf where only one is finite, NaN where a side has no point.
    """

    name: str
    steps: _Integers
    before: _Floats
    after: _Floats
    has_before: _Bools
    has_after: _Bools
    apart: _Floats

    @property
    def is_equal(self) -> bool:
        """True where both runs have the same points with the same values."""
        return bool(self.has_before.all() and self.has_after.all() and not self.apart.any())

    @property
    def largest(self) -> float:
        """The largest distance of two values at one step; NaN where no step is on both sides."""
        known = self.apart[~np.isnan(self.apart)]
        return float(known.max()) if known.size else float("nan")


def read_curves(before: Mapping[str, _History], after: Mapping[str, _History], policy: Policy) -> Iterator[Curve]:
    """Yield a curve for every metric of either run, in the order of their v2 names."""
    left, right = _in_v2(before, policy), _in_v2(after, policy)
    for name in sorted(left.keys() | right.keys()):
        yield curve_of(name, left.get(name, ()), right.get(name, ()))


def curve_of(name: str, before: _History, after: _History) -> Curve:
    """Put two histories on one axis."""
    (left_steps, left), (right_steps, right) = _columns(before), _columns(after)
    if np.array_equal(left_steps, right_steps):
        there = np.ones(len(left), dtype=np.bool_)
        return Curve(name, left_steps, left, right, there, there, _apart(left, right))
    steps, left_at, right_at = _one_axis(left_steps, right_steps)
    one, has_one = _spread(left, left_at, len(steps))
    other, has_other = _spread(right, right_at, len(steps))
    apart = np.where(has_one & has_other, _apart(one, other), np.nan)
    return Curve(name, steps, one, other, has_one, has_other, apart)


def _in_v2(metrics: Mapping[str, _History], policy: Policy) -> dict[str, _History]:
    # Of two spellings in one run the first counts, as in the comparison.
    renamed: dict[str, _History] = {}
    for original in sorted(metrics):
        renamed.setdefault(policy.metric_name(original), metrics[original])
    return renamed


def _columns(history: _History) -> tuple[_Integers, _Floats]:
    steps = np.array([max(-_WIDEST, min(_WIDEST, step)) for step, _ in history], dtype=np.int64)
    values = np.array([value for _, value in history], dtype=np.float64)
    order = np.argsort(steps, kind="stable")
    return steps[order], values[order]


def _one_axis(left: _Integers, right: _Integers) -> tuple[_Integers, NDArray[Any], NDArray[Any]]:
    """Return all steps, and where on them the points of each side lie; the n-th of a step meets the n-th."""
    steps = np.concatenate([left, right])
    places = np.concatenate([_nth(left), _nth(right)])
    order = np.lexsort((places, steps))
    ordered, nth = steps[order], places[order]
    is_new = np.ones(len(steps), dtype=np.bool_)
    is_new[1:] = (ordered[1:] != ordered[:-1]) | (nth[1:] != nth[:-1])
    at = np.empty(len(steps), dtype=np.intp)
    at[order] = np.cumsum(is_new) - 1
    return ordered[is_new], at[: len(left)], at[len(left) :]


def _nth(steps: _Integers) -> NDArray[Any]:
    """Count the points of one step from 0."""
    return np.arange(len(steps)) - np.searchsorted(steps, steps, side="left")


def _spread(values: _Floats, at: NDArray[Any], length: int) -> tuple[_Floats, _Bools]:
    spread, has = np.full(length, np.nan), np.zeros(length, dtype=np.bool_)
    spread[at], has[at] = values, True
    return spread, has


def _apart(one: _Floats, other: _Floats) -> _Floats:
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(other - one)
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    finite = np.isfinite(one) & np.isfinite(other)
    # Of two finite doubles the difference may be none; a NaN or an infinity against a number is no finite distance.
    limited: _Floats = np.minimum(distance, np.finfo(np.float64).max)
    return np.where(same, 0.0, np.where(finite, limited, np.inf))
