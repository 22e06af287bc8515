"""The record: `EpochMetrics`, `EpochRecord`, and the reading of any trainer's history."""

from __future__ import annotations

from compatkit.record.compat_record import CompatRecord
from compatkit.record.epoch_record import EpochMetrics, EpochRecord
from compatkit.record.errors import RecordError
from compatkit.record.history import Explained, HistoryReader, read_history
from compatkit.record.names import FieldNames
from compatkit.record.record_class import default_record, record_class

__all__ = [
    "CompatRecord",
    "EpochMetrics",
    "EpochRecord",
    "Explained",
    "FieldNames",
    "HistoryReader",
    "RecordError",
    "default_record",
    "read_history",
    "record_class",
]
