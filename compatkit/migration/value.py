"""Make value classes as `@dataclass(frozen=True, slots=True)` does, in an eighth of the time.

That compiles eight methods for each class, which takes a millisecond, and a training script under the shim pays for
each class of the declaration. Here the methods are shared. `replace`, `fields`, `match` and pickling work as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, fields
from functools import wraps
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar, dataclass_transform

_Class = TypeVar("_Class")
_Declared = TypeVar("_Declared")
_Result = TypeVar("_Result")
_MOST_KEPT = 256


class Value:
    """The methods of all values. A field has a plain default, or none."""

    __slots__ = ()
    # The fields with their defaults, and what reads them all at once: set by `value`.
    _defaults: ClassVar[dict[str, object]]
    _read: ClassVar[Callable[[object], tuple[object, ...]] | None]

    if TYPE_CHECKING:
        __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    else:

        def __init__(self, *args: object, **kwargs: object) -> None:
            defaults = self._defaults
            values = {**defaults, **kwargs}
            # Most are given by name, and then nothing has to be put in order.
            if args or len(values) != len(defaults) or MISSING in values.values():
                values = self._checked(args, kwargs)
            for name, given in values.items():
                _set(self, name, given)

        def _checked(self, args: tuple[object, ...], kwargs: dict[str, object]) -> dict[str, object]:
            defaults = self._defaults
            first = dict(zip(defaults, args))  # noqa: B905 - the rest is given by name, or need not be
            values = {**defaults, **first, **kwargs}
            is_clear = len(args) == len(first) and first.keys().isdisjoint(kwargs) and len(values) == len(defaults)
            if not is_clear or MISSING in values.values():
                raise TypeError(f"{type(self).__name__} takes {', '.join(defaults)}; given: {args}, {kwargs}")
            return values

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self is other or _values(self) == _values(other)

    def __hash__(self) -> int:
        return hash(_values(self))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={given!r}" for name, given in zip(self._defaults, _values(self), strict=True))
        return f"{type(self).__qualname__}({inside})"

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return type(self), _values(self)


@dataclass_transform(frozen_default=True)
def value(cls: type[_Class]) -> type[_Class]:
    """Make a frozen dataclass with slots of a subclass of `Value`.

    >>> @value
    ... class Place(Value):
    ...     line: int
    ...     column: int = 1
    >>> Place(3)
    Place(line=3, column=1)
    """
    made: Any = dataclass(cls, init=False, repr=False, eq=False, slots=True)
    made._defaults = {field.name: field.default for field in fields(made)}  # noqa: SLF001 - of this module
    made._read = staticmethod(attrgetter(*made._defaults)) if len(made._defaults) > 1 else None  # noqa: SLF001
    return made  # type: ignore[no-any-return]


def _values(of: Value) -> tuple[object, ...]:
    read = type(of)._read  # noqa: SLF001 - of this module
    return read(of) if read else tuple(getattr(of, name) for name in of._defaults)  # noqa: SLF001


_set = object.__setattr__


def cached_by_identity(work_out: Callable[[_Declared], _Result]) -> Callable[[_Declared], _Result]:
    """Keep the result for an immutable value, by identity: to hash a thousand moves costs more than to read a file."""
    known: dict[int, tuple[_Declared, _Result]] = {}

    @wraps(work_out)
    def ask(declared: _Declared) -> _Result:
        # The value is kept as well, so that no other one can get its identity.
        found = known.get(id(declared))
        if found is None:
            if len(known) >= _MOST_KEPT:
                known.clear()
            found = known[id(declared)] = (declared, work_out(declared))
        return found[1]

    return ask
