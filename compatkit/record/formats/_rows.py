"""Shared by readers: what is stated of a history, numbers out of 0-d arrays, columns and events into rows by epoch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import pairwise
from numbers import Number
from typing import Any, cast

from compatkit.record.errors import RecordError
from compatkit.record.names import is_same

Row = dict[str, object]
Columns = Mapping[str, Sequence[object]]
Points = Mapping[str, Sequence[tuple[int, object]]]

# As scikit-learn names them.
_OF_A_SEARCH = {"fit_time", "mean_fit_time", "train_sizes"}


@dataclass
class Placing:
    """A history's statements: those of the caller, and those of its reader.

    Attributes:
        validated: the epochs in which columns that are shorter than the others were measured.
        counts_from: what the history calls its first epoch, 0 or 1.
        reader: the reader that knew the history; empty where none did.
        reasons: why the values of a name stand in the epochs in which they stand.
        is_counted: true once the reader asked what the history calls its first epoch.
    """

    validated: Sequence[int] | None = None
    counts_from: int | None = None
    reader: str = ""
    reasons: dict[str, str] = field(default_factory=dict)
    is_counted: bool = False

    def __post_init__(self) -> None:
        if self.counts_from not in {None, 0, 1}:
            raise RecordError.misstated(f"counts_from={self.counts_from!r}", "is neither 0 nor 1")
        if self.validated is not None and list(self.validated) != sorted(set(self.validated)):
            raise RecordError.misstated(f"validated={self.validated!r}", "does not ascend, as the epochs of columns do")

    def first_epoch(self, otherwise: Any) -> Any:
        """Return what the caller says that the history calls its first epoch."""
        self.is_counted = True
        return otherwise if self.counts_from is None else self.counts_from

    def check_heard(self) -> None:
        """Raise `RecordError` for a statement that the reader had no use for."""
        if self.counts_from is not None and not self.is_counted:
            raise RecordError.misstated(
                f"counts_from={self.counts_from}",
                "changes nothing: these epochs are handed on as they are, or not named",
            )

    def because(self, name: str, reason: str) -> None:
        self.reasons.setdefault(name, reason)


_current: ContextVar[Placing] = ContextVar("compatkit_placing")


def placing() -> Placing:
    """Return what is stated about the history that is being read."""
    return _current.get(None) or Placing()


@contextmanager
def placed_by(stated: Placing) -> Iterator[None]:
    """Read one history with what is stated about it."""
    token = _current.set(stated)
    try:
        yield
    finally:
        _current.reset(token)


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
    """True for numbers in a row: a sequence, or an array or series of one dimension, of any library."""
    if getattr(values, "ndim", None) == 1 and hasattr(values, "tolist"):
        return all(map(is_scalar, cast(Any, values)))
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


def from_columns(columns: Columns, epochs: Sequence[object] | None = None) -> list[Row]:
    """Turn a column for each name into a row for each epoch, numbered from 1 unless `epochs` says otherwise.

    A shorter column may be of every second epoch, of the last ones, or of any others: it is placed where the caller
    states which ones. Raises `RecordError` for any other columns of different lengths.
    """
    if epochs is None:
        check_rows_are_epochs(columns)
    numbers = list(range(1, max(map(len, columns.values())) + 1)) if epochs is None else list(epochs)
    rows: list[Row] = [{"epoch": number} for number in numbers]
    for name, values in columns.items():
        places = range(len(rows)) if len(values) == len(rows) else _stated_places(numbers, len(values))
        if places is None:
            lengths = {key: len(column) for key, column in columns.items()}
            raise RecordError.unequal_columns(lengths if epochs is None else {"epoch": len(numbers), **lengths})
        for place, value in zip(places, values, strict=True):
            rows[place][name] = plain(value)
        stated = ", ".join(str(numbers[place]) for place in places)
        is_whole = len(places) == len(rows)
        placing().because(name, "a value for each epoch, in order" if is_whole else f"in the stated epochs, {stated}")
    return rows


def check_rows_are_epochs(names: Iterable[str]) -> None:
    """Raise `RecordError` for the results of a search, whose rows are its candidates, folds or sizes, and no epochs."""
    if found := sorted(_OF_A_SEARCH.intersection(names)):
        raise RecordError(
            f"The column {found[0]!r} is of a search or a cross-validation, whose rows are not epochs.",
            where="what the trainer returned",
            hint="read its table as it is, or pass the history of one training",
        )


def by_logged_epoch(points: Points, where: str) -> list[Row] | None:
    """Return a row an epoch, by the epoch that was logged at each step; None where a step has none, or two.

    Lightning counts epochs from 0. Hugging Face counts parts of them, which end at their whole number. Raises
    `RecordError` where the epochs go back, and where whole ones begin neither at 0 nor at 1.
    """
    logged = [(step, float(cast(Any, value))) for step, value in points["epoch"]]
    if not all(math.isfinite(epoch) for _, epoch in logged):
        return None
    is_in_parts = "train_runtime" in points or not all(epoch.is_integer() for _, epoch in logged)
    first = logged[0][1]
    counts_from = 1 if is_in_parts else placing().first_epoch(first)
    if counts_from not in {0, 1}:
        raise RecordError.uncertain_count(int(first), where)
    ascending(((epoch, int(epoch)) for _, epoch in logged), where)
    # 2.0000001 is the end of epoch 2, as steps over an epoch's length gave it.
    epochs = {step: math.ceil(epoch - 1e-6) + 1 - int(cast(float, counts_from)) for step, epoch in logged}
    placing().because("epoch", f"the logged epoch, which counts from {counts_from:.0f}")
    for name in points:
        placing().because(name, "in the epoch that was logged at its step; of several the last counts")
    rest = [(step, name, value) for name, column in points.items() if name != "epoch" for step, value in column]
    if len(set(logged)) > len(epochs) or any(step not in epochs for step, _, _ in rest):
        return None
    return merged(
        [*((epoch, {}) for epoch in epochs.values()), *((epochs[step], {name: value}) for step, name, value in rest)]
    )


def _stated_places(numbers: Sequence[Any], length: int) -> Sequence[int] | None:
    stated = placing().validated
    if stated is None or len(stated) != length or not set(stated) <= set(numbers):
        return None
    return [numbers.index(epoch) for epoch in stated]


def ascending(epochs: Iterable[tuple[Any, Any]], where: str, what: str = "epoch") -> None:
    """Check (number, name) pairs. Raises `RecordError` where a number goes back: there a second training begins."""
    for (last, name), (number, again) in pairwise(epochs):
        if number < last:
            raise RecordError.restarted(again, name, where, what)


def rows_in_order(rows: Sequence[Mapping[str, object]], where: str, *, key: str = "epoch") -> list[Row]:
    """Return rows whose epochs ascend, those of one epoch merged where no name has two values in it.

    Raises `RecordError` where an epoch comes again later, as a second training that was appended makes it, and where
    two rows of one epoch, as one for each step, both have a value of one name.
    """
    merged_rows: list[Row] = []
    for row in rows:
        last = merged_rows[-1] if merged_rows else None
        if last is None or cast(Any, row[key]) > last[key]:
            merged_rows.append(dict(row))
        elif row[key] != last[key]:
            raise RecordError.restarted(row[key], last[key], where, key)
        elif any(name in last and not is_same(last[name], value) for name, value in row.items()):
            raise RecordError.repeated_epoch(row[key], where)
        else:
            last.update(row)
    return merged_rows
