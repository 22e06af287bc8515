"""Records that stay what they are, a named tuple or a pydantic model, with v1's way to read a dict on top."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from compatkit.record.names import FieldNames
from compatkit.record.record_class import is_quiet


@lru_cache(maxsize=256)
def face_class(kind: Any, names: FieldNames, method: str) -> type | None:
    """Return the subclass of `kind` whose instances can be read as v1 dicts; None where there can be none.

    `method` returns the values of a record by name.
    """
    if not (is_quiet(kind) or type(kind).__module__.startswith("pydantic.")):
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
    added: list[Callable[..., Any]] = [each for each in (get, keys, values, items) if not hasattr(kind, each.__name__)]
    return {each.__name__: each for each in (*own, *added)} | {"__hash__": kind.__hash__}


def _bare_copy(record: Any) -> object:
    twin = object.__new__(type(record))
    vars(twin).update(vars(record))
    return twin


def _rebuild_face(plain: Any, names: FieldNames, method: str) -> object:
    kind: Any = type(plain)
    face = face_class(kind, names, method)
    return plain if face is None else faced(plain, face)
