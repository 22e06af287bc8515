"""What several adapters need: numbers out of 0-d arrays, safe renaming, columns and events into one row an epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Number
from typing import Any

from compatkit.record.errors import RecordError

Row = dict[str, object]
Columns = Mapping[str, Sequence[object]]


def plain(value: object) -> object:
    """Return a 0-d tensor or a NumPy scalar as the Python number that it holds, anything else as it is."""
    if not isinstance(value, int | float) and is_scalar(value):
        item: Any = value
        return item.item() if hasattr(item, "item") else value
    # numpy.float64 is a float, whose repr says otherwise.
    return float(value) if isinstance(value, float) else value


def is_scalar(value: object) -> bool:
    """True for a number, a NumPy scalar or a 0-d tensor, of any library."""
    if isinstance(value, Number):
        return True
    return hasattr(value, "item") and getattr(value, "ndim", None) == 0


def is_column(values: object) -> bool:
    return isinstance(values, Sequence) and not isinstance(values, str) and all(map(is_scalar, values))


def free_names(names: Mapping[str, str], present: Iterable[str]) -> dict[str, str]:
    """Return those of `names` that no other of the `present` names is, or would be called as well."""
    kept = set(present)
    renamed_to = Counter(names[name] for name in kept if name in names)
    return {name: new for name, new in names.items() if new not in kept and renamed_to[new] <= 1}


def renamed(row: Mapping[str, object], names: Mapping[str, str]) -> Row:
    """Return `row` under our names, with plain numbers; a value whose new name is not free keeps its own."""
    free = free_names(names, row)
    return {free.get(key, key): plain(value) for key, value in row.items()}


def as_rows(
    history: object, is_first: Callable[[Mapping[str, Any]], bool] | None = None
) -> list[Mapping[str, Any]] | None:
    """Return a list whose elements are all mappings with text keys, and which is not empty; None for anything else.

    `is_first` looks at the first row only: most lists are nobody's, and long.
    """
    if not isinstance(history, list) or not history or not _is_row(history[0]):
        return None
    if is_first is not None and not is_first(history[0]):
        return None
    return history if all(map(_is_row, history)) else None


def _is_row(row: object) -> bool:
    return isinstance(row, Mapping) and all(isinstance(key, str) for key in row)


def merged(rows: Iterable[tuple[int, Mapping[str, object]]]) -> list[Row]:
    """Merge rows of one epoch, given as (epoch, values): of a name that comes again, the last value counts."""
    epochs: dict[int, Row] = {}
    for epoch, values in rows:
        row = epochs.setdefault(epoch, {"epoch": epoch})
        row.update((key, value) for key, value in values.items() if key != "epoch")
    return [epochs[epoch] for epoch in sorted(epochs)]


def from_columns(columns: Columns, epochs: Sequence[object] | None = None, *, sparse: str = "") -> list[Row]:
    """Turn a column for each name into a row for each epoch, numbered from 1 unless `epochs` says otherwise.

    A shorter column is placed where its name begins with `sparse` and it can have come from one fixed interval only,
    as from validation at every second epoch. Raises `RecordError` for any other columns of different lengths.
    """
    numbers = list(range(1, max(map(len, columns.values())) + 1)) if epochs is None else list(epochs)
    rows: list[Row] = [{"epoch": number} for number in numbers]
    for name, values in columns.items():
        places = range(len(rows)) if len(values) == len(rows) else None
        if places is None and sparse and name.startswith(sparse):
            places = _at_one_interval(numbers, len(values))
        if places is None:
            lengths = {key: len(column) for key, column in columns.items()}
            raise RecordError.unequal_columns(lengths if epochs is None else {"epoch": len(numbers), **lengths})
        for place, value in zip(places, values, strict=True):
            rows[place][name] = plain(value)
    return rows


def _at_one_interval(numbers: Sequence[Any], length: int) -> range | None:
    """Return the places of the epochs k, 2k, …, if one k only gives `length` of them; else None."""
    if not length or list(numbers) != list(range(numbers[0], numbers[0] + len(numbers))):
        return None
    first, last = numbers[0], numbers[-1]
    intervals = [k for k in range(2, last + 1) if last // k - (first - 1) // k == length]
    placed = {range(-first % k, len(numbers), k) for k in intervals}
    return placed.pop() if len(placed) == 1 else None
