"""One source file in, one outcome out: pure functions over bytes. Only `migrate` touches the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compatkit.rewrite.outcome import Failed, Finding, Outcome, Rewrite, RewriteError, Rewritten, Skipped, Unchanged
from compatkit.rewrite.prefilter.words import can_matter

if TYPE_CHECKING:
    from compatkit.rewrite.engine import rewrite_source

__all__ = [
    "Rewrite",
    "Failed",
    "Finding",
    "Outcome",
    "RewriteError",
    "Rewritten",
    "Skipped",
    "Unchanged",
    "can_matter",
    "rewrite_source",
]


def __getattr__(name: str) -> Any:
    # Most runs over a tree meet no file that matters, and the engine takes as long to import as 2,000 files to read.
    if name != "rewrite_source":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # It brings LibCST, and a tree without a match needs none.
    from compatkit.rewrite.engine import rewrite_source

    return rewrite_source
