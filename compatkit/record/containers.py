"""Histories that are no plain list: they keep their type and their methods when their records are read."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterable, Mapping, MutableMapping, MutableSequence, Sequence, Set
from typing import Any

from compatkit.record._layout import own_classes
from compatkit.record.errors import RecordError

_OVER_HELD: tuple[type, ...] = (type(iter([])), type(iter(())), type(iter(deque())))


def put_back(history: Any, records: list[Any]) -> object:
    """Return `history` with `records`, which were read from it one by one, in the place of what it holds.

    In place where the records are still what they were: a trainer may go on to append to its list, and its caller to
    look at it. Else a copy; a plain list becomes another plain list. Raises `RecordError` for a container that shows
    its records, but not where it keeps them.
    """
    if isinstance(history, MutableSequence):
        return _in_sequence(history, records)
    if isinstance(history, tuple):
        make: Any = getattr(history, "_make", type(history))
        return make(records)
    if isinstance(history, Mapping):
        return _in_mapping(history, records)
    if isinstance(history, Set) and len(history) == len(records):
        kind: Any = type(history)
        return kind(records)
    return _in_attribute(history, records)


def is_container(history: object) -> bool:
    """True for what is only looked at when it is iterated over: of anything else, that may do the work once more."""
    if isinstance(history, Sequence | Mapping | Set) or not own_classes(type(history)):
        return True
    held = getattr(history, "__dict__", {}).values()
    # A generator's body does not run before it is asked for its first value.
    return any(isinstance(value, MutableSequence | tuple) for value in held) and type(iter(history)) in _OVER_HELD  # type: ignore[call-overload]  # it is iterable, or no history


def _in_sequence(history: Any, records: list[Any]) -> object:
    if len(history) != len(records):
        return records
    if all(map(_is_still, history, records)):
        twin = history
    elif type(history) is list:
        return records
    else:
        twin = copy.copy(history)
    for number, record in enumerate(records):
        if twin[number] is not record:
            twin[number] = record
    return twin


def _is_still(old: object, new: object) -> bool:
    # A plain dict would be one no more for whoever asks for its type, as `torch.load` does.
    return type(old) is not dict and isinstance(new, type(old))


def _in_mapping(history: Mapping[Any, Any], records: list[Any]) -> object:
    if not isinstance(history, MutableMapping):
        return type(history)(dict(zip(history, records, strict=True)))  # type: ignore[call-arg]  # as mappings are made
    twin = history if all(map(_is_still, history.values(), records)) else copy.copy(history)
    for key, record in zip(list(history), records, strict=True):
        twin[key] = record
    return twin


def _in_attribute(history: Any, records: list[Any]) -> object:
    """Put the records into the attribute from which the object's own iteration takes them."""
    if not own_classes(type(history)):
        return records
    held = getattr(history, "__dict__", {})
    shown = list(history)
    for name, value in held.items():
        if isinstance(value, MutableSequence | tuple) and _is_same(value, shown):
            twin = copy.copy(history)
            vars(twin)[name] = put_back(value, records)
            return twin
    raise hides_records(type(history))


def hides_records(kind: type) -> RecordError:
    """Return the error for a history that can be iterated over, but does not show where it keeps its records."""
    return RecordError(
        f"The history is a {kind.__qualname__}, which shows its records, but not where it keeps them.",
        where=f"the module {kind.__module__}",
        hint="declare the attribute that holds the list, or read it with compatkit.read_history",
    )


def _is_same(values: Iterable[object], shown: list[object]) -> bool:
    found = list(values)
    return len(found) == len(shown) and all(one is other for one, other in zip(found, shown, strict=True))
