"""mmengine and mmdet: the JSON lines of a training, several an epoch, with a row for each validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compatkit.record.errors import RecordError
from compatkit.record.formats._rows import Row, as_rows, ascending, merged, placing, renamed, rows_in_order

WHY = "in the epoch of its row; of several rows the last counts"
_NAMES = {"lr": "learning_rate"}
# A validation takes time of its own, beside that of the training that it is merged with.
_OF_VALIDATION = {"time": "val_time", "data_time": "val_data_time"}
_WHERE = "the rows of an mmengine log"


def read(history: object) -> list[Row] | None:
    """Read a row an epoch, or a row an iteration of a training that is counted in these.

    `loss`, a mean over the last iterations, keeps its name. A validation joins the epoch of the rows before it, if its
    step says the same. Raises `RecordError` where it does not, and where epochs or iterations go back.
    """
    rows = as_rows(history)
    if rows is None:
        return None
    if all(_is_mmcv(row) for row in rows if "mode" in row) and "mode" in rows[-1]:
        # mmcv before mmengine: the first row describes the machine.
        return _by_epoch([(row["epoch"], row) for row in rows if "mode" in row], {"mode", "iter"})
    if not all("step" in row and type(row["step"]) is int for row in rows) or not any(map(_is_training, rows)):
        return None
    if any("epoch" in row for row in rows):
        return _by_epoch(list(_with_epochs(rows)), {"step", "iter"})
    placing().because("step", "at the iteration that its row names; this training counts no epochs")
    return rows_in_order([_named(row) for row in rows], _WHERE, key="step")


def _is_mmcv(row: Mapping[str, Any]) -> bool:
    return row["mode"] in {"train", "val"} and type(row.get("epoch")) is int and type(row.get("iter")) is int


def _is_training(row: Mapping[str, Any]) -> bool:
    return type(row.get("iter")) is int and {"data_time", "time"} <= row.keys()


def _with_epochs(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    before: Mapping[str, Any] = {}
    for row in rows:
        if _is_training(row) and type(row.get("epoch")) is int:
            before = row
        elif not before or row["step"] not in {before["epoch"], before["step"]}:
            raise RecordError(
                f"A validation is of step {row['step']}, and follows epoch {before.get('epoch', 'none')}.",
                where=_WHERE,
                hint="read the training's rows and the validation's apart",
            )
        yield before["epoch"], row


def _by_epoch(rows: Sequence[tuple[int, Mapping[str, Any]]], besides: set[str]) -> list[Row]:
    ascending(((epoch, epoch) for epoch, _ in rows), _WHERE)
    kept = ((epoch, {name: value for name, value in row.items() if name not in besides}) for epoch, row in rows)
    return merged((epoch, _named(row)) for epoch, row in kept)


def _named(row: Mapping[str, Any]) -> Row:
    return renamed(row, _NAMES if "lr" in row or "loss" in row else _OF_VALIDATION)
