"""The v2 orchestrator: nested configuration and presets; v1's arguments and either trainer are accepted."""

from __future__ import annotations

from math import isfinite
from typing import cast

from torch import nn

from compatkit.migration import find_migration
from compatkit.record import EpochRecord, read_history
from compatkit.training.data import DatasetSource, DataSplit, load_dataset
from compatkit.training.determinism import seeded, torch_threads
from compatkit.training.models import build_model
from compatkit.training.protocol import Trainer
from compatkit.training.tracking import RunTracker, as_number, tracked_run
from compatkit.training.v2.arguments import NOT_GIVEN, declared_arguments, v1_overrides
from compatkit.training.v2.config import OrchestratorConfig
from compatkit.training.v2.errors import ConfigError
from compatkit.training.v2.presets import preset_config
from compatkit.training.v2.result import TrainingResult
from compatkit.training.v2.trainer import ModelTrainerV2

FINAL_METRICS = (
    "train_loss",
    "val_loss",
    "train_accuracy",
    "val_accuracy",
    "val_precision",
    "val_recall",
    "val_f1",
)
_EXAMPLE_SAMPLES = 2  # one sample would fix the exported model's batch size


class TrainingOrchestratorV2:
    """Trains a model on a data set and logs the run to MLflow.

    Start from a config, a preset, or nothing; v1's arguments change it, by position and by name as v1 took them.

    >>> TrainingOrchestratorV2(preset="quick_test").config.epochs
    2
    """

    def __init__(
        self,
        config: OrchestratorConfig | object = None,
        *v1_positional: object,
        preset: str | None = None,
        trainer: Trainer | None = None,
        **v1_arguments: object,
    ) -> None:
        """Settle the configuration. Raises `ConfigError` for what it cannot be.

        A first argument that is no config is v1's first argument. `v1_positional` keep v1's positions, counted from
        `config`; v1's last one, its trainer, may be among them.
        """
        is_config = config is None or isinstance(config, OrchestratorConfig)
        positional = [NOT_GIVEN if is_config else config, *v1_positional]
        self.trainer = _choose_trainer(positional, trainer)
        self.preset = preset
        overrides = v1_overrides(positional, v1_arguments, find_migration())
        self.config = _base_config(config, preset).with_overrides(overrides)
        self.model: nn.Module | None = None

    def train_model(self, dataset: DatasetSource = "digits") -> TrainingResult:
        """Train on `dataset`, a bundled name or arrays (X, y).

        An exception ends the run as FAILED, and goes on.
        """
        config, tracking = self.config, self.config.tracking
        data = load_dataset(dataset, validation_fraction=config.data.validation_fraction, seed=config.runtime.seed)
        with tracked_run(tracking.experiment_name, tracking_uri=tracking.uri, run_name=tracking.run_name) as run:
            self._log_setup(run, data)
            self.model = self._build_model(data)
            with run.watched(self.model):
                history = self._train(self.model, data)
            final = _final_metrics(history)
            _log_history(run, history, final)
            if tracking.log_model:
                run.log_model(self.model, data.validation.tensors[0][:_EXAMPLE_SAMPLES])
        return TrainingResult(
            run_id=run.run_id,
            experiment_name=tracking.experiment_name,
            final_metrics=final,
            history=history,
            best_epoch=_best_epoch(history),
            epochs_trained=len(history),
        )

    def _log_setup(self, run: RunTracker, data: DataSplit) -> None:
        settings = self.config.flatten().items()
        params = {path: value for path, value in settings if not path.startswith("tracking.")}
        run.log_params({**params, "dataset": data.name})
        tags = {"dataset_name": data.name, "stack.orchestrator": "v2", "stack.trainer": type(self.trainer).__name__}
        run.set_tags(tags if self.preset is None else {**tags, "preset": self.preset})

    def _build_model(self, data: DataSplit) -> nn.Module:
        model = self.config.model
        return build_model(
            model.type,
            features=data.features,
            classes=data.classes,
            hidden_size=model.hidden_size,
            layers=model.layers,
            dropout=model.dropout,
            seed=self.config.runtime.seed,
        )

    def _train(self, model: nn.Module, data: DataSplit) -> list[EpochRecord]:
        config, optimizer, runtime = self.config, self.config.optimizer, self.config.runtime
        # Seeded here too: a trainer of the user's own may draw from the global random state.
        with torch_threads(runtime.threads), seeded(runtime.seed):
            history = self.trainer.train(
                model,
                data.train,
                data.validation,
                epochs=config.epochs,
                batch_size=config.data.batch_size,
                lr=optimizer.learning_rate,
                optimizer=optimizer.name,
                weight_decay=optimizer.weight_decay,
                momentum=optimizer.momentum,
                seed=runtime.seed,
            )
        return read_history(history)


def _choose_trainer(positional: list[object], trainer: Trainer | None) -> Trainer:
    """Return the trainer to use, and take it from v1's positions: it was the last there, and no table names it."""
    if len(positional) == len(declared_arguments(find_migration())) + 1:
        if trainer is not None:
            raise ConfigError.argument_twice("trainer")
        trainer = cast("Trainer | None", positional.pop())
    return ModelTrainerV2() if trainer is None else trainer


def _base_config(config: object, preset: str | None) -> OrchestratorConfig:
    if isinstance(config, OrchestratorConfig):
        if preset is not None:
            raise ConfigError.two_sources(preset)
        return config
    return OrchestratorConfig() if preset is None else preset_config(preset)


def _log_history(run: RunTracker, history: list[EpochRecord], final: EpochRecord) -> None:
    for index, record in enumerate(history, start=1):
        metrics = record.to_v2()
        metrics.pop("epoch", None)
        run.log_metrics(metrics, step=_epoch(record, index))
    run.log_metrics({f"final_{name}": value for name, value in final.to_v2().items()})


def _final_metrics(history: list[EpochRecord]) -> EpochRecord:
    last = history[-1] if history else EpochRecord({})
    return EpochRecord({name: last[name] for name in FINAL_METRICS if name in last})


def _epoch(record: EpochRecord, index: int) -> int:
    """Return the record's epoch, or its place in the history, from 1, if the trainer named none."""
    epoch = as_number(record.get("epoch"))
    return int(epoch) if epoch is not None and isfinite(epoch) else index


def _best_epoch(history: list[EpochRecord]) -> int:
    """Return the epoch of the highest validation accuracy, the first of equals; 0 without any."""
    best, best_accuracy = 0, -1.0
    for index, record in enumerate(history, start=1):
        accuracy = as_number(record.get("val_accuracy"))
        if accuracy is not None and accuracy > best_accuracy:
            best, best_accuracy = _epoch(record, index), accuracy
    return best
