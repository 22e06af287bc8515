"""What a training returns: a dict for v1's readers, attributes for v2's."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from compatkit.record import EpochRecord

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
