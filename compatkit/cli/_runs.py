"""The runs that a command line names: in a tracking store, or stored as files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compatkit.equivalence import Snapshot


def prepare_stores() -> None:
    """Check for MLflow and set how it reads; call it before MLflow is imported."""
    from compatkit.cli._extras import quiet_mlflow, require

    require("mlflow", "numpy", "yaml", extra="verify")
    # MLflow 3 asks for this even of who only reads.
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    quiet_mlflow()
    # By default MLflow asks a server that is gone for some four minutes; a training must not lose an epoch, but a
    # comparison can be repeated.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")


def read_both(before: str, after: str, *, uri: str | None, uri_after: str | None) -> tuple[Snapshot, Snapshot]:
    """Return what two references name. Raises `EquivalenceError` where both are one run at one place."""
    from compatkit.equivalence import EquivalenceError, resolve_snapshot

    other = uri_after or uri
    if before == after and other == uri:
        raise EquivalenceError.same_run(before)
    left, right = resolve_snapshot(before, tracking_uri=uri), resolve_snapshot(after, tracking_uri=other)
    if left.run_id != right.run_id:
        return left, right
    if _place(before, uri) == _place(after, other):
        raise EquivalenceError.same_run(left.run_id)
    # A baseline against the store that it was taken from, or a store against its copy.
    note = f"both are run {left.run_id}: this compares two records of one run"
    return replace(left, notes=(*left.notes, note)), right


def _place(reference: str, uri: str | None) -> str | None:
    from compatkit.equivalence.snapshots import is_snapshot_file

    return str(Path(reference).resolve()) if is_snapshot_file(reference) else uri
