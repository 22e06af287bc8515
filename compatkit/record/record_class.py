"""Record classes for other people's metrics classes: the same behaviour, and `isinstance` of theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import ClassVar, SupportsIndex, cast

from compatkit.record.compat_record import CompatRecord, rebuild_record
from compatkit.record.epoch_record import EpochRecord
from compatkit.record.errors import RecordError
from compatkit.record.names import FieldNames, default_names

# A class with one of these is a container of its own, or makes up attributes: being a dict as well would break it.
_OWN_WAYS = ("__iter__", "__getitem__", "__len__", "__getattr__", "__init_subclass__", "__slots__")


def record_class(metrics: type, names: FieldNames | None = None) -> type[CompatRecord]:
    """Return the class of records that are a v1 dict and a `metrics` at once.

    `names` None are the default migration's. The same arguments give the same class; its records pickle where
    those of `metrics` do. Raises `RecordError` for a class that cannot be a dict as well: one with `__slots__`,
    a named tuple, an Enum, a container of its own, one that acts on being subclassed.
    """
    return _record_class(metrics, default_names() if names is None else names)


@lru_cache(maxsize=256)
def _record_class(metrics: type, names: FieldNames) -> type[CompatRecord]:
    if not can_be_dict(metrics):
        raise RecordError.not_subclassable(metrics)
    make = cast("Callable[..., type[DerivedRecord]]", type)
    body = {"__module__": metrics.__module__, "__doc__": metrics.__doc__, "metrics": metrics}
    name = "Record" if metrics is object else f"{metrics.__name__}Record"
    return make(name, (DerivedRecord, metrics), body, names=names)


def default_record(names: FieldNames) -> type[CompatRecord]:
    """Return the class of records for a field table that names no metrics class."""
    return EpochRecord if names == default_names() else record_class(object, names)


def can_be_dict(metrics: type) -> bool:
    """True for a plain class that neither keeps its values elsewhere than in attributes, nor acts on subclassing."""
    classes = metrics.__mro__[:-1]
    return type(metrics) is type and not any(name in vars(each) for each in classes for name in _OWN_WAYS)


class DerivedRecord(CompatRecord):
    """A record class that `record_class` made: no module holds it by name, so its pickles name its parts."""

    metrics: ClassVar[type] = object

    def __getattr__(self, name: str) -> object:
        # Only what a metrics class keeps beside its values; a property of the same name hides it.
        try:
            return vars(self)[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}") from None

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[object, ...]:
        if "metrics" not in vars(type(self)):
            # A subclass that somebody wrote: its own module holds it.
            return super().__reduce_ex__(protocol)
        return _rebuild_derived, (self.metrics, self.names, dict(self)), vars(self) or None


def _rebuild_derived(metrics: type, names: FieldNames, values: Mapping[str, object]) -> CompatRecord:
    return rebuild_record(_record_class(metrics, names), values)
