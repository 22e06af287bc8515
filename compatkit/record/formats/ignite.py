"""ignite: engine states, kept once an epoch, as objects or as dicts. An engine itself keeps no history."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from compatkit.record.errors import RecordError
from compatkit.record.formats._rows import Row, is_scalar, plain

WHY = "in the epoch of its state"
_KEPT = ("epoch", "iteration", "output")
# What a State has. A dict with any other key is somebody's own row.
_STATE = {*_KEPT, "batch", "dataloader", "epoch_length", "max_epochs", "max_iters", "metrics", "seed", "times"}


def read(history: object) -> list[Row] | None:
    """Read a row a state: its epoch, its metrics under their own names (of which set, a state does not say).

    `output`, of the last batch, is kept where it is a number. Raises `RecordError` for two states of one epoch.
    """
    states = history if isinstance(history, list) else [history]
    rows: list[Row] = []
    for state in states:
        if (row := _read_state(state)) is None:
            return None
        rows.append(row)
    rows.sort(key=_epoch)
    for row, following in pairwise(rows):
        if _epoch(row) == _epoch(following):
            raise RecordError.repeated_epoch(row["epoch"], "the ignite states")
    return rows or None


def _read_state(state: Any) -> Row | None:
    values = state if isinstance(state, Mapping) else {name: getattr(state, name, None) for name in (*_KEPT, "metrics")}
    metrics = values.get("metrics")
    if not isinstance(metrics, Mapping) or not metrics or type(values.get("epoch")) is not int:
        return None
    if type(values.get("iteration")) is not int or not _STATE.issuperset(values):
        return None
    if not all(isinstance(name, str) and is_scalar(value) for name, value in metrics.items()):
        return None
    kept = {name: value for name, value in values.items() if name in _KEPT or isinstance(state, Mapping)}
    row = {name: value for name, value in kept.items() if is_scalar(value)}
    if taken := row.keys() & metrics.keys():
        raise RecordError.ambiguous_name(min(taken), "the ignite states: a metric, and the state's own")
    return {name: plain(value) for name, value in {**row, **metrics}.items()}


def _epoch(row: Row) -> int:
    return int(str(row["epoch"]))
