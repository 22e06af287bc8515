"""The v2 record, as the v2 trainer returns it, and that of the bundled migration, which is a v1 dict as well."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from compatkit.record._layout import RecordLayout
from compatkit.record.compat_record import CompatRecord
from compatkit.record.names import default_names


@dataclass
class EpochMetrics:
    """The metrics of one epoch.

    No slots: `EpochRecord` replaces each attribute by a descriptor over its dict, which slots would forbid.

    Attributes:
        epoch: number of the epoch.
        train_loss, val_loss: mean loss over the samples, nats.
        train_accuracy, val_accuracy: share of correct predictions, 0 to 1.
        val_precision, val_recall, val_f1: macro average over the classes, 0 to 1.
        learning_rate: step size of the optimizer in this epoch.
        epoch_time: wall-clock time, seconds.
    """

    epoch: int
    train_loss: float
    val_loss: float
    train_accuracy: float
    val_accuracy: float
    val_precision: float
    val_recall: float
    val_f1: float
    learning_rate: float
    epoch_time: float

    def to_dict(self) -> dict[str, object]:
        """Return all fields under their v2 names."""
        return dict(vars(self))


FIELD_NAMES = tuple(field.name for field in fields(EpochMetrics))


class EpochRecord(CompatRecord, EpochMetrics, layout=RecordLayout(default_names(), EpochMetrics)):
    """One epoch, readable as a v1 dict (`m.get("train_acc")`) and as a v2 `EpochMetrics` (`m.train_accuracy`).

    What was absent stays absent: an attribute of a value that was never measured raises `AttributeError`.
    """

    if not TYPE_CHECKING:
        # dict comes before EpochMetrics in the MRO; this is the dataclass face that both must share.
        to_dict = CompatRecord.to_dict
