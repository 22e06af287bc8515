"""One source file in, one outcome out: pure functions over bytes. Only `migrate` touches the disk."""

from __future__ import annotations

from compatkit.rewrite.engine import rewrite_source
from compatkit.rewrite.errors import RewriteError
from compatkit.rewrite.outcome import Edit, Failed, Finding, Outcome, Rewritten, Skipped, Unchanged
from compatkit.rewrite.scan import can_matter, find_in_data

__all__ = [
    "Edit",
    "Failed",
    "Finding",
    "Outcome",
    "RewriteError",
    "Rewritten",
    "Skipped",
    "Unchanged",
    "can_matter",
    "find_in_data",
    "rewrite_source",
]
