"""MLflow's process-wide tracking URI, set for one call and restored to what it was."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import mlflow

_VARIABLE = "MLFLOW_TRACKING_URI"
_lock = threading.RLock()


@contextmanager
def tracking_uri_set(uri: str) -> Iterator[None]:
    """Run the block with MLflow's global tracking URI at `uri`.

    `mlflow.set_tracking_uri` also writes the environment variable, so both are restored.
    """
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
    # None means "not set", which puts the choice back to the environment and the default.
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type,unused-ignore]
    if variable is not None:
        os.environ[_VARIABLE] = variable
    if mlflow.get_tracking_uri() != uri:
        mlflow.set_tracking_uri(uri)
