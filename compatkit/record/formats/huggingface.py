"""Hugging Face: `Trainer`, `Trainer.state`, its `log_history`, and the same list in `trainer_state.json`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from compatkit.record.formats._rows import Row, as_rows, is_scalar, merged, renamed

_NAMES = {"eval_loss": "val_loss", "eval_accuracy": "val_accuracy"}
_SUMMARY = "train_runtime"


def read(history: object) -> list[Row] | None:
    """Read a log of training, evaluation and summary rows into one row an epoch, which ends at its whole number.

    `loss` is the mean since the last log: it is `train_loss` where an epoch was logged once, else it stays `loss`.
    The summary row joins the last epoch, its `train_loss`, the mean over the whole training, as `train_loss_mean`.
    """
    rows = _log(history)
    if rows is None or not _is_log(rows):
        return None
    logged = Counter(_epoch(row) for row in rows if "loss" in row)
    last = max(_epoch(row) for row in rows)
    return merged((last if _SUMMARY in row else _epoch(row), _renamed(row, logged)) for row in rows)


def _log(history: object) -> list[Mapping[str, Any]] | None:
    for name in ("state", "log_history"):
        history = getattr(history, name, history)
    if isinstance(history, Mapping):
        history = history.get("log_history")
    return as_rows(history)


def _is_log(rows: list[Mapping[str, Any]]) -> bool:
    """True where every row is of one of the three kinds, and one is of a kind that nobody else writes."""
    kinds = [_kind(row) for row in rows]
    return all(kinds) and ("eval" in kinds or "summary" in kinds or all("learning_rate" in row for row in rows))


def _kind(row: Mapping[str, Any]) -> str:
    if not (is_scalar(row.get("epoch")) and is_scalar(row.get("step"))):
        return ""
    if _SUMMARY in row:
        return "summary"
    if any(key.startswith("eval_") for key in row):
        return "eval"
    return "train" if "loss" in row else ""


def _epoch(row: Mapping[str, Any]) -> int:
    # 2.0000001 is the end of epoch 2, as steps over an epoch's length gave it.
    return math.ceil(float(row["epoch"]) - 1e-6)


def _renamed(row: Mapping[str, Any], logged: Counter[int]) -> Row:
    if _SUMMARY in row:
        return renamed(row, {"train_loss": "train_loss_mean"})
    once = {"loss": "train_loss"} if logged[_epoch(row)] == 1 else {}
    return renamed(row, {**_NAMES, **once})
