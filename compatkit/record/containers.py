"""Histories that are no plain list: they keep their type and their methods when their records are read."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, MutableMapping, MutableSequence, Set
from typing import Any

from compatkit.record._layout import own_classes
from compatkit.record.errors import RecordError


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
    held = getattr(history, "__dict__", None)
    if not isinstance(held, dict):
        return _refused(history, records)
    shown = list(history)
    for name, value in held.items():
        if isinstance(value, MutableSequence | tuple) and _is_same(value, shown):
            twin = copy.copy(history)
            vars(twin)[name] = put_back(value, records)
            return twin
    return _refused(history, records)


def _refused(history: Any, records: list[Any]) -> object:
    kind = type(history)
    if not _has_methods(kind):
        return records
    raise RecordError(
        f"The history is a {kind.__qualname__}, which shows its records, but not where it keeps them.",
        where=f"the module {kind.__module__}",
        hint="declare the attribute that holds the list, or read it with compatkit.read_history",
    )


def _has_methods(kind: type) -> bool:
    defined = (item for base in own_classes(kind) for item in vars(base).items())
    return any(callable(value) and not name.startswith("__") for name, value in defined)


def _is_same(values: Iterable[object], shown: list[object]) -> bool:
    found = list(values)
    return len(found) == len(shown) and all(one is other for one, other in zip(found, shown, strict=True))
