"""The result of a training: a dict for v1's readers, attributes for v2's."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from compatkit.record import EpochRecord
from compatkit.training.points import as_number
from compatkit.training.v2.recording import epoch_of

FINAL_METRICS = (
    "train_loss",
    "val_loss",
    "train_accuracy",
    "val_accuracy",
    "val_precision",
    "val_recall",
    "val_f1",
)

if TYPE_CHECKING:
    _Dict = dict[str, object]
else:
    _Dict = dict


class TrainingResult(_Dict):
    """A dict with the keys of v1's result, which are attributes too. Its records read as v1 and as v2.

    A dict, and the only storage: so `json.dumps`, `pickle` and `copy` see what v1's callers saw.

    Attributes:
        run_id: MLflow run.
        experiment_name: MLflow experiment.
        final_metrics: losses and scores of the last epoch.
        history: a record an epoch.
        best_epoch: epoch of the highest validation accuracy, the first of equals; 0 without any.
        epochs_trained: number of records.
    """

    @property
    def run_id(self) -> str:
        return cast(str, self["run_id"])

    @property
    def experiment_name(self) -> str:
        return cast(str, self["experiment_name"])

    @property
    def final_metrics(self) -> EpochRecord:
        return cast(EpochRecord, self["final_metrics"])

    @property
    def history(self) -> list[EpochRecord]:
        return cast("list[EpochRecord]", self["history"])

    @property
    def best_epoch(self) -> int:
        return cast(int, self["best_epoch"])

    @property
    def epochs_trained(self) -> int:
        return cast(int, self["epochs_trained"])


def result_of(run_id: str, experiment_name: str, history: list[EpochRecord]) -> TrainingResult:
    """Return the result of a training whose records are `history`."""
    return TrainingResult(
        run_id=run_id,
        experiment_name=experiment_name,
        final_metrics=final_metrics(history),
        history=history,
        best_epoch=_best_epoch(history),
        epochs_trained=len(history),
    )


def final_metrics(history: list[EpochRecord]) -> EpochRecord:
    """Return losses and scores of the last epoch, as far as they were measured."""
    last = history[-1] if history else EpochRecord({})
    return EpochRecord({name: last[name] for name in FINAL_METRICS if name in last})


def _best_epoch(history: list[EpochRecord]) -> int:
    """Return the epoch of the highest validation accuracy, the first of equals; 0 without any."""
    best, best_accuracy = 0, -1.0
    for index, record in enumerate(history, start=1):
        accuracy = as_number(record.get("val_accuracy"))
        if accuracy is not None and accuracy > best_accuracy:
            best, best_accuracy = epoch_of(record, index), accuracy
    return best
