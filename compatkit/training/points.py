"""Points of metrics: made of values, sent to a server, and read back from it."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING

from compatkit.training.spool import Point

if TYPE_CHECKING:
    from mlflow import MlflowClient


def send_points(client: MlflowClient, run_id: str, points: Sequence[Point]) -> None:
    """Log `points` to the run in one call."""
    from mlflow.entities import Metric

    client.log_batch(run_id, metrics=[Metric(*point) for point in points])


def points_of_run(client: MlflowClient, run_id: str) -> list[Point]:
    """Return every point that the server has of the run."""
    return [
        Point(name, point.value, point.timestamp, point.step)
        for name in sorted(client.get_run(run_id).data.metrics)
        for point in client.get_metric_history(run_id, name)
    ]


def as_number(value: object) -> float | None:
    """Return `value` as a float if it is a number, also one in a 0-dimensional array or tensor; else None."""
    if not isinstance(value, Real) and getattr(value, "ndim", None) == 0:
        value = value.item()  # type: ignore[attr-defined]  # arrays and tensors have it
    return float(value) if isinstance(value, Real) else None
