"""MLflow: a `Run`, or the histories of its metrics by name. MLflow is there already if one of its objects is."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from compatkit.record.errors import RecordError
from compatkit.record.formats._rows import Row, merged

WHY = "at the step with which it was logged; once and without a step, in the last epoch"
# MLflow samples the machine at intervals of its own: the steps of these are no epochs.
_SAMPLED = "system/"


def read(history: object) -> list[Row] | None:
    """Read a row a step, with the step as its epoch, as our orchestrators log it.

    The steps are the caller's, and are not renumbered. A metric that was logged once, without a step, says something
    of the whole run: it joins the last epoch. MLflow's `system/` metrics, sampled in time, are left out. A run's points
    are read from MLflow's active store; raises `RecordError` if it is not the one that holds them.
    """
    found = _metrics(history)
    if found is None:
        return None
    metrics = {name: points for name, points in found.items() if not name.startswith(_SAMPLED)}
    last = max((point.step for points in metrics.values() for point in points), default=0)
    points = [(name, point) for name, points in metrics.items() for point in points]
    points.sort(key=lambda pair: pair[1].timestamp)
    once = {name for name, points in metrics.items() if len(points) == 1 and points[0].step == 0}
    return merged((last if name in once else point.step, {name: point.value}) for name, point in points)


def _metrics(history: Any) -> Mapping[str, Sequence[Any]] | None:
    if isinstance(history, Mapping):
        return history if history and all(map(_are_points, history.items())) else None
    run_id = getattr(getattr(history, "info", None), "run_id", None)
    latest = getattr(getattr(history, "data", None), "metrics", None)
    if run_id is None or not isinstance(latest, Mapping) or "mlflow" not in sys.modules:
        return None
    mlflow = sys.modules["mlflow"]
    client = mlflow.MlflowClient()
    found = {name: client.get_metric_history(run_id, name) for name in latest if not name.startswith(_SAMPLED)}
    if not all(found.values()):
        # A `Run` does not say which store it is from, and another store answers with nothing.
        from compatkit.safe_text import without_password

        raise RecordError(
            f"The run {run_id} has metrics, but their points are not in the active store.",
            where=without_password(mlflow.get_tracking_uri()),
            hint="call mlflow.set_tracking_uri with the store that the run was read from",
        )
    return found


def _are_points(item: tuple[object, object]) -> bool:
    name, points = item
    wanted = ("step", "value", "timestamp")
    if not isinstance(name, str) or not isinstance(points, list) or not points:
        return False
    return all(hasattr(point, attribute) for point in points for attribute in wanted)
