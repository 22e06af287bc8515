"""The record of a watched training, from the artifacts of its run."""

from __future__ import annotations

import tempfile
from pathlib import Path

from compatkit.trace import TRACE_FILE, Trace


def read_trace(run_id: str, *, tracking_uri: str | None = None) -> Trace | None:
    """Return the record that a run logged, or None where it logged none, or the run is not in the store.

    Raises `TraceError` for a record that is there and cannot be read.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client = MlflowClient(tracking_uri)
    try:
        listed = [each.path for each in client.list_artifacts(run_id, str(Path(TRACE_FILE).parent))]
        if TRACE_FILE not in listed:
            return None
        with tempfile.TemporaryDirectory(prefix="compatkit-") as folder:
            file = Path(client.download_artifacts(run_id, TRACE_FILE, folder))
            return Trace.from_json(file.read_text(encoding="utf-8"), where=f"{TRACE_FILE} of run {run_id}")
    except MlflowException:
        return None
