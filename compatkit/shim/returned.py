"""The history inside a returned value, read where it lies."""

from __future__ import annotations

import copy
from collections.abc import Callable
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
        raise RecordError.no_such_place(type(value), _shown(step)) from error


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
