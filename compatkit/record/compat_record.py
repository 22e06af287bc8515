"""The record that is at once a v1 dict and a v2 dataclass.

The dict is the only storage, under v1 keys, because C code (json, dict(), **) reads a dict's storage and asks
no method. v2 names are data descriptors over it; lookups accept both spellings, iteration shows v1's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from compatkit.record.errors import RecordError
from compatkit.record.names import FieldNames

if TYPE_CHECKING:
    _Dict = dict[str, object]
else:
    _Dict = dict

_ABSENT = object()


class _StoredField:
    """An attribute that lives in the record's dict, under `key`."""

    __slots__ = ("key", "name")

    def __init__(self, name: str, key: str) -> None:
        self.name = name
        self.key = key

    def __get__(self, record: CompatRecord | None, owner: type) -> object:
        if record is None:
            # As on a dataclass, a field without a default is no attribute of the class.
            raise AttributeError(f"type object {owner.__name__!r} has no attribute {self.name!r}")
        try:
            return dict.__getitem__(record, self.key)
        except KeyError:
            raise AttributeError(f"this {type(record).__name__} has no {self.name!r}") from None

    def __set__(self, record: CompatRecord, value: object) -> None:
        dict.__setitem__(record, self.key, value)

    def __delete__(self, record: CompatRecord) -> None:
        try:
            dict.__delitem__(record, self.key)
        except KeyError:
            raise AttributeError(f"this {type(record).__name__} has no {self.name!r}") from None


class CompatRecord(_Dict):
    """The behaviour of such a record, for any pair of record class and field table.

    Subclass it together with a v2 dataclass: `class MyRecord(CompatRecord, MyMetrics, names=...)`.
    """

    names: ClassVar[FieldNames]

    def __init_subclass__(cls, *, names: FieldNames | None = None) -> None:
        super().__init_subclass__()
        if names is not None:
            cls.names = names
        for name in (*_field_names(cls), *cls.names.to_v1, *cls.names.to_v2):
            setattr(cls, name, _StoredField(name, cls.names.to_v1.get(name, name)))

    def __init__(self, *values: object, **named: object) -> None:
        """Build from a mapping or pairs, as a dict, or from fields in order and by name, as the dataclass."""
        super().__init__()
        if len(values) == 1 and isinstance(values[0], Iterable):
            self.update(values[0], **named)
        else:
            self.update(self._positional(values), **named)

    @classmethod
    def _positional(cls, values: tuple[object, ...]) -> dict[str, object]:
        attributes = _field_names(cls)
        if len(values) > len(attributes):
            raise TypeError(f"{cls.__name__} takes at most {len(attributes)} fields, got {len(values)}")
        return dict(zip(attributes, values, strict=False))

    # Both spellings are accepted. `[]` on a v1 key stays dict's own, in C; only a miss comes here.
    def __missing__(self, key: str) -> object:
        value = dict.get(self, self.names.to_v1.get(key, key), _ABSENT)
        if value is _ABSENT:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, key) or dict.__contains__(self, self._key(key))

    def __setitem__(self, key: str, value: object) -> None:
        dict.__setitem__(self, self._key(key), value)

    def __delitem__(self, key: str) -> None:
        stored = self._key(key)
        if not dict.__contains__(self, stored):
            raise KeyError(key)
        dict.__delitem__(self, stored)

    def get(self, key: str, default: object = None) -> object:
        value = dict.get(self, key, _ABSENT)
        return dict.get(self, self._key(key), default) if value is _ABSENT else value

    def pop(self, key: str, *default: object) -> object:
        stored = self._key(key)
        if not default and not dict.__contains__(self, stored):
            raise KeyError(key)
        return dict.pop(self, stored, *default)

    def setdefault(self, key: str, default: object = None) -> object:
        return dict.setdefault(self, self._key(key), default)

    def update(self, values: object = (), /, **named: object) -> None:
        given: dict[str, object] = dict(values)  # type: ignore[call-overload]  # a mapping or pairs, as dict takes
        renamed = self.names.in_v1(given)
        for key, value in self.names.in_v1(named).items():
            renamed[key] = value
        dict.update(self, renamed)

    def __or__(self, other: object) -> Self:  # type: ignore[override]  # dict's overloads
        if not isinstance(other, Mapping):
            return NotImplemented
        merged = self.copy()
        merged.update(other)
        return merged

    def __ror__(self, other: object) -> Self:  # type: ignore[override]  # dict's overloads
        if not isinstance(other, Mapping):
            return NotImplemented
        merged = type(self)(other)
        merged.update(self)
        return merged

    def __ior__(self, other: object) -> Self:  # type: ignore[override]  # dict's overloads
        self.update(other)
        return self

    def copy(self) -> Self:
        return type(self)(self)

    # Attributes that no field declares: extra keys read and write as attributes too.
    def __getattr__(self, name: str) -> object:
        value = dict.get(self, name, _ABSENT)
        if value is _ABSENT:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return value

    def __setattr__(self, name: str, value: object) -> None:
        if dict.__contains__(self, name):
            dict.__setitem__(self, name, value)
        else:
            object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        values = _values(other)
        if values is None:
            return NotImplemented
        try:
            return dict.__eq__(self, self.names.in_v1(values))
        except RecordError:
            # `other` contradicts itself, hence equals no record.
            return False

    def __ne__(self, other: object) -> bool:
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else not equal

    __hash__ = None  # a dict has no hash

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict.__repr__(self)})"

    def to_v1(self) -> dict[str, object]:
        """Return a plain dict with v1 keys: for `torch.save`, YAML, and whatever asks for `type(x) is dict`."""
        return dict(self)

    def to_v2(self) -> dict[str, object]:
        """Return a plain dict with v2 names."""
        return self.names.in_v2(self)

    def to_dict(self) -> dict[str, object]:
        """Return what the v2 record's `to_dict` returns: the values under v2 names."""
        return self.to_v2()

    def _key(self, key: object) -> str:
        return self.names.to_v1.get(key, key)  # type: ignore[call-overload,no-any-return]  # any hashable may be asked for


def _field_names(record_class: type) -> list[str]:
    return [field.name for field in fields(record_class)] if is_dataclass(record_class) else []


def _values(other: object) -> Mapping[str, object] | None:
    if isinstance(other, dict):
        return other
    if is_dataclass(other) and not isinstance(other, type):
        return {field.name: getattr(other, field.name, _ABSENT) for field in fields(other)}
    return None
