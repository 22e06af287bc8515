"""A metric's history as two arrays that read as a sequence of points: 16 bytes a point instead of some 110."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, overload

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Point(NamedTuple):
    """One value of a metric's history."""

    step: int
    value: float


class History(Sequence[Point]):
    """The points of one metric in canonical order. Equal to any sequence of the same points; NaN equals NaN.

    `ties` marks the points that no store tells to come after the one before: of one step and millisecond, logged by
    several threads or read from a server. They are in the order of their values. None where there are none.
    """

    __hash__ = None  # type: ignore[assignment]  # as of a list: it is compared by content
    __slots__ = ("steps", "ties", "values")

    def __init__(
        self, steps: NDArray[np.int64], values: NDArray[np.float64], ties: NDArray[np.bool_] | None = None
    ) -> None:
        self.steps = steps
        self.values = values
        self.ties = ties

    @classmethod
    def of(cls, points: Iterable[tuple[int, float]]) -> History:
        """Return the history of these points. Raises `OverflowError` for a step that has more than 64 bits."""
        rows = list(points)
        steps = np.array([step for step, _ in rows], dtype=np.int64)
        return cls(steps, np.array([value for _, value in rows], dtype=np.float64))

    def __len__(self) -> int:
        return len(self.steps)

    @overload
    def __getitem__(self, place: int) -> Point: ...
    @overload
    def __getitem__(self, place: slice) -> History: ...
    def __getitem__(self, place: int | slice) -> Point | History:
        if isinstance(place, slice):
            return History(self.steps[place], self.values[place], None if self.ties is None else self.ties[place])
        return Point(int(self.steps[place]), float(self.values[place]))

    def __iter__(self) -> Iterator[Point]:
        return map(Point, self.steps.tolist(), self.values.tolist())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, History):
            return same_arrays(self.steps, other.steps) and same_arrays(self.values, other.values)
        if isinstance(other, tuple | list):
            return len(self) == len(other) and self == as_history(other)
        return NotImplemented

    def __repr__(self) -> str:
        return repr(tuple(self))


def as_history(points: Sequence[Point]) -> History:
    """Return the points as arrays, without a copy where they are."""
    return points if isinstance(points, History) else History.of(points)


def same_arrays(one: NDArray[np.generic], other: NDArray[np.generic]) -> bool:
    """Tell whether two arrays of numbers have one dtype, one shape and the same values; NaN is the same as NaN."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    return np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
