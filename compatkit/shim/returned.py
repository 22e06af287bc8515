"""The history inside a returned value, read where it lies; what cannot be read is handed on."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from typing import Any, Protocol

from compatkit.migration import Attribute, Item, Step
from compatkit.record import CompatRecord, RecordError
from compatkit.record.errors import OtherHistoryError
from compatkit.shim.warning import warn_unread

Read = Callable[[object], object]
_MAKES_DICT = ("to_dict", "_asdict", "model_dump")


class Reader(Protocol):
    """Reads histories, and single records, as one migration declares them."""

    def read(self, history: object) -> object: ...

    def read_record(self, record: object) -> object: ...

    def has_fields(self, names: object) -> bool: ...


class Results:
    """Reads what one producer returns. Nothing is raised, because the work that the result came from is done.

    First the history at the declared path is read, then the value as a whole. What neither reads is handed on as it
    is, with one warning: `said` is its beginning, `hint` its end.
    """

    def __init__(self, reader: Reader, path: tuple[Step, ...], *, said: str, hint: str) -> None:
        self._reader = reader
        self._path = path
        self._said = said
        self._hint = hint
        self._has_warned = False

    def read(self, value: object, *, is_quiet: bool = False) -> object:
        """Read what a function returned."""
        return self._read_or_keep(value, lambda: self._read_at_path(value), is_quiet=is_quiet)

    def read_record(self, record: object) -> object:
        """Read one of the records that a generator yields."""
        return self._read_or_keep(record, lambda: self._reader.read_record(record))

    def _read_or_keep(self, value: object, read: Callable[[], object], *, is_quiet: bool = False) -> object:
        try:
            return read()
        except Exception as error:  # noqa: BLE001 - a record's own methods may raise anything
            # When Python ends, nothing can be imported any more, and nobody reads on.
            if not (self._has_warned or is_quiet or sys.is_finalizing()):
                self._has_warned = True
                what = error.what if isinstance(error, RecordError) else f"{type(error).__name__}: {error}"
                warn_unread(f"{self._said}: {what} It is handed on as it is. {self._hint}")
            return value

    def _read_at_path(self, value: object) -> object:
        try:
            return read_returned(value, self._path, self._read_history)
        except Exception:
            if not self._path:
                raise
            with suppress(Exception):  # the first error is the one that says what was declared
                return self._read_history(value)
            raise

    def _read_history(self, history: object) -> object:
        if history is None:
            return None
        if isinstance(history, Iterator):
            if type(history).__module__ not in ("builtins", "itertools"):
                # A file, or an iterator of somebody's own, has more than its items, and is not looked into.
                raise RecordError.of_another_kind(type(history))
            # Read as it goes on: it may do the work only then, and need not have an end.
            return map(self.read_record, history)
        try:
            return self._reader.read(history)
        except OtherHistoryError:
            raise
        except RecordError:
            if self._is_one_record(history):
                return self._reader.read_record(history)
            raise

    def _is_one_record(self, value: Any) -> bool:
        if isinstance(value, CompatRecord):
            return True
        if isinstance(value, Mapping):
            return self._reader.has_fields(value)
        if is_dataclass(value):
            return self._reader.has_fields(value.__dataclass_fields__)
        make = next((make for name in _MAKES_DICT if (make := getattr(value, name, None))), None)
        return make is not None and self._reader.has_fields(make())


def read_returned(value: Any, path: tuple[Step, ...], read: Read) -> object:
    """Return `value` with the history at `path` read; None there stays None.

    Lists, mappings and objects are changed in place, as their owner would; tuples and frozen ones are made anew.
    Raises `RecordError` where `value` has no such place.
    """
    if value is None:
        # A trainer that returns nothing returned no history to read.
        return None
    if not path:
        return read(value)
    step, *rest = path
    before = _at(value, step)
    after = read_returned(before, tuple(rest), read)
    return value if after is before else _replaced(value, step, after)


def _at(value: Any, step: Step) -> Any:
    try:
        return getattr(value, step.name) if isinstance(step, Attribute) else value[step.key]
    except (AttributeError, LookupError, TypeError) as error:
        kind = type(value).__qualname__
        raise RecordError(
            f"What the producer returned has no history at {_shown(step)}: there it is a {kind}.",
            where="the migration's [[producers]]",
            hint="correct `returns`, the path from the returned value to the history",
        ) from error


def _replaced(value: Any, step: Step, after: object) -> object:
    try:
        if isinstance(step, Attribute):
            return _with_attribute(value, step.name, after)
        return _with_item(value, step, after)
    except (AttributeError, TypeError) as error:
        raise _cannot_be_replaced(type(value), _shown(step)) from error


def _with_item(value: Any, step: Item, after: object) -> object:
    if isinstance(value, tuple):
        items = list(value)
        items[step.key] = after  # type: ignore[index]  # a str was refused when it was read
        return value._make(items) if hasattr(value, "_make") else type(value)(items)
    value[step.key] = after
    return value


def _with_attribute(value: Any, name: str, after: object) -> object:
    try:
        setattr(value, name, after)
    except (AttributeError, TypeError, ValueError):
        # The errors of frozen classes. Not `dataclasses.replace`, which takes no field with init=False, and runs
        # __post_init__ again.
        if hasattr(value, "_replace"):
            return value._replace(**{name: after})
        value = copy.copy(value)
        object.__setattr__(value, name, after)
    return value


def _shown(step: Step) -> str:
    return f".{step.name}" if isinstance(step, Attribute) else f"[{step.key!r}]"


def _cannot_be_replaced(kind: type, place: str) -> RecordError:
    return RecordError(
        f"The history at {place} of a {kind.__qualname__} can be read, but not replaced by one of records.",
        where="the migration's [[producers]]",
        hint="let `returns` name the attribute that holds the history, or make this one settable",
    )
