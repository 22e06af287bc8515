"""Keras: `History`, its `.history` (a column a name), and columns that somebody wrote in that manner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compatkit.record.formats._rows import Row, from_columns, is_column, renamed

# Without a prefix Keras means the training set. Keras 2 wrote `acc` and `lr`.
_NAMES = {
    "loss": "train_loss",
    "accuracy": "train_accuracy",
    "acc": "train_accuracy",
    "val_acc": "val_accuracy",
    "lr": "learning_rate",
}


def read(history: object) -> list[Row] | None:
    """Read a `History` or its columns. Epochs are numbered from 1, where Keras counts from 0."""
    columns: Any = history
    epochs = None
    if not isinstance(history, Mapping):
        columns, epochs = getattr(history, "history", None), getattr(history, "epoch", None)
        if not isinstance(epochs, list):
            return None
        epochs = [epoch + 1 for epoch in epochs]
    if not _are_columns(columns):
        return None
    if "epoch" in columns:
        return None if epochs else _with_own_epochs(columns)
    return [rename(row) for row in from_columns(columns, epochs)]


def rename(row: Mapping[str, object]) -> Row:
    """Give a Keras row our names; where there is no plain `loss`, the names are somebody's own and stay."""
    return renamed(row, _NAMES) if "loss" in row else dict(row)


def _are_columns(columns: object) -> bool:
    return (
        isinstance(columns, Mapping)
        and bool(columns)
        and all(isinstance(name, str) and is_column(values) for name, values in columns.items())
        and any(len(values) for values in columns.values())
    )


def _with_own_epochs(columns: Mapping[str, list[Any]]) -> list[Row]:
    rest = {name: values for name, values in columns.items() if name != "epoch"}
    rows = from_columns(rest, columns["epoch"]) if rest else [{"epoch": epoch} for epoch in columns["epoch"]]
    return [rename(row) for row in rows]
