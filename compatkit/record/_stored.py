"""The dataclass face of a record: attributes and `dataclasses.fields` over the dict that stores it all."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import lru_cache
from inspect import getattr_static
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compatkit.record.compat_record import CompatRecord

_NO_DEFAULT = object()


class AbsentValueError(KeyError, AttributeError):
    """A record has no such value. Both classes, because `record[name]` and `record.name` end in the same lookup."""

    def __init__(self, key: object, held: Sequence[object]) -> None:
        super().__init__(key)
        self._held = held

    def __str__(self) -> str:
        return f"{self.args[0]!r} is not in this record, which has {', '.join(map(str, self._held)) or 'nothing'}"


def stored_property(name: str, key: str) -> property:
    """Return the attribute `name`, kept in the record's dict under `key`.

    The getter is C throughout, a third of the cost of a descriptor in Python: a miss ends in `__missing__`.
    """

    def store(record: CompatRecord, value: object) -> None:
        dict.__setitem__(record, key, value)

    def delete(record: CompatRecord) -> None:
        if not dict.__contains__(record, key):
            raise AttributeError(f"this {type(record).__name__} has no {name!r}")
        dict.__delitem__(record, key)

    return property(itemgetter(key), store, delete)


class DeclaredField:
    """The attribute for a field that a user's subclass annotates, until `@dataclass` has read its default.

    `@dataclass` asks the class for the default, and would take a property for one.
    """

    def __init__(self, key: str, default: object = _NO_DEFAULT) -> None:
        self._key = key
        self._default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, record: CompatRecord | None, owner: type) -> object:
        if record is not None:
            if dict.__contains__(record, self._key):
                return dict.__getitem__(record, self._key)
        elif self._default is not _NO_DEFAULT:
            return self._default
        raise AttributeError(f"{owner.__name__!r} has no {self._name!r}")

    def __set__(self, record: CompatRecord, value: object) -> None:
        dict.__setitem__(record, self._key, value)


class PresentFields:
    """`__dataclass_fields__`: of the class, what it declares; of a record, what it holds, in the declared order.

    So `asdict`, `astuple` and `replace` work on a record with gaps, and keep extra keys.
    """

    def __init__(self, declared: Mapping[str, dataclasses.Field[Any]]) -> None:
        self.declared = declared

    def __get__(self, record: CompatRecord | None, owner: type) -> Mapping[str, dataclasses.Field[Any]]:
        if record is None:
            return self.declared
        held = record.to_v2()
        known = {name: field for name, field in self.declared.items() if name in held}
        # A key that is called as a method of dict, say `items`, cannot be read as an attribute; `to_v2` has it.
        extra = {name: _extra_field(name) for name in held if name not in known and _is_stored(owner, name)}
        return {**known, **extra}


def declared_fields(cls: type) -> Mapping[str, dataclasses.Field[Any]]:
    """Return the dataclass fields that a class and its bases declare, by name; none where none is a dataclass."""
    found: dict[str, dataclasses.Field[Any]] = {}
    for base in reversed(cls.__mro__):
        own = vars(base).get("__dataclass_fields__", {})
        found.update(own.declared if isinstance(own, PresentFields) else own)
    return found


def _is_stored(cls: type, name: object) -> bool:
    return isinstance(name, str) and isinstance(getattr_static(cls, name, None), property | DeclaredField)


@lru_cache(maxsize=1024)
def _extra_field(name: str) -> dataclasses.Field[Any]:
    # `name` need not be an identifier, which make_dataclass demands.
    (field,) = dataclasses.fields(dataclasses.make_dataclass("_Extra", ["extra"]))
    field.name = name
    return field
