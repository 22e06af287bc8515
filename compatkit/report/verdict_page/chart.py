"""One metric as the coordinates of a drawing: both curves, and below them their distance on a log scale."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy.typing import NDArray

from compatkit.report.verdict_page.curve import Curve

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
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


class Label(NamedTuple):
    """A text on the chart, and where."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class ChartSides:
    """The sides of a chart, in the units of its drawing, which are pixels at its natural size."""

    width: int
    left: int
    right: int
    top: int
    bottom: int
    apart_top: int = 0
    apart_bottom: int = 0

    @property
    def height(self) -> int:
        return max(self.bottom, self.apart_bottom) + 18

    @property
    def has_apart(self) -> bool:
        return self.apart_bottom > 0


TALL = ChartSides(width=360, left=62, right=350, top=8, bottom=112, apart_top=141, apart_bottom=198)
FLAT = ChartSides(width=360, left=62, right=350, top=8, bottom=176)
SMALL = ChartSides(width=240, left=50, right=232, top=8, bottom=68)


@dataclass(frozen=True, slots=True)
class Chart:
    """The lines and points of a chart; each path is the `d` of an SVG path.

    Attributes:
        before, after: the curves; a gap stands where a value is no number.
        lost_before, lost_after: crosses where a value is NaN or infinite.
        apart: a bar a step, as high as the values lie apart; `never` those where one of two is no finite number.
        split: where the runs part, and `split_label` the step.
    """

    frame: ChartSides
    before: str
    after: str
    lost_before: str
    lost_after: str
    apart: str
    never: str
    values: tuple[Label, ...]
    powers: tuple[Label, ...]
    steps: tuple[Label, ...]
    split: float | None
    split_label: Label | None


def draw(
    curve: Curve, places: NDArray[Any], farthest: NDArray[Any], frame: ChartSides, *, first_step: int | None
) -> Chart:
    """Draw a curve: the values at `places`, the distances at `farthest`; `first_step` is where the runs part."""
    steps = [int(step) for step in curve.steps[places]]
    before = [value if has else None for value, has in _taken(curve.before, curve.has_before, places)]
    after = [value if has else None for value, has in _taken(curve.after, curve.has_after, places)]
    across = Scale(steps[0], steps[-1], frame.left, frame.right)
    shown = [value for value in (*before, *after) if value is not None]
    up = Scale.over(shown, frame.bottom, frame.top)
    xs = [across.place(step) for step in steps]
    bars_at = [across.place(step) for step in curve.steps[farthest].tolist()] if frame.has_apart else []
    apart: list[float] = curve.apart[farthest].tolist() if frame.has_apart else []
    log = LogScale.over(apart, frame.apart_bottom - 13, frame.apart_top)
    split = None if first_step is None else across.place(first_step)
    return Chart(
        frame,
        before=_line(xs, before, up),
        after=_line(xs, after, up),
        lost_before=_crosses(xs, before, frame),
        lost_after=_crosses(xs, after, frame),
        apart=_bars(bars_at, apart, log, frame),
        never="".join(
            f"M{_n(x)} {frame.apart_bottom}V{frame.apart_top}"
            for x, far in zip(bars_at, apart, strict=True)
            if far == math.inf
        ),
        values=_value_labels(up, frame),
        powers=_power_labels(log, frame),
        steps=_step_labels(steps, frame),
        split=split,
        split_label=None if split is None else _split_label(split, f"step {first_step}", frame),
    )


def _taken(values: NDArray[Any], has: NDArray[Any], places: NDArray[Any]) -> Iterator[tuple[float, bool]]:
    return zip(values[places].tolist(), has[places].tolist(), strict=True)


def _line(xs: Sequence[float], values: Sequence[float | None], up: Scale | None) -> str:
    """Return the path through all finite values. A point that the run has not is passed over, one that is NaN is a gap.

    A point with a gap on either side is drawn as a dot, by a line of no length with round ends.
    """
    parts: list[list[str]] = [[]]
    for x, value in zip(xs, values, strict=True):
        if value is None or up is None:
            continue
        if math.isfinite(value):
            parts[-1].append(f"{_n(x)} {_n(up.place(value))}")
        else:
            parts.append([])
    return "".join(f"M{part[0]}{'L' + ' '.join(part[1:]) if part[1:] else 'h0'}" for part in parts if part)


def _crosses(xs: Sequence[float], values: Sequence[float | None], frame: ChartSides) -> str:
    """Mark what has no place on the scale: inf at the top, -inf at the bottom, NaN between."""
    heights = {math.inf: frame.top + 4, -math.inf: frame.bottom - 4}
    middle = (frame.top + frame.bottom) / 2
    return "".join(
        f"M{_n(x - 3)} {_n(heights.get(value, middle) - 3)}l6 6m0-6l-6 6"
        for x, value in zip(xs, values, strict=True)
        if value is not None and not math.isfinite(value)
    )


def _bars(xs: Sequence[float], apart: Sequence[float], log: LogScale | None, frame: ChartSides) -> str:
    if log is None:
        return ""
    return "".join(
        f"M{_n(x)} {frame.apart_bottom}V{_n(log.place(far))}"
        for x, far in zip(xs, apart, strict=True)
        if 0 < far < math.inf
    )


def _value_labels(up: Scale | None, frame: ChartSides) -> tuple[Label, ...]:
    if up is None:
        return ()
    return tuple(Label(frame.left - 6, up.place(value), text) for value, text in up.labels)


def _power_labels(log: LogScale | None, frame: ChartSides) -> tuple[Label, ...]:
    if log is None or not frame.has_apart:
        return ()
    return tuple(
        Label(frame.left - 6, log.place_of_power(power), "10" + str(power).translate(_SUPERSCRIPT))
        for power in log.decades
    )


def _step_labels(steps: Sequence[int], frame: ChartSides) -> tuple[Label, ...]:
    y = frame.height - 3
    if steps[0] == steps[-1]:
        return (Label((frame.left + frame.right) / 2, y, f"step {steps[0]}"),)
    return (Label(frame.left, y, f"step {steps[0]}"), Label(frame.right, y, f"{steps[-1]}"))


def _split_label(x: float, text: str, frame: ChartSides) -> Label:
    # Between the two panels, and not over the edge.
    half = 3.2 * len(text)
    x = min(max(x, frame.left + half), frame.right - half)
    return Label(x, frame.bottom + 14, text)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
