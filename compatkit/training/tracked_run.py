"""Begin and end a tracked run, whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from compatkit.safe_text import without_password
from compatkit.training.ending import FAILURE_TAG, failure_of, is_consequence, pass_over_termination
from compatkit.training.errors import TrackingError
from compatkit.training.server import opened_client
from compatkit.training.tracking import Delivery, RunTracker

if TYPE_CHECKING:
    from mlflow import MlflowClient

_PARENT_TAG = "mlflow.parentRunId"


@contextmanager
def tracked_run(
    experiment_name: str,
    *,
    tracking_uri: str | None = None,
    run_name: str | None = None,
    delivery: Delivery | None = None,
    resumed_run: str | None = None,
    parent_run: str | None = None,
) -> Iterator[RunTracker]:
    """Start a run, and end it with the block: FINISHED, or FAILED with the reason as a tag if an exception leaves it.

    `tracking_uri` None is MLflow's own choice: MLFLOW_TRACKING_URI, else a SQLite file in the working directory.
    `resumed_run` is the id of a run to go on with; a new one is a child of `parent_run`. Raises `TrackingError` for a
    server that does not answer.
    """
    client = opened_client(tracking_uri)
    delivery = delivery or Delivery()
    if resumed_run is None:
        experiment_id = _ensure_experiment(client, experiment_name)
        tags = {_PARENT_TAG: parent_run} if parent_run else {}
        run_id = client.create_run(experiment_id, run_name=run_name, tags=tags).info.run_id
    else:
        run_id, experiment_id = resumed_run, _reopen(client, resumed_run)
    tracker = RunTracker(client, run_id, experiment_id, delivery=delivery, is_resumed=resumed_run is not None)
    try:
        yield tracker
    except BaseException as error:
        _mark_failed(tracker, error)
        raise
    try:
        tracker.flush()
    except TrackingError as error:
        # It is not the training that failed: ended, or noted in the spool to be ended, as it would have been.
        _end_despite(error, tracker, tracker.status)
        raise
    except BaseException as error:
        _mark_failed(tracker, error)
        raise
    tracker.end(tracker.status)


def log_failed_run(
    error: Exception, experiment_name: str, *, tracking_uri: str | None, run_name: str | None, parent_run: str | None
) -> None:
    """Log a run that failed with `error` before it could begin; a store that fails too does not hide it."""
    try:
        with tracked_run(experiment_name, tracking_uri=tracking_uri, run_name=run_name, parent_run=parent_run):
            raise error
    except Exception as raised:  # noqa: BLE001  # whatever it is, the first error matters more
        if raised is not error:
            error.add_note(f"No MLflow run says so: {raised}")


def _ensure_experiment(client: MlflowClient, name: str) -> str:
    from mlflow.exceptions import MlflowException

    if (experiment := client.get_experiment_by_name(name)) is not None:
        return str(experiment.experiment_id)
    try:
        return str(client.create_experiment(name))
    except MlflowException:
        # Another process may have created it in between.
        if (experiment := client.get_experiment_by_name(name)) is None:
            raise
        return str(experiment.experiment_id)


def _reopen(client: MlflowClient, run_id: str) -> str:
    """Mark the run as running again, no longer failed, and return the id of its experiment."""
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(run_id)
        client.update_run(run_id, status="RUNNING")
        if FAILURE_TAG in run.data.tags:
            client.delete_tag(run_id, FAILURE_TAG)
    except MlflowException as error:
        raise TrackingError.no_run(run_id, client.tracking_uri, error) from error
    return str(run.info.experiment_id)


def _mark_failed(tracker: RunTracker, error: BaseException) -> None:
    """End the run as FAILED; a store that fails too must not hide `error`."""
    pass_over_termination()
    if not isinstance(error, TrackingError):
        with suppress(Exception):  # what was not sent stays in the spool
            tracker.flush()
    is_told = is_consequence(error) and tracker.has_failure
    _end_despite(error, tracker, "FAILED", failure="" if is_told else failure_of(error))


def _end_despite(error: BaseException, tracker: RunTracker, status: str, *, failure: str = "") -> None:
    try:
        tracker.end(status, failure=failure)
    except Exception as store_error:  # noqa: BLE001  # whatever it is, the first error matters more
        error.add_note(without_password(f"MLflow run {tracker.run_id} could not be marked as {status}: {store_error}"))
