"""The metrics of a run: by one query where the store is a database, else by MLflow's client, metric by metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from compatkit.equivalence.history import History, Point
from compatkit.equivalence.reading.canonical import canonical_points
from compatkit.equivalence.reading.store.sql_metrics import read_sql_metrics

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


def read_metrics(client: MlflowClient, run: Run) -> dict[str, Sequence[Point]]:
    """Return every metric's whole history in canonical form, by name."""
    by_query = read_sql_metrics(client.tracking_uri, run.info.run_id)
    # The latest values come from another table by another way: if they name other metrics, the query read amiss.
    if by_query is not None and by_query.keys() == run.data.metrics.keys():
        return dict(sorted(by_query.items()))
    return {name: _from_client(client, run.info.run_id, name) for name in sorted(run.data.metrics)}


def _from_client(client: MlflowClient, run_id: str, name: str) -> Sequence[Point]:
    points = canonical_points(name, client.get_metric_history(run_id, name))
    try:
        return History.of(points)
    except OverflowError:
        # A file store keeps steps of any size.
        return points
