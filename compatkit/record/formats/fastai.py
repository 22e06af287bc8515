"""fastai: `Learner.recorder`, or the learner."""

from __future__ import annotations

from typing import Any

from compatkit.record.errors import RecordError
from compatkit.record.formats._rows import Row, renamed

WHY = "in the order in which the epochs were recorded"
# With a validation set, fastai's metrics are those of it; `valid_accuracy` where it measures both sets.
_NAMES = {"valid_loss": "val_loss", "accuracy": "val_accuracy", "valid_accuracy": "val_accuracy"}


def read(history: object) -> list[Row] | None:
    """Read a row an epoch, numbered from 1. `train_loss` is fastai's: an exponentially smoothed loss, no mean.

    What fastai could not measure, and keeps as None, is absent. Raises `RecordError` for an epoch that was cut short.
    """
    recorder: Any = getattr(history, "recorder", history)
    names = list(getattr(recorder, "metric_names", None) or [])
    if names[:1] != ["epoch"] or not isinstance(getattr(recorder, "values", None), list | tuple):
        return None
    # `values` leaves out the first name, and `time`, which comes last.
    names = names[1:-1] if names[-1] == "time" else names[1:]
    known = _NAMES if "valid_loss" in names else {}
    return [_row(number, names, list(values), known) for number, values in enumerate(recorder.values, start=1)]


def _row(number: int, names: list[str], values: list[object], known: dict[str, str]) -> Row:
    if len(values) != len(names):
        raise RecordError.unequal_columns({"metric_names": len(names), f"the values of epoch {number}": len(values)})
    row = renamed(dict(zip(names, values, strict=True)), known)
    return {"epoch": number, **{name: value for name, value in row.items() if value is not None}}
