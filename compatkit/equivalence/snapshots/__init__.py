"""Snapshots that are kept: their file format, and the references by which a run or a file is named."""

from __future__ import annotations

from compatkit.equivalence.snapshots.read import load_snapshot
from compatkit.equivalence.snapshots.references import (
    is_snapshot_file,
    resolve_each,
    resolve_snapshot,
    resolve_snapshots,
)
from compatkit.equivalence.snapshots.write import save_snapshot, snapshot_text

__all__ = [
    "is_snapshot_file",
    "load_snapshot",
    "resolve_each",
    "resolve_snapshot",
    "resolve_snapshots",
    "save_snapshot",
    "snapshot_text",
]
