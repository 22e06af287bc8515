"""The v2 orchestrator: nested configuration and presets; v1's arguments and either trainer are accepted."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, cast

from torch import nn

from compatkit.migration import find_migration
from compatkit.record import EpochRecord, read_history
from compatkit.trace import environment_tags
from compatkit.training.data import DatasetSource, DataSplit, load_dataset
from compatkit.training.determinism import seeded, torch_threads
from compatkit.training.divergence import require_convergence
from compatkit.training.models import build_model
from compatkit.training.protocol import Trainer
from compatkit.training.tracking import Delivery, RunTracker, as_number, tracked_run
from compatkit.training.v2.arguments import NOT_GIVEN, declared_arguments, v1_overrides, v1_paths
from compatkit.training.v2.callbacks import INTERRUPTED, Callback
from compatkit.training.v2.checkpoints import Checkpointer, last_checkpoint, load_checkpoint, require_same_training
from compatkit.training.v2.config import OrchestratorConfig
from compatkit.training.v2.errors import ConfigError
from compatkit.training.v2.presets import preset_config
from compatkit.training.v2.recording import HistoryLogger, epoch_of, in_names
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
_NOT_LOGGED = ("tracking.", "checkpoints.")
_NOT_DECISIVE = ("tracking.", "checkpoints.", "runtime.workers")
_OF_THE_TRAINER = ("optimizer.", "scheduler.", "data.", "early_stopping.", "checkpoints.", "runtime.")
_NOT_THE_TRAINERS = frozenset({*v1_paths().values(), "runtime.workers"})
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
        callbacks: Iterable[Callback] = (),
        **v1_arguments: object,
    ) -> None:
        """Settle the configuration. Raises `ConfigError` for what it cannot be.

        A first argument that is no config is v1's first argument. `v1_positional` keep v1's positions, counted from
        `config`; v1's last one, its trainer, may be among them. `callbacks` are called after each epoch by
        `ModelTrainerV2`, which also gets its configuration from here.
        """
        is_config = config is None or isinstance(config, OrchestratorConfig)
        positional = [NOT_GIVEN if is_config else config, *v1_positional]
        self.trainer = _choose_trainer(positional, trainer)
        self.preset = preset
        overrides = v1_overrides(positional, v1_arguments, find_migration())
        self.config = _base_config(config, preset).with_overrides(overrides)
        self.callbacks = tuple(callbacks)
        self.model: nn.Module | None = None
        _require_support(self.trainer, self.config, self.callbacks)

    def train_model(self, dataset: DatasetSource = "digits", *, resume: bool = False) -> TrainingResult:
        """Train on `dataset`, which `load_dataset` reads.

        `resume` goes on where the last checkpoint in `checkpoints.folder` was written, in the same run, bitwise equal;
        without one, it begins. An exception ends the run as FAILED, with the reason as a tag, and goes on. A training
        whose loss is no number any more fails, after its history was logged.
        """
        config, tracking = self.config, self.config.tracking
        data = load_dataset(
            dataset,
            validation_fraction=config.data.validation_fraction,
            seed=config.runtime.seed,
            workers=config.runtime.workers,
        )
        about = self._about(data)
        saved = self._saved(about) if resume else None
        with tracked_run(
            tracking.experiment_name,
            tracking_uri=tracking.uri,
            run_name=tracking.run_name,
            delivery=Delivery(tracking.flush_seconds, tracking.patience_seconds, tracking.spool),
            resumed_run=None if saved is None else saved["about"]["run_id"],
        ) as run:
            self._log_setup(run, data)
            self.model = self._build_model(data)
            logger = HistoryLogger(run, tracking.metric_names)
            trainer = self._equipped_trainer(logger, {**about, "run_id": run.run_id})
            with run.watched(self.model):
                history = self._train(trainer, self.model, data, saved)
            final = _final_metrics(history)
            logger.log_rest(history)
            run.log_metrics({f"final_{name}": value for name, value in in_names(final, tracking.metric_names).items()})
            require_convergence(history)
            if logger.stop:
                run.set_tags({"stack.stopped": logger.stop})
            if logger.stop == INTERRUPTED:
                run.status = "KILLED"
            if tracking.log_model and not (resume and run.has_model):
                run.log_model(self.model, data.validation.tensors[0][:_EXAMPLE_SAMPLES])
        return TrainingResult(
            run_id=run.run_id,
            experiment_name=tracking.experiment_name,
            final_metrics=final,
            history=history,
            best_epoch=_best_epoch(history),
            epochs_trained=len(history),
        )

    def _about(self, data: DataSplit) -> dict[str, Any]:
        """Return what must be the same for a training to go on: every setting that decides it, and the data."""
        settings = self.config.flatten().items()
        decisive = {path: value for path, value in settings if not path.startswith(_NOT_DECISIVE)}
        return {**decisive, "dataset": data.name, "data": data.digest}

    def _saved(self, about: Mapping[str, Any]) -> Mapping[str, Any] | None:
        folder = self.config.checkpoints.folder
        if folder is None:
            raise ConfigError.no_checkpoints()
        if (path := last_checkpoint(folder)) is None:
            return None
        saved = load_checkpoint(path)
        require_same_training(path, saved["about"], about)
        return saved

    def _log_setup(self, run: RunTracker, data: DataSplit) -> None:
        declared, defaults = set(v1_paths().values()), OrchestratorConfig().flatten()
        settings = [(path, value) for path, value in self.config.flatten().items() if not path.startswith(_NOT_LOGGED)]
        # What v1 had no argument for is logged where it is in use: else a v2 run would differ by what it does not do.
        params = {path: value for path, value in settings if path in declared or value != defaults[path]}
        run.log_params({**params, "dataset": data.name})
        tags = {"dataset_name": data.name, "stack.orchestrator": "v2", "stack.trainer": type(self.trainer).__name__}
        with torch_threads(self.config.runtime.threads):
            tags |= environment_tags()
        run.set_tags(tags if self.preset is None else {**tags, "preset": self.preset})

    def _equipped_trainer(self, logger: HistoryLogger, about: Mapping[str, Any]) -> Trainer:
        """Return the trainer with the configuration and what is to be done after each epoch, if it takes them."""
        if not isinstance(self.trainer, ModelTrainerV2):
            return self.trainer
        trainer = copy.copy(self.trainer)
        trainer.config = self.config
        # A subclass may change the history that it returns: then only that is logged.
        loggers = [logger] if type(trainer).train is ModelTrainerV2.train else []
        checkpoints = self.config.checkpoints
        keepers = [] if checkpoints.folder is None else [Checkpointer(checkpoints, about)]
        trainer.callbacks = (*trainer.callbacks, *self.callbacks, *loggers, *keepers)
        return trainer

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

    def _train(
        self, trainer: Trainer, model: nn.Module, data: DataSplit, saved: Mapping[str, Any] | None
    ) -> list[EpochRecord]:
        config, optimizer, runtime = self.config, self.config.optimizer, self.config.runtime
        resumption = {} if saved is None else {"resume_from": saved["state"]}
        # Seeded here too: a trainer of the user's own may draw from the global random state.
        with torch_threads(runtime.threads), seeded(runtime.seed):
            history = trainer.train(
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
                **resumption,
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


def _require_support(trainer: Trainer, config: OrchestratorConfig, callbacks: tuple[Callback, ...]) -> None:
    """Raise `ConfigError` if something is to be done that only `ModelTrainerV2` does: it must not be passed over."""
    if isinstance(trainer, ModelTrainerV2):
        return
    defaults = OrchestratorConfig().flatten()
    asked = [
        path
        for path, value in config.flatten().items()
        if path.startswith(_OF_THE_TRAINER) and path not in _NOT_THE_TRAINERS and value != defaults[path]
    ]
    if callbacks:
        asked.append("callbacks")
    if asked:
        raise ConfigError.unsupported(type(trainer).__name__, asked)


def _final_metrics(history: list[EpochRecord]) -> EpochRecord:
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
