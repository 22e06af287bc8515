"""The v2 record: one epoch's metrics as a dataclass, exactly as the v2 trainer returns it."""

from __future__ import annotations

from dataclasses import dataclass, fields


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
