"""From values to places on a chart, for any finite doubles: linear, and logarithmic with a place for zero."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_LONGEST = 7  # digits that the margin of a chart has room for


@dataclass(frozen=True, slots=True)
class Scale:
    """Places the values `low` to `high` between the coordinates `start` and `end`; a single value in the middle."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(cls, values: Iterable[float], start: float, end: float) -> Scale | None:
        """Return the scale of all finite values, or None where there are none."""
        finite = [value for value in values if math.isfinite(value)]
        return cls(min(finite), max(finite), start, end) if finite else None

    def place(self, value: float) -> float:
        # Halved, because the distance of two large doubles of opposite sign is none.
        span = self.high / 2 - self.low / 2
        share = (value / 2 - self.low / 2) / span if span else 0.5
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)

    @property
    def labels(self) -> tuple[tuple[float, str], ...]:
        """The ends and the middle, with as many digits as it takes to tell them apart.

        Where those are too many for the margin, the upper end says how far it lies above the lower one.
        """
        if self.low == self.high:
            return ((self.low, _short(self.low, 4)),)
        size, span = max(abs(self.low), abs(self.high)) / 2, self.high / 2 - self.low / 2
        digits = 3 + max(0, math.ceil(math.log10(size / span))) if span else _LONGEST
        if digits >= _LONGEST:
            return (self.high, f"+{_short(2 * span, 2)}"), (self.low, f"≈{_short(self.low, 4)}")
        middle = self.high / 2 + self.low / 2
        return tuple((value, _short(value, digits)) for value in (self.high, middle, self.low))


@dataclass(frozen=True, slots=True)
class LogScale:
    """Places distances by their power of ten, from the decade below the smallest to that above the largest."""

    lowest: int
    highest: int
    start: float
    end: float

    @classmethod
    def over(cls, distances: Iterable[float], start: float, end: float) -> LogScale | None:
        """Return the scale of all that is neither zero nor infinite, or None where there is nothing of that kind."""
        powers = [math.log10(distance) for distance in distances if 0 < distance < math.inf]
        if not powers:
            return None
        lowest, highest = math.floor(min(powers)), math.ceil(max(powers))
        return cls(lowest, max(highest, lowest + 1), start, end)

    def place(self, distance: float) -> float:
        return self.place_of_power(math.log10(distance))

    def place_of_power(self, power: float) -> float:
        share = (power - self.lowest) / (self.highest - self.lowest)
        return self.start + share * (self.end - self.start)

    @property
    def decades(self) -> tuple[int, ...]:
        """The powers of ten to mark: the ends, and one between where there is room."""
        middle = (self.lowest + self.highest) // 2
        return tuple(sorted({self.lowest, middle, self.highest}))


def _short(number: float, digits: int) -> str:
    """Return the shorter of the two spellings, 0.0006 or 6e-4."""
    power = f"{number:.{digits - 1}e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    return min(f"{number:.{digits}g}", power, key=len)
