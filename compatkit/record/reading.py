"""Find once how the records of a class are read, since histories are long and of one kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from functools import partial
from typing import Any, TypeVar, cast

from compatkit.record._attributes import KEPT, attributes_of
from compatkit.record._layout import VALUE_METHODS, RecordLayout
from compatkit.record._stored import ABSENT, declared_fields, field_names
from compatkit.record.compat_record import (
    CompatRecord,
    declare_attributes,
    fill,
    rebuild_record,
    spellings_of,
    split_attribute,
)
from compatkit.record.epoch_record import EpochMetrics
from compatkit.record.errors import RecordError, warn_unread_key
from compatkit.record.names import FieldNames, is_same
from compatkit.record.record_class import can_be_dict, is_slot, record_class

ReadRun = Callable[[Iterable[object]], Iterable[object]]
_Read = Callable[[object], CompatRecord]
_Values = Mapping[str, object]
_Record = TypeVar("_Record", bound=CompatRecord)


def run_reader(record: object, index: int, record_type: type[CompatRecord], *, keeps_mappings: bool = False) -> ReadRun:
    """Return what reads a run of records of `record`'s class into records of `record_type`.

    Raises `RecordError`, naming `index`, for a class that is not understood.
    """
    kind = type(record)
    if issubclass(kind, record_type) or (issubclass(kind, CompatRecord) and kind.names == record_type.names):
        # Read before: it may also be an instance of somebody's own class, and stays one.
        return cast(ReadRun, iter)
    if issubclass(kind, Mapping) and not can_be_dict(kind):
        if keeps_mappings and kind is not dict and (twin_of := _mapping_twin(kind, spellings_of(record_type))):
            return lambda records: map(twin_of, records)
        return lambda records: (rebuild_record(record_type, cast(_Values, record)) for record in records)
    values_of = _values_of(record, index)
    if (target := _target(kind, record_type)) is None:
        return _read_on_top(record, spellings_of(record_type))
    target.__new__(target)  # settles a class that somebody wrote, which the readers pass by
    if isinstance(record, target.__compatkit_layout__.metrics) and not target.__compatkit_layout__.is_open:
        target.__compatkit_layout__.order = tuple(_attributes(record))
    if values_of is not _dataclass_values:
        declare_attributes(target, _attributes(record).keys() & values_of(record).keys())

    def read(record: object) -> CompatRecord:
        return _take_over(dict.__new__(target), record, values_of)

    is_plain = values_of is _dataclass_values and hasattr(record, "__dict__")
    if kind is EpochMetrics or (is_plain and not target.__compatkit_layout__.keeps_original):
        return _compile_storage_reader(record, target, read)
    return lambda records: map(read, records)


def _mapping_twin(kind: type, names: FieldNames) -> Callable[[object], object] | None:
    # Imported here: few records are of such a class.
    from compatkit.record.reading_face import is_stdlib_mapping, mapping_twin

    return partial(mapping_twin, names) if is_stdlib_mapping(kind) else None


def _read_on_top(record: Any, names: FieldNames) -> ReadRun:
    """Return what lets records of a class that no dict can be keep it, readable as v1 dicts where that can be had."""
    kind: Any = type(record)
    # Imported here: few record classes are of that kind.
    from compatkit.record.reading_face import face_class, faced

    method = next((name for name in VALUE_METHODS if hasattr(kind, name)), None)
    face = face_class(kind, names, method) if method else None
    try:
        if face is not None and faced(record, face) is not None:
            return lambda records: (faced(record, face) for record in records)
    except TypeError:
        pass
    warn_unread_key(kind)
    return cast(ReadRun, iter)


def read_instance(cls: type[_Record], metrics: object) -> _Record:
    """Return a record of `cls` with all that `metrics`, an instance of its metrics class, has."""
    return take_over_instance(dict.__new__(cls), metrics)


def take_over_instance(record: _Record, metrics: object) -> _Record:
    """Give `record` all that `metrics` has, and return it."""
    return _take_over(record, metrics, _values_of(metrics, 0))


def _take_over(record: _Record, metrics: object, values_of: Callable[[Any], _Values]) -> _Record:
    values = values_of(metrics)
    fill(record, values)
    layout: RecordLayout = type(record).__compatkit_layout__
    if not isinstance(metrics, layout.metrics) or layout.metrics is object:
        return record
    if layout.keeps_original:
        attributes_of(record)[KEPT] = metrics
    # Its methods may need what is no value, and what its `to_dict` turned into something else.
    for name, value in _attributes(metrics).items():
        found = values.get(name, ABSENT)
        if found is not value and (type(found) is not type(value) or not is_same(found, value)):
            attributes_of(record)[name] = value
            split_attribute(type(record), name)
    return record


def _values_of(record: object, index: int) -> Callable[[Any], _Values]:
    """Return what gives a record's values by name: its own method first, then its declared fields."""
    kind = type(record)
    if isinstance(record, Mapping):
        return _mapping_values
    for method in VALUE_METHODS:
        if callable(getattr(kind, method, None)):
            if not isinstance(getattr(record, method)(), Mapping):
                break
            return lambda record, method=method: getattr(record, method)()  # type: ignore[misc]  # a default binds it
    else:
        if is_dataclass(kind):
            return _dataclass_values
        if hasattr(kind, "__attrs_attrs__"):
            return lambda record: {field.name: getattr(record, field.name) for field in kind.__attrs_attrs__}
    raise RecordError(
        f"Record {index} of the history is a {kind.__qualname__}, which is neither v1 nor v2.",
        where=f"the module {kind.__module__}",
        hint="return a dict, a dataclass, or an object whose to_dict() returns a dict",
    )


def _mapping_values(record: Any) -> _Values:
    return dict(dict.items(record)) if isinstance(record, dict) else {key: record[key] for key in record}


def _dataclass_values(record: object) -> _Values:
    """Return the fields that are set, in the order in which they were, and then those that only the class has."""
    fields = field_names(declared_fields(type(record)))
    ordered = [name for name in getattr(record, "__dict__", ()) if name in fields]
    return {name: getattr(record, name) for name in dict.fromkeys([*ordered, *fields]) if hasattr(record, name)}


def _attributes(record: object) -> _Values:
    """Return what was set on a record, by name, wherever its class keeps it."""
    slots = (name for base in type(record).__mro__ for name, value in vars(base).items() if is_slot(value))
    kept = {name: getattr(record, name) for name in slots if hasattr(record, name)}
    return {**kept, **getattr(record, "__dict__", {})}


def _target(kind: type, record_type: type[CompatRecord]) -> type[CompatRecord] | None:
    """Return the class to read into, one that is a `kind` as well; None where that cannot be had."""
    if issubclass(record_type, kind):
        return record_type
    return record_class(kind, spellings_of(record_type)) if can_be_dict(kind) else None


_STORAGE_READER = """\
def read_storage(records):
    found = []
    append = found.append
    for record in records:
        values = record.__dict__
        if len(values) == {count}:
            try:
                storage = {literal}
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


def _compile_storage_reader(first: object, target: type[CompatRecord], read: _Read) -> ReadRun:
    """Compile a loop that copies the attributes of dataclass instances at once, ten times as fast as `asdict`.

    Compiled, as `dataclasses` compiles its methods, because a literal is the fastest way to build a dict, and the
    names in it are the class's. A record with more or fewer attributes than its class declares goes to `read`.
    """
    fields = field_names(declared_fields(type(first)))
    names = [name for name in vars(first) if name in fields]
    if len(names) < len(fields):
        names = fields
    space: dict[str, Any] = {"read": read, "create": dict.__new__, "fill": dict.update, "target": target}
    exec(_STORAGE_READER.format(count=len(names), literal=spellings_of(target).literal(names)), space)
    return cast(ReadRun, space["read_storage"])
