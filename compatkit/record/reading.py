"""How the record of each class is read. Found once a class, since histories are long and of one kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from typing import Any, cast

from compatkit.record._stored import declared_fields
from compatkit.record.compat_record import CompatRecord
from compatkit.record.errors import RecordError
from compatkit.record.metrics import EpochMetrics
from compatkit.record.record_class import can_be_dict, record_class

ReadRun = Callable[[Iterable[object]], Iterable[CompatRecord]]
_Read = Callable[[object], CompatRecord]
_Values = Mapping[str, object]


def run_reader(record: object, index: int, record_type: type[CompatRecord]) -> ReadRun:
    """Return what reads a run of records of `record`'s class into records of `record_type`.

    Raises `RecordError`, naming `index`, for a class that is not understood.
    """
    kind = type(record)
    if issubclass(kind, record_type) or (issubclass(kind, CompatRecord) and kind.names == record_type.names):
        # Read before: it may also be an instance of somebody's own class, and stays one.
        return cast(ReadRun, iter)
    if issubclass(kind, Mapping):
        return lambda records: map(record_type, records)
    values_of = _values_of(record, index)
    target = _target(kind, record_type)

    def read(record: object) -> CompatRecord:
        return _with_attributes(target(values_of(record)), record)

    if kind is EpochMetrics or (values_of is _dataclass_values and not hasattr(kind, "__slots__")):
        return _compile_storage_reader(kind, target, read)
    return lambda records: map(read, records)


def _values_of(record: object, index: int) -> Callable[[Any], _Values]:
    """Return what gives a record's values by name: its own method first, then its declared fields."""
    kind = type(record)
    for method in ("to_dict", "_asdict", "model_dump"):
        if callable(getattr(kind, method, None)):
            if not isinstance(getattr(record, method)(), Mapping):
                break
            return lambda record, method=method: getattr(record, method)()  # type: ignore[misc]  # a default binds it
    else:
        if is_dataclass(kind):
            return _dataclass_values
        if hasattr(kind, "__attrs_attrs__"):
            return lambda record: {field.name: getattr(record, field.name) for field in kind.__attrs_attrs__}
    raise RecordError.unknown_record(record, index)


def _dataclass_values(record: object) -> _Values:
    return {name: getattr(record, name) for name in declared_fields(type(record)) if hasattr(record, name)}


def _target(kind: type, record_type: type[CompatRecord]) -> type[CompatRecord]:
    """Return the class to read into: one that is a `kind` as well, where that can be had."""
    if issubclass(record_type, kind) or not can_be_dict(kind):
        return record_type
    return record_class(kind, record_type.names)


def _with_attributes(read: CompatRecord, record: object) -> CompatRecord:
    """Keep the attributes that are no values, where the record also has the methods that may need them."""
    if isinstance(read, type(record)):
        vars(read).update({name: value for name, value in vars(record).items() if name not in read})
    return read


_STORAGE_READER = """\
def read_storage(records):
    found = []
    append = found.append
    for record in records:
        values = record.__dict__
        if len(values) == {count}:
            try:
                storage = {{{items}}}
            except KeyError:
                append(read(record))
                continue
            new = create(target)
            fill(new, storage)
            append(new)
        else:
            append(read(record))
    return found
"""


def _compile_storage_reader(kind: type, target: type[CompatRecord], read: _Read) -> ReadRun:
    """Compile a loop that copies the attributes of dataclass instances at once, ten times as fast as `asdict`.

    Compiled, as `dataclasses` compiles its methods, because a literal is the fastest way to build a dict, and the
    names in it are the class's. A record with more or fewer attributes than its class declares goes to `read`.
    """
    names = list(declared_fields(kind))
    items = ", ".join(f"{target.names.to_v1.get(name, name)!r}: values[{name!r}]" for name in names)
    space: dict[str, Any] = {"read": read, "create": dict.__new__, "fill": dict.update, "target": target}
    target()  # settles the class, which create() passes by
    exec(_STORAGE_READER.format(count=len(names), items=items), space)
    return cast(ReadRun, space["read_storage"])
