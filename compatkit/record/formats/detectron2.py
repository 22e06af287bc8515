"""detectron2: the rows of metrics.json, one every so many iterations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compatkit.record.formats._rows import Row, as_rows, placing, renamed, rows_in_order

WHY = "at the iteration that its row names; detectron2 has no epochs"
_OWN = {"data_time", "eta_seconds", "total_loss"}


def read(history: object) -> list[Row] | None:
    """Read a row an iteration that was logged, evaluation merged into it. There are no epochs, and none are made up.

    Raises `RecordError` where the iterations go back: a run that was resumed at an older checkpoint, or a second one.
    """
    rows = as_rows(history, _is_own)
    if rows is None or not all(type(row.get("iteration")) is int for row in rows):
        return None
    placing().because("iteration", WHY)
    return [
        renamed(row, {"lr": "learning_rate"})
        for row in rows_in_order(rows, "the rows of metrics.json", key="iteration")
    ]


def _is_own(row: Mapping[str, Any]) -> bool:
    return type(row.get("iteration")) is int and "epoch" not in row and not _OWN.isdisjoint(row)
