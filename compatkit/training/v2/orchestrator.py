"""The v2 orchestrator: nested configuration and presets; v1's arguments and either trainer are accepted."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from compatkit.migration import find_migration
from compatkit.record import EpochRecord
from compatkit.training.data import DatasetSource, DataSplit, load_dataset
from compatkit.training.ending import termination_raised
from compatkit.training.models import build_model
from compatkit.training.protocol import Trainer, require_convergence
from compatkit.training.tracked_run import log_failed_run, tracked_run
from compatkit.training.tracking import Delivery, RunTracker
from compatkit.training.v2.checkpoints import Checkpointer, about_training, saved_training
from compatkit.training.v2.engines import engine_started, failure_told, train_by_engine
from compatkit.training.v2.loop.callbacks import INTERRUPTED, Callback
from compatkit.training.v2.loop.distributed import Processes
from compatkit.training.v2.loop.trainer_v2 import ModelTrainerV2
from compatkit.training.v2.recording import (
    HistoryLogger,
    TrainingResult,
    final_metrics,
    in_names,
    log_setup,
    training_result,
)
from compatkit.training.v2.settings.config import OrchestratorConfig
from compatkit.training.v2.settings.v1_arguments import NOT_GIVEN, v1_overrides
from compatkit.training.v2.trainer_choice import (
    choose_trainer,
    require_sharing,
    require_support,
    run_trainer,
    starting_config,
)

_EXAMPLE_SAMPLES = 2  # one sample would fix the exported model's batch size
_UNTOLD: tuple[str, Mapping[str, Any] | None] = ("", None)


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
        self.trainer = choose_trainer(positional, trainer)
        self.preset = preset
        overrides = v1_overrides(positional, v1_arguments, find_migration())
        self.config = starting_config(config, preset).with_overrides(overrides)
        self.callbacks = tuple(callbacks)
        self.model: nn.Module | None = None
        require_support(self.trainer, self.config, self.callbacks)

    def train_model(
        self, dataset: DatasetSource = "digits", *, resume: bool = False, parent_run: str | None = None
    ) -> TrainingResult:
        """Train on `dataset`, which `load_dataset` reads.

        `resume` goes on where the last checkpoint in `checkpoints.folder` was written, in the same run, bitwise equal;
        without one, it begins. An exception ends the run as FAILED, with the reason as a tag, and goes on; SIGTERM is
        one, and data that are none. A training whose loss is no number any more fails, after its history was logged.
        Started by `torchrun`, all processes train one model together, and the first logs it, as one run; with
        `scale.engine` "ray", this process logs and keeps checkpoints, and those that Ray starts train. A new run is a
        child of `parent_run`.
        """
        with termination_raised(), engine_started(self.config) as processes:
            require_sharing(self.trainer, processes)
            data = self._load(dataset, is_logged=processes.is_first and not resume, parent_run=parent_run)
            about = about_training(self.config, data)
            processes.require_same("settings and data", about)
            if not processes.is_first:
                return self._follow(processes, data)
            return self._lead(processes, data, about, resume=resume, parent_run=parent_run)

    def _load(self, dataset: DatasetSource, *, is_logged: bool, parent_run: str | None) -> DataSplit:
        """Load the data; where they are none, a run says so, if `is_logged`."""
        config, tracking = self.config, self.config.tracking
        try:
            return load_dataset(
                dataset,
                validation_fraction=config.data.validation_fraction,
                seed=config.runtime.seed,
                workers=config.runtime.workers,
            )
        except Exception as error:
            if is_logged:
                log_failed_run(
                    error,
                    tracking.experiment_name,
                    tracking_uri=tracking.uri,
                    run_name=tracking.run_name,
                    parent_run=parent_run,
                )
            raise

    def _lead(
        self,
        processes: Processes,
        data: DataSplit,
        about: Mapping[str, Any],
        *,
        resume: bool,
        parent_run: str | None,
    ) -> TrainingResult:
        """Train and log; what the others need to follow is told to them."""
        tracking = self.config.tracking
        saved = saved_training(self.config, about) if resume else None
        with tracked_run(
            tracking.experiment_name,
            tracking_uri=tracking.uri,
            run_name=tracking.run_name,
            delivery=Delivery(tracking.flush_seconds, tracking.patience_seconds, tracking.spool),
            resumed_run=None if saved is None else saved["about"]["run_id"],
            parent_run=parent_run,
        ) as run:
            processes.broadcast((run.run_id, saved))
            history = self._train_in(run, data, about, saved)
            if tracking.log_model and not (resume and run.has_model):
                assert self.model is not None
                run.log_model(self.model, data.validation.tensors[0][:_EXAMPLE_SAMPLES])
        return training_result(run.run_id, tracking.experiment_name, history)

    def _follow(self, processes: Processes, data: DataSplit) -> TrainingResult:
        """Train along with the first process."""
        run_id, saved = processes.broadcast(_UNTOLD)
        with failure_told(processes, run_id, self.config.tracking.uri):
            self.model = self._build_model(data)
            history = run_trainer(self._equipped_trainer(), self.config, self.model, data, saved and saved["state"])
        require_convergence(history)
        return training_result(run_id, self.config.tracking.experiment_name, history)

    def _train_in(
        self, run: RunTracker, data: DataSplit, about: Mapping[str, Any], saved: Mapping[str, Any] | None
    ) -> list[EpochRecord]:
        """Train, and log to `run` what is trained and how it goes."""
        names, checkpoints = self.config.tracking.metric_names, self.config.checkpoints
        log_setup(run, self.config, data, self.trainer, preset=self.preset)
        self.model = self._build_model(data)
        logger = HistoryLogger(run, names)
        # A subclass may change the history that it returns: then only that is logged.
        loggers = [logger] if type(self.trainer).train is ModelTrainerV2.train else []
        keepers = [] if checkpoints.folder is None else [Checkpointer(checkpoints, {**about, "run_id": run.run_id})]
        trainer = self._equipped_trainer(*loggers, *keepers)
        with run.sampled(is_on=self.config.tracking.system_metrics):
            history = train_by_engine(run, trainer, self.config, self.model, data, saved and saved["state"])
        logger.log_rest(history)
        final = in_names(final_metrics(history), names)
        run.log_metrics({f"final_{name}": value for name, value in final.items()})
        require_convergence(history)
        if logger.stop:
            run.set_tags({"stack.stopped": logger.stop})
        if logger.stop == INTERRUPTED:
            run.status = "KILLED"
        return history

    def _equipped_trainer(self, *callbacks: Callback) -> Trainer:
        """Return the trainer with the configuration and what is to be done after each epoch, if it takes them."""
        if not isinstance(self.trainer, ModelTrainerV2):
            return self.trainer
        trainer = copy.copy(self.trainer)
        trainer.config = self.config
        trainer.callbacks = (*trainer.callbacks, *self.callbacks, *callbacks)
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
            shape=data.shape,
        )
