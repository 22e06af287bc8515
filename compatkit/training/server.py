"""Check that an MLflow server answers, open a client, and log system metrics during a training.

MLflow's own retries last minutes; these calls give up after seconds.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING

from compatkit.platforms import only_one
from compatkit.training.errors import TrackingError

if TYPE_CHECKING:
    from mlflow import MlflowClient


_SECONDS = 5.0
_TEMPORARY = frozenset({408, 429, 500, 502, 503, 504})


def require_server(uri: str) -> None:
    """Raise `TrackingError` unless somebody answers at `uri`; a store that is no HTTP server passes."""
    if not uri.startswith(("http://", "https://")):
        return
    import requests

    try:
        # Whatever is answered: somebody is there, and MLflow's own calls tell what is wrong.
        requests.get(uri.rstrip("/") + "/health", timeout=_SECONDS)
    except requests.RequestException as error:
        hint = "start it, or set tracking.uri to one that runs"
        raise TrackingError(f"No tracking server answers: {error}", where=uri, hint=hint) from error


def opened_client(tracking_uri: str | None) -> MlflowClient:
    """Return a client; None is MLflow's own choice. Raises `TrackingError` for a server that does not answer.

    A SQLite store is opened while nobody else opens it: MLflow makes its tables then, and two at once leave it half
    made (mlflow/mlflow#19299, #19943). The lock is to be removed when MLflow holds one of its own.
    """
    import mlflow

    uri = tracking_uri or mlflow.get_tracking_uri()
    require_server(uri)
    if not uri.startswith("sqlite:"):
        return mlflow.MlflowClient(tracking_uri)
    place = Path(uri.removeprefix("sqlite:///").partition("?")[0])
    with only_one(f"store {place.resolve()}"):
        client = mlflow.MlflowClient(tracking_uri)
        client.search_experiments(max_results=1)
        return client


def is_away(error: Exception) -> bool:
    """Tell whether `error` means that the server is temporarily unavailable, not that it refused the request."""
    from mlflow.exceptions import MlflowException

    if isinstance(error, TrackingError):
        return True
    if not isinstance(error, MlflowException):
        return False
    return error.get_http_status_code() in _TEMPORARY  # type: ignore[no-untyped-call]


_VARIABLE = "MLFLOW_TRACKING_URI"
_lock = threading.RLock()


@contextmanager
def tracking_uri_set(uri: str) -> Iterator[None]:
    """Run the block with MLflow's global tracking URI at `uri`.

    `mlflow.set_tracking_uri` also writes the environment variable, so both are restored.
    """
    import mlflow

    with _lock:
        before, variable = mlflow.get_tracking_uri(), os.environ.get(_VARIABLE)
        if before == uri:
            yield
            return
        mlflow.set_tracking_uri(uri)
        try:
            yield
        finally:
            _restore(before, variable)


def _restore(uri: str, variable: str | None) -> None:
    import mlflow

    # None means "not set", which puts the choice back to the environment and the default.
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type,unused-ignore]
    if variable is not None:
        os.environ[_VARIABLE] = variable
    if mlflow.get_tracking_uri() != uri:
        mlflow.set_tracking_uri(uri)


@contextmanager
def system_metrics(run_id: str, uri: str, *, is_on: bool, is_resumed: bool = False) -> Iterator[None]:
    """Run the block, sampled every ten seconds if `is_on`; raise `TrackingError` where psutil or MLflow cannot.

    MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL sets other seconds.
    """
    if not is_on:
        yield
        return
    if find_spec("psutil") is None:
        raise TrackingError(
            "System metrics need psutil, which is not installed.",
            where="OrchestratorConfig, at tracking.system_metrics",
            hint="pip install 'compatkit[system-metrics]'",
        )
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

    if "tracking_uri" not in signature(SystemMetricsMonitor).parameters:
        # It would log to the store of the process, where there may be no such run.
        raise TrackingError(
            "System metrics need a newer MLflow: this one logs them to the store of the process alone.",
            where="OrchestratorConfig, at tracking.system_metrics",
            hint="pip install -U mlflow",
        )
    monitor = SystemMetricsMonitor(run_id, resume_logging=is_resumed, tracking_uri=uri)  # type: ignore[no-untyped-call]
    monitor.start()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        monitor.finish()  # type: ignore[no-untyped-call]
