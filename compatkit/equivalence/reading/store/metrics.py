"""The metrics of a run: by one query where the store is a database, else by MLflow's client, metric by metric."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.history import History, Point
from compatkit.equivalence.reading.canonical import canonical_history, canonical_points, canonical_step, canonical_value
from compatkit.equivalence.reading.store.sql_metrics import read_sql_metrics
from compatkit.safe_text import without_password

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Run

_AT_ONCE = 4  # metrics


def read_metrics(client: MlflowClient, run: Run) -> dict[str, Sequence[Point]]:
    """Return every metric's whole history in canonical form, by name.

    Raises `EquivalenceError` where a history is not whole.
    """
    found: Mapping[str, Sequence[Point]] | None = read_sql_metrics(client.tracking_uri, run.info.run_id)
    # The latest values come from another table by another way: if they name other metrics, the query read amiss.
    if found is None or found.keys() != run.data.metrics.keys():
        found = _by_client(client, run)
    steps = _latest_steps(run)
    for name, value in run.data.metrics.items():
        # A page that is lost, or an answer that is cut to nothing, leaves the latest point out.
        if not _is_among(steps.get(name), canonical_value(value), found[name]):
            raise EquivalenceError(
                f"Metric {name!r} of run {run.info.run_id!r} was read without its latest point: more may be missing.",
                where=without_password(client.tracking_uri),
                hint="the store, or what lies before it, gives less than was logged; read from the store itself",
            )
    return dict(sorted(found.items()))


def _by_client(client: MlflowClient, run: Run) -> dict[str, Sequence[Point]]:
    """Ask for each metric; of a server, which spends most of the time itself, for several at once.

    One metric's pages cannot be asked for at once: each is known by the one before. The server's bulk ways are no
    others: one is cut at 25,000 rows, the other samples.
    """
    names = list(run.data.metrics)
    with ThreadPoolExecutor(_AT_ONCE if client.tracking_uri.startswith("http") else 1) as pool:
        return dict(zip(names, pool.map(partial(_from_client, client, run.info.run_id), names), strict=True))


def _is_among(step: int | None, value: float, points: Sequence[Point]) -> bool:
    if not isinstance(points, History):
        return any(step in {None, point.step} and repr(point.value) == repr(value) for point in points)
    same = np.isnan(points.values) if math.isnan(value) else points.values == value
    return bool(np.any(same if step is None else same & (points.steps == step)))


def _latest_steps(run: Run) -> dict[str, int]:
    """Return the steps of the latest values; nothing where one is what only SQLite keeps, see `canonical_step`."""
    try:
        return {metric.key: metric.step for metric in run.data.to_proto().metrics}
    except TypeError:
        return {}


def _from_client(client: MlflowClient, run_id: str, name: str) -> Sequence[Point]:
    logged = client.get_metric_history(run_id, name)
    points = canonical_points(name, logged)
    try:
        if len({point.step for point in points}) == len(points):
            return History.of(points)
        return _ordered(name, logged, is_told=not client.tracking_uri.startswith("http"))
    except OverflowError:
        # A file store keeps steps of any size.
        return points


def _ordered(name: str, logged: Sequence[Metric], *, is_told: bool) -> History:
    """Return the history of a metric with several points a step; a file store's lines tell their order."""
    return canonical_history(
        np.array([canonical_step(name, row.step) for row in logged], dtype=np.int64),
        np.array([row.timestamp for row in logged], dtype=np.int64),
        np.array([row.value for row in logged], dtype=np.float64),
        np.arange(len(logged)) if is_told else None,
    )
