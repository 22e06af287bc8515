"""Lightning: the rows of `CSVLogger`'s metrics.csv, and `callback_metrics`, taken once an epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compatkit.record.formats._rows import Row, as_rows, is_scalar, merged, renamed


def read(history: object) -> list[Row] | None:
    """Read a list of `callback_metrics`, or one of them: 0-d tensors under names that the user chose."""
    rows = as_rows([history] if isinstance(history, Mapping) else history)
    if rows is None or not all(map(_are_tensors, rows)):
        return None
    found = [_named(row) for row in rows]
    return found if isinstance(history, Mapping) else [{"epoch": n, **row} for n, row in enumerate(found, start=1)]


def is_csv(rows: list[Row]) -> bool:
    """True for the rows of a CSVLogger: `epoch` and `step` in all, and in each row the values of one moment only."""
    names = {name for row in rows for name in row}
    return {"epoch", "step"} <= names and all("step" in row and set(row) < names for row in rows)


def read_csv(rows: list[Row]) -> list[Row]:
    """Merge a CSVLogger's rows, whose blanks are gone, into one an epoch. Lightning counts epochs from 0, we from 1.

    A row without an epoch, as from LearningRateMonitor, belongs to the epoch that logs next.
    """
    return merged((epoch, _named(row)) for epoch, row in _with_epochs(rows))


def _with_epochs(rows: list[Row]) -> Iterator[tuple[int, Row]]:
    last = max((int(str(row["epoch"])) for row in rows if "epoch" in row), default=0)
    following = last
    placed = []
    for row in reversed(rows):
        following = int(str(row["epoch"])) if "epoch" in row else following
        placed.append((following + 1, row))
    return reversed(placed)


def _named(row: Mapping[str, Any]) -> Row:
    """`train_loss_epoch`, the mean, is `train_loss`, unless the row has one; `train_loss_step` keeps its name."""
    return renamed(row, {name: name.removesuffix("_epoch") for name in row if name.endswith("_epoch")})


def _are_tensors(row: Mapping[str, Any]) -> bool:
    return bool(row) and "epoch" not in row and all(hasattr(v, "item") and is_scalar(v) for v in row.values())
