"""The record of the bundled migration: a v1 dict and a v2 `EpochMetrics` at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compatkit.record._layout import RecordLayout
from compatkit.record.compat_record import CompatRecord
from compatkit.record.metrics import EpochMetrics
from compatkit.record.names import default_names


class EpochRecord(CompatRecord, EpochMetrics, layout=RecordLayout(default_names(), EpochMetrics)):
    """One epoch, readable as a v1 dict (`m.get("train_acc")`) and as a v2 `EpochMetrics` (`m.train_accuracy`).

    What was absent stays absent: an attribute of a value that was never measured raises `AttributeError`.
    """

    if not TYPE_CHECKING:
        # dict comes before EpochMetrics in the MRO; this is the dataclass face that both must share.
        to_dict = CompatRecord.to_dict
