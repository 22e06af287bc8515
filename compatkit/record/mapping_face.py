"""Records of the classes that the standard library derives from dict: each stays one, under v1 keys, read by either."""

from __future__ import annotations

from collections import ChainMap, Counter, OrderedDict, UserDict
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from compatkit.record.errors import RecordError
from compatkit.record.names import FieldNames

_BY_KEY = ("__getitem__", "__setitem__", "__delitem__", "__contains__", "get", "pop", "setdefault")


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
        twin.maps = [each if names.to_v1.keys().isdisjoint(each) else names.in_v1(each) for each in twin.maps]
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
