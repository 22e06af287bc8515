"""The record of a watched training, from the snapshot of its run."""

from __future__ import annotations

from compatkit.equivalence.snapshot import Snapshot
from compatkit.trace import TRACE_FILE, Trace


def read_trace(snapshot: Snapshot) -> Trace | None:
    """Return the record that a run logged, or None where it logged none.

    Raises `TraceError` for a record that is there and cannot be read.
    """
    if not snapshot.trace:
        return None
    return Trace.from_json(snapshot.trace, where=f"{TRACE_FILE} of run {snapshot.run_id}")
