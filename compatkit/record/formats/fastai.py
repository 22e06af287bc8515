"""fastai: `Learner.recorder`, or the learner."""

from __future__ import annotations

from typing import Any

from compatkit.record.formats._rows import Row, renamed

# fastai's metrics are those of the validation set.
_NAMES = {"valid_loss": "val_loss", "accuracy": "val_accuracy"}


def read(history: object) -> list[Row] | None:
    """Read a row an epoch, numbered from 1. `train_loss` is fastai's: an exponentially smoothed loss, no mean."""
    recorder: Any = getattr(history, "recorder", history)
    if not (hasattr(recorder, "metric_names") and isinstance(getattr(recorder, "values", None), list | tuple)):
        return None
    # `values` leaves out the first name, `epoch`, and the last, `time`.
    names = [name for name in recorder.metric_names if name not in {"epoch", "time"}]
    return [
        {"epoch": number, **renamed(dict(zip(names, row, strict=True)), _NAMES)}
        for number, row in enumerate(recorder.values, start=1)
    ]
