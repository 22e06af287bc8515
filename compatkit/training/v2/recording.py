"""Log a v2 training, its settings and its history, and return its result, which v1's readers can read.

The history is logged while it grows where the trainer tells of each epoch, else when it is complete.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, cast

from compatkit.record import EpochRecord, read_history
from compatkit.trace import environment_tags
from compatkit.training.data import DataSplit
from compatkit.training.determinism import torch_threads
from compatkit.training.protocol import Trainer
from compatkit.training.sender import as_number
from compatkit.training.tracking import RunTracker
from compatkit.training.v2.loop.callbacks import CallersCallback, Progress
from compatkit.training.v2.settings.config import OrchestratorConfig
from compatkit.training.v2.settings.v1_arguments import v1_paths

_NOT_LOGGED = ("tracking.", "checkpoints.", "scale.")


def logged_params(config: OrchestratorConfig) -> dict[str, object]:
    """Return the settings that a run has as its params."""
    declared, defaults = set(v1_paths().values()), OrchestratorConfig().flatten()
    settings = [(path, value) for path, value in config.flatten().items() if not path.startswith(_NOT_LOGGED)]
    # What v1 had no argument for is logged where it is in use: else a v2 run would differ by what it does not do.
    return {path: value for path, value in settings if path in declared or value != defaults[path]}


def log_setup(
    run: RunTracker, config: OrchestratorConfig, data: DataSplit, trainer: Trainer, *, preset: str | None
) -> None:
    """Log the settings, trainer, data and environment of a training that begins."""
    run.log_params({**logged_params(config), "dataset": data.name})
    run.log_inputs(data)
    tags = {"dataset_name": data.name, "stack.orchestrator": "v2", "stack.trainer": type(trainer).__name__}
    with torch_threads(config.runtime.threads):
        tags |= environment_tags()
    run.set_tags(tags if preset is None else {**tags, "preset": preset})


class HistoryLogger(CallersCallback):
    """Logs each record once, at its epoch, under the names that were asked for: "v1", "v2" or "both"."""

    def __init__(self, run: RunTracker, names: str) -> None:
        self.stop = ""  # why the training ended before its last epoch
        self._run = run
        self._names = names
        self._logged = 0  # records

    def on_start(self, state: Progress) -> None:
        # After a resumption: what had arrived already is left out by the run.
        self.log_rest(read_history(state.history))

    def on_epoch(self, state: Progress) -> None:
        self._log(read_history(state.history[-1:])[0])
        self.stop = state.stop

    def on_end(self, state: Progress) -> None:
        self.stop = state.stop

    def log_rest(self, history: list[EpochRecord]) -> None:
        """Log the records that were not logged yet."""
        for record in history[self._logged :]:
            self._log(record)

    def _log(self, record: EpochRecord) -> None:
        self._logged += 1
        metrics = in_names(record, self._names)
        metrics.pop("epoch", None)
        self._run.log_metrics(metrics, step=epoch_of(record, self._logged))


def in_names(record: EpochRecord, names: str) -> dict[str, object]:
    """Return the values of `record` under the names of "v1", of "v2", or of "both" generations."""
    if names == "v1":
        return record.to_v1()
    return record.to_v2() if names == "v2" else {**record.to_v1(), **record.to_v2()}


def epoch_of(record: EpochRecord, index: int) -> int:
    """Return the record's epoch, or its place in the history, from 1, if the trainer named none."""
    epoch = as_number(record.get("epoch"))
    return int(epoch) if epoch is not None and isfinite(epoch) else index


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


def training_result(run_id: str, experiment_name: str, history: list[EpochRecord]) -> TrainingResult:
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
