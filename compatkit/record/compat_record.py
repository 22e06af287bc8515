"""The record that is at once a v1 dict and a v2 dataclass.

The dict is the only storage, under v1 keys, because C code (json, dict(), **) reads a dict's storage and asks
no method. v2 names are properties over it; lookups accept both spellings, iteration shows v1's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, ClassVar, Self, SupportsIndex

from compatkit.record._stored import AbsentValueError, DeclaredField, PresentFields, declared_fields, stored_property
from compatkit.record.errors import RecordError
from compatkit.record.names import FieldNames

if TYPE_CHECKING:
    _Dict = dict[str, object]
else:
    _Dict = dict

_ABSENT = object()
# Keys that name batches or users, not metrics, must not pile up in the class.
_MOST_ATTRIBUTES = 10_000


class CompatRecord(_Dict):
    """The behaviour of such a record, for any pair of record class and field table.

    `record_class(MyMetrics, names)` makes one; so does `class MyRecord(CompatRecord, MyMetrics, names=...)`.
    """

    names: ClassVar[FieldNames] = FieldNames(())
    _attributes: ClassVar[set[object]] = set()

    def __init_subclass__(cls, *, names: FieldNames | None = None) -> None:
        super().__init_subclass__()
        if names is not None:
            cls.names = names
            _bind_lookups(cls)
        own: Mapping[str, object] = vars(cls)
        annotated = [name for name in own.get("__annotations__", ()) if not name.startswith("_")]  # type: ignore[attr-defined]
        for name in annotated:
            field = DeclaredField(cls.names.to_v1.get(name, name), *([own[name]] if name in own else []))
            field.__set_name__(cls, name)
            setattr(cls, name, field)
        _install_properties(cls, besides=annotated)

    def __new__(cls, *_values: object, **_named: object) -> Self:
        if type(vars(cls).get("__dataclass_fields__")) is dict:
            # A user's subclass that `@dataclass` has processed since: its fields are known only now.
            _install_properties(cls)
        return super().__new__(cls)

    def __init__(self, *values: object, **named: object) -> None:
        """Build from a mapping or pairs, as a dict, or from fields in order and by name, as the dataclass."""
        super().__init__()
        if len(values) == 1 and isinstance(values[0], Iterable):
            self.update(values[0], **named)
        else:
            self.update(self._positional(values), **named)

    @classmethod
    def _positional(cls, values: tuple[object, ...]) -> dict[str, object]:
        attributes = list(declared_fields(cls))
        if len(values) > len(attributes):
            raise TypeError(f"{cls.__name__} takes at most {len(attributes)} fields, got {len(values)}")
        return dict(zip(attributes, values, strict=False))

    # Both spellings are accepted. `[]` on a v1 key stays dict's own, in C; only a miss comes to `__missing__`.
    # The hottest of these lookups are compiled for each field table: see `_bind_lookups`.
    if TYPE_CHECKING:

        def __missing__(self, key: str) -> object: ...
        def __contains__(self, key: object) -> bool: ...
        def get(self, key: str, default: object = None) -> object: ...

    def __setitem__(self, key: str, value: object) -> None:
        stored = self._key(key)
        if stored not in self._attributes:
            learn_attributes(type(self), [stored])
        dict.__setitem__(self, stored, value)

    def __delitem__(self, key: str) -> None:
        stored = self._key(key)
        if not dict.__contains__(self, stored):
            raise KeyError(key)
        dict.__delitem__(self, stored)

    def pop(self, key: str, *default: object) -> object:
        stored = self._key(key)
        if not default and not dict.__contains__(self, stored):
            raise KeyError(key)
        return dict.pop(self, stored, *default)

    def setdefault(self, key: str, default: object = None) -> object:
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, values: object = (), /, **named: object) -> None:
        given: dict[str, object] = dict(values)  # type: ignore[call-overload]  # a mapping or pairs, as dict takes
        renamed = self.names.in_v1(given)
        renamed.update(self.names.in_v1(named))
        if not self._attributes.issuperset(renamed):
            learn_attributes(type(self), renamed)
        dict.update(self, renamed)

    @classmethod
    def fromkeys(cls, keys: Iterable[str], value: object = None, /) -> Self:  # type: ignore[override]  # dict's overloads
        return cls(dict.fromkeys(keys, value))

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
        twin = type(self)(self)
        vars(twin).update(vars(self))
        return twin

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("_") or hasattr(type(self), name):
            object.__setattr__(self, name, value)
        else:
            # As on a v2 record, whose `to_dict` hands on every attribute that it has.
            self[name] = value

    def __delattr__(self, name: str) -> None:
        # A frozen dataclass below would forbid it; a v1 dict never did.
        object.__delattr__(self, name)

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

    def __reduce_ex__(self, _protocol: SupportsIndex) -> tuple[object, ...]:
        # Not dict's own way, which `torch.load` refuses by default even for a class that it was told is safe.
        return rebuild_record, (type(self), dict(self)), vars(self) or None

    def __setstate__(self, state: Mapping[str, object]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

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


def rebuild_record(cls: type[CompatRecord], values: Mapping[str, object]) -> CompatRecord:
    """Return a record of `cls` that stores `values`, which are under v1 keys: what its pickles call."""
    record = cls.__new__(cls)
    record.update(values)
    return record


def _bind_lookups(cls: type[CompatRecord]) -> None:
    """Give `cls` the hottest lookups with its names bound: two attribute loads less a call."""
    stored_key = cls.names.to_v1.get

    def get(self: CompatRecord, key: str, default: object = None, /) -> object:
        return dict_get(self, stored_key(key, key), default)

    def __contains__(self: CompatRecord, key: object, /) -> bool:  # noqa: N807 - it becomes that method
        return dict_contains(self, stored_key(key, key))  # type: ignore[call-overload]  # any hashable may be asked for

    def __missing__(self: CompatRecord, key: str, /) -> object:  # noqa: N807
        value: object = dict_get(self, stored_key(key, _ABSENT), _ABSENT)
        if value is _ABSENT:
            raise AbsentValueError(key, list(self))
        return value

    dict_get: Callable[..., object] = dict.get
    dict_contains = dict.__contains__
    for lookup in (get, __contains__, __missing__):
        if lookup.__name__ not in vars(cls):
            setattr(cls, lookup.__name__, lookup)


def _install_properties(cls: type[CompatRecord], *, besides: Iterable[str] = ()) -> None:
    names = cls.names
    declared = dict(declared_fields(cls))
    for name in {*declared, *names.to_v1, *names.to_v2}.difference(besides):
        setattr(cls, name, stored_property(name, names.to_v1.get(name, name)))
    cls.__dataclass_fields__ = PresentFields(declared)  # type: ignore[attr-defined]
    cls._attributes = {*declared, *names.to_v1, *names.to_v2}


def learn_attributes(cls: type[CompatRecord], keys: Iterable[object]) -> None:
    """Let keys that no field declares be read as attributes of `cls`, unless it has one of that name.

    Not by `__getattr__`, which would make every method call and attribute of a record twice as slow.
    """
    for key in keys:
        if isinstance(key, str) and not hasattr(cls, key):
            setattr(cls, key, stored_property(key, key))
        if len(cls._attributes) < _MOST_ATTRIBUTES:
            cls._attributes.add(key)


def _values(other: object) -> Mapping[str, object] | None:
    if isinstance(other, dict):
        return other
    if is_dataclass(other) and not isinstance(other, type):
        return {field.name: getattr(other, field.name, _ABSENT) for field in fields(other)}
    return None


_bind_lookups(CompatRecord)
