"""Keras: `History`, its `.history` (a column a name), and columns that somebody wrote in that manner."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from compatkit.record.formats._rows import Columns, Row, ascending, free_names, from_columns, is_column, placing, plain

WHY = "a value for each epoch, in order"
# Without a prefix Keras means the training set. Keras 2 wrote `acc` and `lr`.
_NAMES = {
    "loss": "train_loss",
    "accuracy": "train_accuracy",
    "acc": "train_accuracy",
    "val_acc": "val_accuracy",
    "lr": "learning_rate",
}


def read(history: object) -> list[Row] | None:
    """Read a `History` or its columns. Epochs are numbered from 1, where Keras counts from 0.

    A shorter `val_` column is one of `validation_freq`, which may be a number or a list: which epochs it means, is for
    the caller to state.
    """
    if not isinstance(history, Mapping):
        return _read_object(history)
    if not _are_columns(history):
        return None
    if "epoch" in history:
        return _with_own_epochs(history)
    return rename(from_columns(history), history)


def rename(rows: Iterable[Row], columns: Collection[str]) -> list[Row]:
    """Give rows of Keras's columns our names; where no column is plain `loss`, they are somebody's own and stay."""
    free = free_names(_NAMES, columns) if "loss" in columns else {}
    for name, new in free.items():
        placing().because(new, placing().reasons.get(name, WHY))
    return [{free.get(name, name): value for name, value in row.items()} for row in rows]


def _read_object(history: object) -> list[Row] | None:
    columns, epochs = getattr(history, "history", None), getattr(history, "epoch", None)
    if not isinstance(columns, Mapping) or not isinstance(epochs, list):
        return None
    # A metric may be an array an epoch, as F1Score is; with its epochs beside it, the shape is certain all the same.
    if not all(isinstance(epoch, int) for epoch in epochs) or not all(map(_is_list, columns.items())):
        return None
    ascending(((epoch, epoch) for epoch in epochs), "the epochs of a Keras History")
    return rename(from_columns(columns, [epoch + 1 - placing().first_epoch(0) for epoch in epochs]), columns)


def _is_list(column: tuple[object, object]) -> bool:
    name, values = column
    return isinstance(name, str) and isinstance(values, list)


def _are_columns(columns: Mapping[Any, Any]) -> bool:
    return (
        bool(columns)
        and all(isinstance(name, str) and is_column(values) for name, values in columns.items())
        and any(len(values) for values in columns.values())
    )


def _with_own_epochs(columns: Columns) -> list[Row]:
    rest = {name: values for name, values in columns.items() if name != "epoch"}
    return rename(from_columns(rest, [plain(epoch) for epoch in columns["epoch"]]), rest)
