"""MLflow: a `Run`, or the histories of its metrics by name. MLflow is there already if one of its objects is."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from compatkit.record.formats._rows import Row, merged


def read(history: object) -> list[Row] | None:
    """Read a row a step, with the step as its epoch, as our orchestrators log it.

    A metric that was logged once, without a step, says something of the whole run: it joins the last epoch.
    """
    metrics = _metrics(history)
    if metrics is None:
        return None
    last = max((point.step for points in metrics.values() for point in points), default=0)
    points = [(name, point) for name, points in metrics.items() for point in points]
    points.sort(key=lambda pair: pair[1].timestamp)
    once = {name for name, points in metrics.items() if len(points) == 1 and points[0].step == 0}
    return merged((last if name in once else point.step, {name: point.value}) for name, point in points)


def _metrics(history: Any) -> Mapping[str, Sequence[Any]] | None:
    if isinstance(history, Mapping):
        return history if history and all(map(_are_points, history.values())) else None
    run_id = getattr(getattr(history, "info", None), "run_id", None)
    latest = getattr(getattr(history, "data", None), "metrics", None)
    if run_id is None or not isinstance(latest, Mapping) or "mlflow" not in sys.modules:
        return None
    client = sys.modules["mlflow"].MlflowClient()
    return {name: client.get_metric_history(run_id, name) for name in latest}


def _are_points(points: object) -> bool:
    wanted = ("step", "value", "timestamp")
    return isinstance(points, list) and bool(points) and all(hasattr(p, name) for p in points for name in wanted)
