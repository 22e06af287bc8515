"""The metrics of a comparison: a row each for the table, and a card each with its chart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compatkit.equivalence.difference import Difference, Kind
from compatkit.report.verdict_page.chart import FLAT, SMALL, TALL, Chart, draw
from compatkit.report.verdict_page.comparison import Compared
from compatkit.report.verdict_page.curve import Curve, read_curves
from compatkit.report.verdict_page.findings import PARTING, Findings, State
from compatkit.report.verdict_page.thinning import drawn_points, farthest_points, stretches


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
    state: State
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


def read_metrics(compared: Compared, findings: Findings) -> tuple[Metric, ...]:
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
    parted = (each.first_step for each in differences if each.kind in PARTING)
    first_step = min((step for step in parted if step is not None), default=None)
    places = drawn_points(curve, count, keep=() if first_step is None else (first_step,))
    frame = SMALL if state is State.EQUAL else TALL if (curve.apart > 0).any() else FLAT
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
        beyond=sum(each.count for each in differences if each.kind is Kind.METRIC_VALUE),
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
