"""The history inside a returned value, read where it lies."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, MutableMapping, MutableSequence
from typing import Any

from compatkit.migration import Attribute, Item, Step
from compatkit.record import RecordError

Read = Callable[[object], object]


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
        where = f".{step.name}" if isinstance(step, Attribute) else f"[{step.key!r}]"
        raise RecordError.no_such_place(type(value), where) from error


def _replaced(value: Any, step: Step, after: object) -> object:
    match step:
        case Attribute(name):
            return _with_attribute(value, name, after)
        case Item(key):
            if isinstance(value, MutableSequence | MutableMapping):
                value[key] = after  # type: ignore[index]  # int for the one, str for the other
                return value
            items = list(value)
            items[key] = after  # type: ignore[index]  # what takes a str is a mapping
            return value._make(items) if hasattr(value, "_make") else type(value)(items)


def _with_attribute(value: Any, name: str, after: object) -> object:
    try:
        setattr(value, name, after)
    except AttributeError:
        if hasattr(value, "_replace"):
            return value._replace(**{name: after})
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return dataclasses.replace(value, **{name: after})
        raise
    return value
