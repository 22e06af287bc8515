"""Any trainer's history in, a list of `EpochRecord` out; the format of each record is found, not asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass

from compatkit.record.epoch_record import EpochRecord
from compatkit.record.errors import RecordError
from compatkit.record.metrics import EpochMetrics


def read_history(history: Iterable[object]) -> list[EpochRecord]:
    """Read what `train()` returned: v1 dicts, v2 `EpochMetrics`, or both mixed, one record an epoch.

    Values are handed on as they are, keys that are absent stay absent, extra keys and the order are kept.
    Raises `RecordError` for a shape that is not known, and where one record has both spellings and they differ.
    """
    if isinstance(history, str | bytes | Mapping) or not isinstance(history, Iterable):
        raise RecordError.unknown_history(history)
    return [_read_record(record, index) for index, record in enumerate(history)]


def _read_record(record: object, index: int) -> EpochRecord:
    if isinstance(record, EpochRecord):
        return record
    if isinstance(record, Mapping):
        return EpochRecord(record)
    if type(record) is EpochMetrics:
        return EpochRecord(vars(record))
    return EpochRecord(_to_mapping(record, index))


def _to_mapping(record: object, index: int) -> Mapping[str, object]:
    """Read a record class of somebody's own: by its `to_dict`, else as a dataclass."""
    if callable(to_dict := getattr(record, "to_dict", None)) and not isinstance(record, type):
        values = to_dict()
        if isinstance(values, Mapping):
            return values
    elif is_dataclass(record) and not isinstance(record, type):
        return {field.name: getattr(record, field.name) for field in fields(record)}
    raise RecordError.unknown_record(record, index)
