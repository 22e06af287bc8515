"""W&B: the rows of a run's history, as `scan_history()` and `history(pandas=False)` return them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from compatkit.record.errors import RecordError
from compatkit.record.formats._rows import Row, as_rows, plain, rows_in_order

WHY = "in the epoch that was logged with it"
_OWN = {"_step", "_runtime", "_timestamp"}


def read(history: object) -> list[Row] | None:
    """Read a row an epoch, by the `epoch` that was logged with the values; W&B's own steps count calls of `log`.

    Rows of one epoch are merged. Raises `RecordError` where no epoch was logged, where an epoch comes again later, and
    where one name has two values in an epoch.
    """
    rows = as_rows(history, _is_own)
    if rows is None or not all(map(_is_own, rows)):
        return None
    kept = [
        {name: plain(value) for name, value in row.items() if value is not None and name not in _OWN} for row in rows
    ]
    kept = [row for row in kept if row]
    if not all(_has_epoch(row) for row in kept):
        raise RecordError(
            "Rows of the W&B history have no epoch, and its steps count calls of log, not epochs.",
            where="what W&B returned",
            hint="log `epoch` with each value, or give the rows one before they are read",
        )
    return rows_in_order(
        [{**row, "epoch": int(str(row["epoch"]).partition(".")[0])} for row in kept], "the W&B history"
    )


def _is_own(row: Mapping[str, Any]) -> bool:
    return type(row.get("_step")) in {int, float} and not _OWN.isdisjoint(row.keys() - {"_step"})


def _has_epoch(row: Mapping[str, Any]) -> bool:
    epoch = row.get("epoch")
    return isinstance(epoch, int | float) and math.isfinite(epoch) and float(epoch).is_integer()
