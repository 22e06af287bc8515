"""ignite: engine states, kept once an epoch, as objects or as dicts. An engine itself keeps no history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compatkit.record.formats._rows import Row, is_scalar, plain

_KEPT = ("epoch", "iteration", "output")


def read(history: object) -> list[Row] | None:
    """Read a row a state: its epoch, its metrics under their own names (of which set, a state does not say)."""
    states = history if isinstance(history, list) else [history]
    rows = [_read_state(state) for state in states]
    return rows if rows and all(rows) else None  # type: ignore[return-value]  # none of them is None


def _read_state(state: Any) -> Row | None:
    values = state if isinstance(state, Mapping) else {name: getattr(state, name, None) for name in (*_KEPT, "metrics")}
    metrics = values.get("metrics")
    if not isinstance(metrics, Mapping) or not metrics or not isinstance(values.get("epoch"), int):
        return None
    if "iteration" not in values or not all(map(is_scalar, metrics.values())):
        return None
    kept = {name: values[name] for name in _KEPT if is_scalar(values.get(name))}
    return {name: plain(value) for name, value in {**kept, **metrics}.items()}
