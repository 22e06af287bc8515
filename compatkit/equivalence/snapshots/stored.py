"""Snapshots as files: written as a whole or not at all, read whole or refused."""

from __future__ import annotations

from pathlib import Path

from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.snapshot import Snapshot
from compatkit.equivalence.snapshots.read import parse_snapshot
from compatkit.equivalence.snapshots.write import snapshot_text


def save_snapshot(snapshot: Snapshot, path: Path) -> None:
    """Write a snapshot to a file, which is replaced in one step; see `write` for the format.

    Raises `EquivalenceError` where it cannot be written: then a file that was there still holds what it held.
    """
    # Imported here: it brings LibCST, which a comparison can do without.
    from compatkit.migrate.write import WriteError, write_output

    was_there = path.exists()
    try:
        write_output(path, snapshot_text(snapshot).encode())
    except WriteError as error:
        if not was_there:
            path.unlink(missing_ok=True)
        raise EquivalenceError.unwritable_snapshot(path, error.what) from error


def load_snapshot(path: Path) -> Snapshot:
    """Read a snapshot that `save_snapshot` wrote; raises `EquivalenceError` unless it is all there, and unchanged."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise EquivalenceError.unreadable_snapshot(path, error.strerror or str(error)) from error
    return parse_snapshot(raw, path)
