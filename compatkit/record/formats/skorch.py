"""skorch: `net.history`, or the net itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compatkit.record.formats._rows import Row, as_rows, ascending, renamed

WHY = "in the epoch that its row names"
_NAMES = {"valid_loss": "val_loss", "valid_acc": "val_accuracy", "dur": "epoch_time"}
_OWN = {"epoch", "dur", "batches", "train_batch_count"}


def read(history: object) -> list[Row] | None:
    """Read one row an epoch. `batches`, the values of each batch, are no metrics of an epoch, and are left out."""
    rows = as_rows(history if isinstance(history, list) else getattr(history, "history", None), _is_own)
    if rows is None or not all(map(_is_own, rows)):
        return None
    ascending(((row["epoch"], row["epoch"]) for row in rows), "the skorch history")
    return [renamed({name: value for name, value in row.items() if name != "batches"}, _NAMES) for row in rows]


def _is_own(row: Mapping[str, Any]) -> bool:
    if not row.keys() >= _OWN or not isinstance(row["batches"], list):
        return False
    # `dur` and a list of batches may well be in a row of ours, which calls validation `val_`.
    return "val_loss" not in row and all(isinstance(batch, Mapping) for batch in row["batches"])
