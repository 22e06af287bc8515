"""MLflow: a `Run`, or the histories of its metrics by name. MLflow is there already if one of its objects is."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any

from compatkit.record.errors import RecordError
from compatkit.record.formats import lightning
from compatkit.record.formats._rows import Points, Row, by_logged_epoch, merged

WHY = "at the step with which it was logged; once and without a step, in the last epoch"
# MLflow samples the machine at intervals of its own: the steps of these are no epochs.
_SAMPLED = "system/"
_WHERE = "the metrics of the MLflow run"


def read(history: object) -> list[Row] | None:
    """Read a row a step, with the step as its epoch, as our orchestrators log it.

    The steps are the caller's, and are not renumbered; a metric `epoch`, as Lightning and Hugging Face log it, says
    which are of which epoch. A metric that was logged once, without a step, says something
    of the whole run: it joins the last epoch. MLflow's `system/` metrics, sampled in time, are left out. A run's points
    are read from MLflow's active store; raises `RecordError` if it is not the one that holds them, and
    where metrics count different things.
    """
    found = _metrics(history)
    if found is None:
        return None
    metrics = {name: points for name, points in found.items() if not name.startswith(_SAMPLED)}
    timed = [(point.timestamp, name, point) for name, column in metrics.items() for point in column]
    points: dict[str, list[tuple[int, object]]] = {}
    for _, name, point in sorted(timed, key=itemgetter(0)):
        points.setdefault(name, []).append((point.step, point.value))
    once = {name: column[0][1] for name, column in points.items() if [step for step, _ in column] == [0]}
    rows = _placed({name: column for name, column in points.items() if name not in once})
    if once and not rows:
        rows = [{"epoch": 0}]
    return [*rows[:-1], {**rows[-1], **{name: once[name] for name in once if name != "epoch"}}] if rows else []


def _placed(points: Points) -> list[Row]:
    if "epoch" not in points:
        _check_one_count(points)
        return merged((step, {name: value}) for name, column in points.items() for step, value in column)
    if (rows := by_logged_epoch(points, _WHERE)) is None:
        raise _uncertain("epoch", "does not give one number to each step at which others are logged")
    return lightning.without_test(rows)


def _check_one_count(points: Points) -> None:
    """Raise `RecordError` where a metric has no steps, or ends so early that it counts something else than the others.

    An interval short of the last step it may be, as the validations of a training that was stopped.
    """
    last = max((step for column in points.values() for step, _ in column), default=0)
    for name, column in points.items():
        steps = sorted({step for step, _ in column})
        if steps == [0] and len(column) > 1:
            raise _uncertain(name, f"was logged {len(column)} times at step 0, hence without a step")
        gaps = [after - before for before, after in pairwise(steps)]
        if gaps and steps[-1] + max(gaps) < last:
            raise _uncertain(name, f"ends at step {steps[-1]}, and others at {last}: they may count different things")


def _uncertain(name: str, what: str) -> RecordError:
    return RecordError(
        f"The metric {name!r} {what}.",
        where=_WHERE,
        hint="read the metrics that belong together: "
        "read_history({name: client.get_metric_history(run_id, name) for name in names})",
    )


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
