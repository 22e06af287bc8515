"""The dataclass face of a record: attributes and `dataclasses.fields` over the dict that stores it all."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import lru_cache
from inspect import getattr_static
from operator import itemgetter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from compatkit.record._attributes import attributes_of, stored_keys

if TYPE_CHECKING:
    from compatkit.record._layout import RecordLayout
    from compatkit.record.compat_record import CompatRecord

ABSENT = object()


class AbsentValueError(KeyError, AttributeError):
    """A record has no such value. Both classes, because `record[name]` and `record.name` end in the same lookup."""

    def __init__(self, key: object, held: Sequence[object]) -> None:
        super().__init__(key)
        self._held = held

    def __str__(self) -> str:
        return f"{self.args[0]!r} is not in this record, which has {', '.join(map(str, self._held)) or 'nothing'}"


def stored_property(name: str, key: str, *, by_item: bool = True) -> property:
    """Return the attribute `name`, kept in the record's dict under `key`.

    The getter is C throughout, a third of the cost of a descriptor in Python: a miss ends in `__missing__`. That is
    for a class whose items are its dict's; not `by_item`, it reads the dict itself.
    """

    def load(record: CompatRecord) -> object:
        value = dict.get(record, key, ABSENT)
        if value is ABSENT:
            raise AbsentValueError(name, list(stored_keys(record)))
        return value

    def store(record: CompatRecord, value: object) -> None:
        dict.__setitem__(record, key, value)

    def delete(record: CompatRecord) -> None:
        if not dict.__contains__(record, key):
            raise AttributeError(f"this {type(record).__name__} has no {name!r}")
        dict.__delitem__(record, key)

    return property(itemgetter(key) if by_item else load, store, delete)


def described_property(own: Any, key: str) -> property:
    """Return the attribute that a descriptor of the metrics class keeps, say with a check, and the dict as well."""

    def load(record: CompatRecord) -> object:
        return own.__get__(record, type(record))

    def store(record: CompatRecord, value: object) -> None:
        own.__set__(record, value)
        dict.__setitem__(record, key, load(record))

    def delete(record: CompatRecord) -> None:
        own.__delete__(record)
        dict.pop(record, key, None)

    return property(load, store, delete)


def split_property(name: str, key: str) -> property:
    """Return an attribute that may hold another value than the dict does: what a class's `to_dict` converts."""

    def load(record: CompatRecord) -> object:
        value = attributes_of(record).get(name, ABSENT)
        value = dict.get(record, key, ABSENT) if value is ABSENT else value
        if value is ABSENT:
            raise AbsentValueError(name, list(stored_keys(record)))
        return value

    def store(record: CompatRecord, value: object) -> None:
        attributes = attributes_of(record)
        if name in attributes or not dict.__contains__(record, key):
            attributes[name] = value
        if dict.__contains__(record, key):
            dict.__setitem__(record, key, value)

    def delete(record: CompatRecord) -> None:
        load(record)
        attributes_of(record).pop(name, None)
        dict.pop(record, key, None)

    return property(load, store, delete)


class DeclaredField:
    """The attribute for a field that a user's subclass annotates, until `@dataclass` has read its default.

    `@dataclass` asks the class for the default, and would take a property for one.
    """

    def __init__(self, key: str, default: object = ABSENT) -> None:
        self._key = key
        self._default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, record: CompatRecord | None, owner: type) -> object:
        if record is not None:
            if dict.__contains__(record, self._key):
                return dict.__getitem__(record, self._key)
        elif self._default is not ABSENT:
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
        self.names = set(field_names(declared))

    def __get__(self, record: CompatRecord | None, owner: type) -> Mapping[str, dataclasses.Field[Any]]:
        if record is None:
            return self.declared
        layout: RecordLayout = owner.__compatkit_layout__  # type: ignore[attr-defined]
        held = {layout.attribute_of(key) for key in stored_keys(record)} | attributes_of(record).keys()
        # Pseudo-fields, of class variables and of arguments that are no fields, belong to the class.
        known = {name: field for name, field in self.declared.items() if name in held or name not in self.names}
        if layout.has_own_values:
            return known
        # A key that is called as a method of dict, say `items`, cannot be read as an attribute; `to_v2` has it.
        extra = map(layout.attribute_of, stored_keys(record))
        return known | {name: _extra_field(name) for name in extra if name not in known and _is_read(owner, name)}


def declared_fields(cls: type) -> Mapping[str, dataclasses.Field[Any]]:
    """Return the dataclass fields that a class and its bases declare, by name; none where none is a dataclass."""
    found: dict[str, dataclasses.Field[Any]] = {}
    for base in reversed(cls.__mro__):
        own = vars(base).get("__dataclass_fields__", {})
        found.update(own.declared if isinstance(own, PresentFields) else own)
    return found


def field_names(declared: Mapping[str, dataclasses.Field[Any]]) -> list[str]:
    """Return the names of those that instances have: no class variables, no arguments of `__post_init__` only."""
    holder: Any = SimpleNamespace(__dataclass_fields__=declared)
    return [field.name for field in dataclasses.fields(holder)]


def _is_read(cls: type, name: object) -> bool:
    """True where a key can be read as an attribute: no class has another thing of that name."""
    found = getattr_static(cls, name, None) if isinstance(name, str) else ABSENT
    return found is None or isinstance(found, property | DeclaredField)


@lru_cache(maxsize=1024)
def _extra_field(name: str) -> dataclasses.Field[Any]:
    # `name` need not be an identifier, which make_dataclass demands.
    (field,) = dataclasses.fields(dataclasses.make_dataclass("_Extra", ["extra"]))
    field.name = name
    return field
