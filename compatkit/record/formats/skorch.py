"""skorch: `net.history`, or the net itself."""

from __future__ import annotations

from compatkit.record.formats._rows import Row, as_rows, renamed

_NAMES = {"valid_loss": "val_loss", "valid_acc": "val_accuracy", "dur": "epoch_time"}


def read(history: object) -> list[Row] | None:
    """Read one row an epoch. `batches`, the values of each batch, are no metrics of an epoch, and are left out."""
    rows = as_rows(history if isinstance(history, list) else getattr(history, "history", None))
    if rows is None or not all({"batches", "epoch", "dur"} <= row.keys() for row in rows):
        return None
    return [renamed({name: value for name, value in row.items() if name != "batches"}, _NAMES) for row in rows]
