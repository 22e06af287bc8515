"""ultralytics: the rows of results.csv, as YOLOv5 also writes it."""

from __future__ import annotations

from collections.abc import Sequence

from compatkit.record.errors import RecordError
from compatkit.record.formats._rows import Row, placing


def is_results(header: Sequence[str]) -> bool:
    """True for its columns: the parts of the training loss, and the rate of the first group of parameters."""
    rates = {"lr/pg0", "x/lr0"}
    return "epoch" in header and not rates.isdisjoint(header) and any(name.startswith("train/") for name in header)


def numbered(rows: Sequence[Row]) -> list[Row]:
    """Number the epochs from 1: YOLOv5, and ultralytics before 8.1, count from 0. The names stay what they are.

    Raises `RecordError` for a file whose beginning is missing: it does not say from where it counts.
    """
    first = rows[0]["epoch"] if rows else 1
    counts_from = placing().first_epoch(first)
    if counts_from not in {0, 1}:
        raise RecordError.uncertain_count(first, "results.csv")
    placing().because("epoch", f"results.csv counts from {counts_from}")
    return [{**row, "epoch": int(str(row["epoch"])) + 1 - int(str(counts_from))} for row in rows]
