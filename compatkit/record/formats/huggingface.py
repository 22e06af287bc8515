"""Hugging Face: `Trainer`, `Trainer.state`, its `log_history`, and the same list in `trainer_state.json`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from compatkit.record.formats._rows import Row, as_rows, ascending, free_names, is_scalar, merged, renamed

WHY = "in the epoch in which it was logged, which ends at its whole number; of several the last counts"
_NAMES = {"loss": "train_loss", "eval_loss": "val_loss", "eval_accuracy": "val_accuracy"}
_SUMMARY = {"train_runtime", "train_samples_per_second"}
_STAMP = {"epoch", "step"}
# How far a log's distance from the one before may be from one epoch: Trainer drops the steps of a last, short batch.
_TOLERANCE = 0.05  # epochs

_Log = list[Mapping[str, Any]]


def read(history: object) -> list[Row] | None:
    """Read a log of training, evaluation and summary rows into one row an epoch, which ends at its whole number.

    `loss` is the mean since the last log: it is `train_loss` where that was one epoch, else it stays `loss`. Of a
    quantity that was logged several times within an epoch, the last value counts. What was measured before the
    training is epoch 0. The summary joins its last epoch, with its `train_loss`, the mean over all of it, as
    `train_loss_mean`.
    """
    log = _log(history)
    if log is None:
        return None
    ascending(((row["step"], _epoch(row)) for row in log if "step" in row), "the rows of the log_history")
    present = {name for row in log if not _is_summary(row) for name in row}
    names = free_names(_NAMES, present)
    losses = {name: new for name, new in names.items() if name == "loss"}
    others = {name: new for name, new in names.items() if name != "loss"}
    whole = _whole_epochs(log)
    return merged((_epoch(row), _named(row, {**others, **(losses if _epoch(row) in whole else {})})) for row in log)


def _log(history: object) -> _Log | None:
    """Return the rows of a log; within what keeps one, any row is one, elsewhere all must be Hugging Face's."""
    kept = getattr(getattr(history, "state", history), "log_history", None)
    if isinstance(history, Mapping):
        kept = history.get("log_history")
    if kept is None:
        rows = as_rows(history, _is_stamped)
        return rows if rows and _is_certain(rows) else None
    if kept == []:
        return []
    rows = as_rows(kept)
    return rows if rows and all(is_scalar(row.get("epoch", 0)) for row in rows) else None


def _is_certain(rows: _Log) -> bool:
    kinds = {_kind(row) for row in rows}
    return "foreign" not in kinds and kinds != {"other"}


def _kind(row: Mapping[str, Any]) -> str:
    """Return which row of a log this is. `foreign` is one that has names of ours, which no Trainer gives to its own."""
    if not _is_stamped(row):
        return "foreign"
    names = row.keys() - _STAMP
    if _is_summary(row):
        return "summary" if "loss" not in row and not any(name.startswith("val_") for name in names) else "foreign"
    if any(name.startswith(("train_", "val_")) for name in names):
        return "foreign"
    if names and all(name.startswith("eval_") for name in names):
        return "eval"
    return "train" if {"loss", "learning_rate"} <= names else "other"


def _is_stamped(row: Mapping[str, Any]) -> bool:
    # Trainer counts epochs in fractions of steps; whoever writes a loop counts them whole. 0 is before the first step.
    return (type(row.get("epoch")) is float or row.get("epoch") == 0) and type(row.get("step")) is int


def _is_summary(row: Mapping[str, Any]) -> bool:
    return row.keys() >= _SUMMARY


def _epoch(row: Mapping[str, Any]) -> int:
    # 2.0000001 is the end of epoch 2, as steps over an epoch's length gave it.
    return math.ceil(float(row.get("epoch", 0)) - 1e-6)


def _whole_epochs(log: _Log) -> set[int]:
    """Return the epochs whose one `loss` is the mean over the epoch: the log before it is an epoch earlier."""
    logged = [row for row in log if "loss" in row]
    times = Counter(map(_epoch, logged))
    ends = [0.0, *(float(row.get("epoch", 0)) for row in logged)]
    spans = [end - start for start, end in pairwise(ends)]
    return {
        _epoch(row)
        for row, span in zip(logged, spans, strict=True)
        if times[_epoch(row)] == 1 and abs(span - 1) <= _TOLERANCE
    }


def _named(row: Mapping[str, Any], names: Mapping[str, str]) -> Row:
    return renamed(row, {"train_loss": "train_loss_mean"} if _is_summary(row) else names)
