"""The record: `EpochMetrics`, `EpochRecord`, and the reading of any trainer's history."""

from __future__ import annotations

from compatkit.record.compat_record import CompatRecord
from compatkit.record.epoch_record import EpochRecord
from compatkit.record.errors import RecordError
from compatkit.record.history import read_history
from compatkit.record.metrics import EpochMetrics
from compatkit.record.names import FieldNames

__all__ = ["CompatRecord", "EpochMetrics", "EpochRecord", "FieldNames", "RecordError", "read_history"]
