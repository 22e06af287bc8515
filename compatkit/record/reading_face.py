"""Records that stay what they are, read by either spelling: named tuples, pydantic models, and kinds of dict."""

from __future__ import annotations

import copy
from collections import ChainMap, Counter, OrderedDict, UserDict
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from compatkit.record.errors import RecordError
from compatkit.record.names import FieldNames
from compatkit.record.record_class import is_silent_class

_BY_KEY = ("__getitem__", "__setitem__", "__delitem__", "__contains__", "get", "pop", "setdefault")


@lru_cache(maxsize=256)
def face_class(kind: Any, names: FieldNames, method: str) -> type | None:
    """Return the subclass of `kind` whose instances can be read as v1 dicts; None where there can be none.

    `method` returns the values of a record by name.
    """
    if not (is_silent_class(kind) or type(kind).__module__.startswith("pydantic.")):
        return None
    body = {"__slots__": (), **{name: getattr(kind, name) for name in ("__module__", "__qualname__", "__doc__")}}
    try:
        face: type = type(kind)(kind.__name__, (kind,), body)
    except TypeError:
        return None
    for name, function in _face_methods(kind, names, method).items():
        # Not setattr, of which a metaclass may have its own idea.
        type.__setattr__(face, name, function)
    return face


def faced(record: object, face: type) -> object:
    """Return `record` as one of `face`. Raises `TypeError` where its layout does not allow that."""
    if isinstance(record, tuple):
        twin: Any = tuple.__new__(face, record)
        if attributes := getattr(record, "__dict__", None):
            vars(twin).update(attributes)
        return twin
    twin = copy.copy(record)
    object.__setattr__(twin, "__class__", face)
    return twin


def _face_methods(kind: Any, names: FieldNames, method: str) -> dict[str, Callable[..., Any]]:
    def in_v1(record: object) -> dict[str, object]:
        return names.in_v1(getattr(record, method)())

    def __getitem__(self: Any, key: Any) -> object:  # noqa: N807 - it becomes that method
        if not isinstance(key, str):
            return kind.__getitem__(self, key)
        values = in_v1(self)
        key = names.to_v1.get(key, key)
        return values[key]

    def __setitem__(self: Any, key: str, value: object) -> None:  # noqa: N807
        setattr(self, names.to_v2.get(key, key), value)

    def __contains__(self: Any, key: object) -> bool:  # noqa: N807
        if isinstance(key, str) and names.to_v1.get(key, key) in in_v1(self):
            return True
        return hasattr(kind, "__contains__") and kind.__contains__(self, key)

    def __eq__(self: Any, other: object) -> Any:  # noqa: N807
        return in_v1(self) == names.in_v1(other) if isinstance(other, dict) else kind.__eq__(self, other)

    def __ne__(self: Any, other: object) -> Any:  # noqa: N807
        equal = __eq__(self, other)
        return equal if equal is NotImplemented else not equal

    def __reduce_ex__(self: Any, _protocol: object) -> tuple[object, ...]:  # noqa: N807
        if isinstance(self, tuple):
            plain: object = tuple.__new__(kind, self)
        else:
            # Not copy.copy, which would come back here.
            plain = kind.__copy__(self) if hasattr(kind, "__copy__") else _bare_copy(self)
            object.__setattr__(plain, "__class__", kind)
        return _rebuild_face, (plain, names, method)

    def get(self: Any, key: str, default: object = None) -> object:
        return in_v1(self).get(names.to_v1.get(key, key), default)

    def keys(self: Any) -> Any:
        return in_v1(self).keys()

    def values(self: Any) -> Any:
        return in_v1(self).values()

    def items(self: Any) -> Any:
        return in_v1(self).items()

    own: list[Callable[..., Any]] = [__getitem__, __setitem__, __contains__, __eq__, __ne__, __reduce_ex__]
    added: list[Callable[..., Any]] = [
        function for function in (get, keys, values, items) if not hasattr(kind, function.__name__)
    ]
    return {function.__name__: function for function in (*own, *added)} | {"__hash__": kind.__hash__}


def _bare_copy(record: Any) -> object:
    twin = object.__new__(type(record))
    vars(twin).update(vars(record))
    return twin


def _rebuild_face(plain: Any, names: FieldNames, method: str) -> object:
    kind: Any = type(plain)
    face = face_class(kind, names, method)
    return plain if face is None else faced(plain, face)


# Those that the standard library derives from dict: they have v1's keys, in which v2 names are looked up as well.


def is_stdlib_mapping(kind: type) -> bool:
    """True for OrderedDict, defaultdict, Counter, UserDict, ChainMap and what derives from them."""
    return any(base.__module__ == "collections" for base in kind.__mro__)


def mapping_twin(names: FieldNames, record: Any) -> Any:
    """Return a record of the same class, with its entries under v1 keys, in which v2 names are looked up as well."""
    kind = type(record)
    twin = rebuild_mapping(names, kind, *_parts(record.__reduce_ex__(2)))
    _respell(twin, names)
    return twin


def _parts(reduced: tuple[Any, ...]) -> tuple[Any, ...]:
    function, arguments, state, _, entries = (*reduced, None, None, None)[:5]
    return function, arguments, state or {}, dict(entries or ())


def rebuild_mapping(
    names: FieldNames, kind: Any, function: Any, arguments: Any, state: Any, entries: Mapping[Any, object]
) -> Any:
    """Return such a record: what its pickles call, with all at once, since `torch.load` sets nothing afterwards."""
    face = mapping_face(kind, names)
    twin = (face if function is kind else function)(*(face if value is kind else value for value in arguments))
    if state:
        vars(twin).update(state)
    for key, value in entries.items():
        kind.__setitem__(twin, key, value)
    return twin


def _respell(twin: Any, names: FieldNames) -> None:
    if isinstance(twin, UserDict):
        twin.data = names.in_v1(twin.data)
    elif isinstance(twin, ChainMap):
        twin.maps = [
            copy.copy(entries) if names.to_v1.keys().isdisjoint(entries) else names.in_v1(entries)
            for entries in twin.maps
        ]
    elif not names.to_v1.keys().isdisjoint(dict.keys(twin)):
        base: Any = OrderedDict if isinstance(twin, OrderedDict) else dict
        entries = names.in_v1(dict(base.items(twin)))
        base.clear(twin)
        for key, value in entries.items():
            base.__setitem__(twin, key, value)


@lru_cache(maxsize=256)
def mapping_face(kind: Any, names: FieldNames) -> type:
    """Return the subclass of `kind` whose instances are such records."""
    to_v1 = names.to_v1

    def by_key(name: str) -> Callable[..., object]:
        own = getattr(kind, name)

        def method(self: Any, key: Any, /, *values: Any, **named: Any) -> object:
            return own(self, to_v1.get(key, key), *values, **named)

        return method

    def __eq__(self: Any, other: Any) -> Any:  # noqa: N807 - it becomes that method
        if isinstance(other, Mapping) and not to_v1.keys().isdisjoint(other):
            make: Any = next((like for like in (OrderedDict, Counter) if isinstance(other, like)), dict)
            try:
                other = make(names.in_v1(other))
            except RecordError:
                # `other` contradicts itself, hence equals no record.
                return False
        return kind.__eq__(self, other)

    def __ne__(self: Any, other: Any) -> Any:  # noqa: N807
        equal = __eq__(self, other)
        return equal if equal is NotImplemented else not equal

    def __getattr__(self: Any, name: str) -> object:  # noqa: N807
        # As on a v2 record, for whoever reads v1's with v2's code. What holds the entries may not be there yet.
        if name.startswith("_") or name in {"data", "maps"} or name not in self:
            raise AttributeError(f"{kind.__name__!r} object has no attribute {name!r}", name=name, obj=self)
        return self[name]

    def __reduce_ex__(self: Any, protocol: Any) -> Any:  # noqa: N807
        function, arguments, *rest = _parts(kind.__reduce_ex__(self, protocol))
        plain = tuple(kind if value is face else value for value in arguments)
        return rebuild_mapping, (names, kind, kind if function is face else function, plain, *rest)

    own = [__eq__, __ne__, __reduce_ex__, *([] if hasattr(kind, "__getattr__") else [__getattr__])]
    body: dict[str, Any] = {name: by_key(name) for name in _BY_KEY if hasattr(kind, name)}
    body |= {name: getattr(kind, name) for name in ("__module__", "__qualname__", "__doc__")}
    body |= {method.__name__: method for method in own} | {"__hash__": None}
    face: type = type(kind)(kind.__name__, (kind,), body)
    return face
