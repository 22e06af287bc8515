"""What several adapters need: numbers out of 0-d arrays, columns and events into one row an epoch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Number
from typing import Any

from compatkit.record.errors import RecordError

Row = dict[str, object]


def plain(value: object) -> object:
    """Return a 0-d tensor or a NumPy scalar as the Python number that it holds, anything else as it is."""
    if not isinstance(value, int | float) and is_scalar(value):
        item: Any = value
        return item.item()
    # numpy.float64 is a float, whose repr says otherwise.
    return float(value) if isinstance(value, float) else value


def is_scalar(value: object) -> bool:
    """True for a number, a NumPy scalar or a 0-d tensor, of any library."""
    if isinstance(value, Number):
        return True
    return hasattr(value, "item") and getattr(value, "ndim", None) == 0


def is_column(values: object) -> bool:
    return isinstance(values, Sequence) and not isinstance(values, str) and all(map(is_scalar, values))


def renamed(row: Mapping[str, object], names: Mapping[str, str]) -> Row:
    """Return `row` under our names, with plain numbers. A name that is there already is not written over."""
    return {(names[key] if key in names and names[key] not in row else key): plain(value) for key, value in row.items()}


def as_rows(history: object) -> list[Mapping[str, Any]] | None:
    """Return a list whose elements are all mappings with text keys, and which is not empty; None for anything else."""
    if isinstance(history, list) and history and all(map(_is_row, history)):
        return history
    return None


def _is_row(row: object) -> bool:
    return isinstance(row, Mapping) and all(isinstance(key, str) for key in row)


def merged(rows: Iterable[tuple[int, Mapping[str, object]]]) -> list[Row]:
    """Merge rows of one epoch, given as (epoch, values): of a name that comes again, the last value counts."""
    epochs: dict[int, Row] = {}
    for epoch, values in rows:
        row = epochs.setdefault(epoch, {"epoch": epoch})
        row.update((key, value) for key, value in values.items() if key != "epoch")
    return [epochs[epoch] for epoch in sorted(epochs)]


def from_columns(columns: Mapping[str, Sequence[object]], epochs: Sequence[int] | None = None) -> list[Row]:
    """Turn a column for each name into a row for each epoch, numbered from 1 unless `epochs` says otherwise.

    A shorter column is placed where it can have come from one fixed interval only, as from validation at every
    second epoch. Raises `RecordError` otherwise.
    """
    count = max(map(len, columns.values()))
    numbers = list(epochs) if epochs is not None and len(epochs) == count else list(range(1, count + 1))
    rows: list[Row] = [{"epoch": number} for number in numbers]
    for name, values in columns.items():
        interval = _interval(len(values), count)
        if interval is None:
            raise RecordError.unequal_columns({key: len(column) for key, column in columns.items()})
        for place, value in zip(range(interval - 1, count, interval), values, strict=True):
            rows[place][name] = plain(value)
    return rows


def _interval(length: int, count: int) -> int | None:
    """Return the one interval at which `count` epochs give `length` values, or None where there are none or several."""
    if length == count:
        return 1
    found = [interval for interval in range(2, count + 1) if count // interval == length]
    return found[0] if len(found) == 1 else None
