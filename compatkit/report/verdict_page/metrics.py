"""The metrics of a comparison: a row and a card each, with a chart that is thinned to extremes, never to means."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compatkit.equivalence.difference import Difference, Kind
from compatkit.report.verdict_page.chart import FLAT, SMALL, TALL, Chart, draw
from compatkit.report.verdict_page.comparison import Compared
from compatkit.report.verdict_page.curve import Curve, read_curves
from compatkit.report.verdict_page.findings import PARTING, Findings, FindingState

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


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One metric under its v2 name.

    Attributes:
        first_step: where the runs part, by the verdict.
        common: how many points both runs have; `unequal` of them are not equal, `beyond` the verdict counts.
        largest: the largest distance at one step; inf where one value is not finite, NaN where no step is common.
        values: both sides of a metric with one point each, which needs no chart.
        steps, before, after: the drawn points as texts, for reading them off; `after` is empty where both are equal.
        drawn: how many points of how many are drawn.
    """

    name: str
    state: FindingState
    why: str
    differences: tuple[Difference, ...]
    first_step: int | None
    points_before: int
    points_after: int
    common: int
    unequal: int
    beyond: int
    largest: float
    last_before: str
    last_after: str
    lost: tuple[str, ...]
    chart: Chart | None
    steps: str
    before: str
    after: str
    drawn: tuple[int, int]

    @property
    def is_thinned(self) -> bool:
        return self.drawn[0] < self.drawn[1]


def read_page_metrics(compared: Compared, findings: Findings) -> tuple[Metric, ...]:
    """Return all metrics: those that decide first, by the step where they part."""
    curves = list(read_curves(compared.before.metrics, compared.after.metrics, compared.policy))
    count = stretches(len(curves))
    metrics = [_metric(curve, findings, count) for curve in curves]
    return tuple(sorted(metrics, key=_order))


def _order(metric: Metric) -> tuple[int, float, str]:
    return metric.state.rank, math.inf if metric.first_step is None else metric.first_step, metric.name


def _metric(curve: Curve, findings: Findings, count: int) -> Metric:
    state = findings.state("metric", curve.name, is_equal=curve.is_equal)
    differences = findings.about("metric", curve.name)
    parted = (difference.first_step for difference in differences if difference.kind in PARTING)
    first_step = min((step for step in parted if step is not None), default=None)
    places = drawn_points(curve, count, keep=() if first_step is None else (first_step,))
    frame = SMALL if state is FindingState.EQUAL else TALL if (curve.apart > 0).any() else FLAT
    return Metric(
        curve.name,
        state,
        findings.why("metric", curve.name),
        differences,
        first_step,
        points_before=int(curve.has_before.sum()),
        points_after=int(curve.has_after.sum()),
        common=int((curve.has_before & curve.has_after).sum()),
        unequal=int((curve.apart > 0).sum()),
        beyond=sum(difference.count for difference in differences if difference.kind is Kind.METRIC_VALUE),
        largest=curve.largest,
        last_before=_last(curve.before, curve.has_before),
        last_after=_last(curve.after, curve.has_after),
        lost=(
            *_lost("before", curve, curve.before, curve.has_before),
            *_lost("after", curve, curve.after, curve.has_after),
        ),
        chart=draw(curve, places, farthest_points(curve, count), frame, first_step=first_step)
        if len(curve.steps) > 1
        else None,
        steps=" ".join(map(str, curve.steps[places].tolist())),
        before=_texts(curve.before, curve.has_before, places),
        after="" if curve.is_equal else _texts(curve.after, curve.has_after, places),
        drawn=(len(places), len(curve.steps)),
    )


def _last(values: NDArray[np.float64], has: NDArray[np.bool_]) -> str:
    there = values[has]
    return repr(float(there[-1])) if there.size else ""


def _texts(values: NDArray[np.float64], has: NDArray[np.bool_], places: Sequence[int] | NDArray[np.intp]) -> str:
    pairs = zip(values[places].tolist(), has[places].tolist(), strict=True)
    return " ".join(repr(value) if there else "-" for value, there in pairs)


def _lost(side: str, curve: Curve, values: NDArray[np.float64], has: NDArray[np.bool_]) -> Iterator[str]:
    """Say how many values are no numbers, which a curve cannot show."""
    for text, there in (("NaN", np.isnan(values)), ("inf", values == np.inf), ("-inf", values == -np.inf)):
        at = np.flatnonzero(there & has)
        if at.size:
            yield f"{side}: {at.size} {text}, the first at step {int(curve.steps[at[0]])}"
