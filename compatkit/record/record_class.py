"""Record classes for other people's metrics classes: the same behaviour, and `isinstance` of theirs."""

from __future__ import annotations

import abc
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence, Set
from functools import lru_cache
from typing import Any, Protocol, SupportsIndex, cast

from compatkit.record import _own_ways
from compatkit.record._attributes import Storage
from compatkit.record._layout import RecordLayout
from compatkit.record.compat_record import CompatRecord, rebuild_record
from compatkit.record.epoch_record import EpochRecord
from compatkit.record.errors import RecordError
from compatkit.record.names import FieldNames, default_names

# Metaclasses that do nothing but remember; any other may act on each new class.
_QUIET = {type, abc.ABCMeta, type(Protocol)}
# What belongs to one class, and is made anew for another.
_OF_ONE_CLASS = {"__dict__", "__weakref__", "__slots__", "__module__", "__qualname__", "__new__", "__init_subclass__"}


def record_class(metrics: type, names: FieldNames | None = None) -> type[CompatRecord]:
    """Return the class of records that are a v1 dict and a `metrics` at once.

    `names` None are the default migration's. The same arguments give the same class; its records pickle where
    those of `metrics` do. A class with `__slots__` or a metaclass cannot have a dict for a subclass: its records pass
    for instances of it, with all that it defines. Raises `RecordError` for a class that is a tuple, a container, a
    number or an Enum: what those are, no dict can be.
    """
    return _record_class(metrics, default_names() if names is None else names)


@lru_cache(maxsize=256)
def _record_class(metrics: type, names: FieldNames) -> type[CompatRecord]:
    if not can_be_dict(metrics):
        raise RecordError(
            f"A record cannot be a {metrics.__qualname__} and a dict at once.",
            where=f"the module {metrics.__module__}",
            hint="use a class that is not a tuple, list, set, number, text or Enum, or read its records as they are",
        )
    if metrics is object:
        return cast("type[CompatRecord]", _make(type, "Record", (DerivedRecord,), {}, RecordLayout(names)))
    body = {name: getattr(metrics, name) for name in ("__module__", "__qualname__", "__doc__")}
    body["__annotations__"] = vars(metrics).get("__annotations__", {})
    layout = RecordLayout(names, metrics, is_open=False)
    # What they count or keep is the metrics class's, also where a record is asked.
    body |= {
        name: _OfMetrics(name, value)
        for name, value in layout.own.items()
        if isinstance(value, classmethod) and not name.startswith("__")
    }
    if is_silent_class(metrics) and not _has_slots(metrics):
        return cast(
            "type[CompatRecord]", _make(type(metrics), metrics.__name__, (DerivedRecord, metrics), body, layout)
        )
    # Of what dict has as well, `take_over` takes what it should.
    own = {
        name: value if name.startswith("__") or hasattr(type(value), "__get__") else _OfMetrics(name, value)
        for name, value in layout.own.items()
        if name not in _OF_ONE_CLASS and not is_slot(value) and not _own_ways.is_in_class(CompatRecord, name)
    }
    own["__class__"] = property(lambda _record: metrics)
    slots = {name for base in metrics.__mro__ for name, value in vars(base).items() if is_slot(value)}
    # A class's own bookkeeping is no value.
    layout.described |= {name for name in slots if name.startswith("__")}
    layout.slots |= slots - layout.described
    layout.stored |= layout.slots
    made = _make(_PassingFor, metrics.__name__, (DerivedRecord,), {**own, **body}, layout)
    if "__slots__" in vars(metrics):
        # Said after it is made, which takes it for no declaration.
        made.__slots__ = vars(metrics)["__slots__"]
    return cast("type[CompatRecord]", made)


class _PassingFor(type):
    """The class of record classes that cannot be subclasses of their metrics class: it has what that one's has."""

    def __getattr__(cls, name: str) -> object:
        return getattr(cls.__compatkit_layout__.metrics, name)  # type: ignore[attr-defined]


class _OfMetrics:
    """A classmethod, or a value, of a metrics class in the class of its records."""

    def __init__(self, name: str, value: object) -> None:
        self._name = name
        self._value = value

    def __get__(self, _record: object, owner: Any) -> Any:
        if isinstance(self._value, classmethod) and not _is_made(owner):
            return self._value.__get__(None, owner)
        return getattr(owner.__compatkit_layout__.metrics, self._name)


class _Signature:
    """The signature of a metrics class, for who asks the class of its records."""

    def __get__(self, _record: object, owner: Any) -> inspect.Signature:
        if not _is_made(owner) or owner.__compatkit_layout__.metrics is object:
            raise AttributeError("__signature__")
        try:
            return inspect.signature(owner.__compatkit_layout__.metrics)
        except (TypeError, ValueError) as error:
            raise AttributeError("__signature__") from error


def _make(metaclass: type, name: str, bases: tuple[type, ...], body: dict[str, object], layout: RecordLayout) -> Any:
    return cast("Callable[..., object]", metaclass)(name, bases, body, layout=layout)


def default_record(names: FieldNames) -> type[CompatRecord]:
    """Return the class of records for a field table that names no metrics class."""
    return EpochRecord if names == default_names() else record_class(object, names)


def can_be_dict(metrics: type) -> bool:
    """True for a class that is no container, number or text itself, and whose metaclass makes no members of it."""
    if issubclass(metrics, Storage | Sequence | Set) or hasattr(metrics, "__members__"):
        return False
    if issubclass(metrics, Mapping):
        # Those that derive from OrderedDict, Counter and so on keep their entries as these do.
        return not any(base.__module__ in {"collections", "types"} for base in metrics.__mro__) and (
            metrics.__module__.partition(".")[0] not in sys.stdlib_module_names
        )
    # Of the classes that Python itself has, those have no others below them.
    return all(base is object or base.__module__ != "builtins" for base in metrics.__mro__)


def is_silent_class(metrics: type) -> bool:
    """True for a class of which another can be made without that anything else happens."""
    return type(metrics) in _QUIET


def _has_slots(metrics: type) -> bool:
    return any(map(is_slot, (value for base in metrics.__mro__ for value in vars(base).values())))


def is_slot(value: object) -> bool:
    """True for what `__slots__` puts into a class."""
    return type(value).__name__ == "member_descriptor"


class DerivedRecord(CompatRecord):
    """A record class that `record_class` made: no module holds it by name, so its pickles name its parts."""

    __signature__ = _Signature()

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[object, ...]:
        layout = type(self).__compatkit_layout__
        if not _is_made(type(self)):
            # A subclass that somebody wrote: its own module holds it.
            return super().__reduce_ex__(protocol)
        if reduced := _own_ways.reduced(self, protocol):
            function, arguments, *rest = reduced
            return _rebuild_reduced, (layout.metrics, layout.names, function, arguments), *rest
        values, state = _own_ways.pickled(self)
        return _rebuild_derived, (layout.metrics, layout.names, values), state


# A class below it may be no dataclass, and must not pass for one.
del DerivedRecord.__dataclass_fields__  # type: ignore[attr-defined]


def _is_made(cls: type) -> bool:
    return DerivedRecord in cls.__bases__


def _rebuild_reduced(metrics: Any, names: FieldNames, function: Callable[..., object], arguments: Any) -> object:
    """Let a metrics class rebuild one of its own, as its `__reduce__` says, and read that."""
    # Only what is unpickled needs it.
    from compatkit.record.reading import read_instance

    built = function(*arguments)
    return read_instance(_record_class(metrics, names), built) if isinstance(built, metrics) else built


def _rebuild_derived(metrics: Any, names: FieldNames, values: Mapping[str, object]) -> CompatRecord:
    if not isinstance(metrics, type):
        # What the shim lets `torch.load` take for the class, which need not be imported before.
        metrics = metrics.resolve()
    return rebuild_record(_record_class(metrics, names), values)
