"""Choose configuration and trainer from what a caller gave to the v2 orchestrator, check that they fit, and run it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torch import nn

from compatkit.migration import find_migration
from compatkit.record import EpochRecord, read_history
from compatkit.training.data import DataSplit
from compatkit.training.determinism import seeded, torch_threads
from compatkit.training.errors import ConfigError
from compatkit.training.protocol import Trainer
from compatkit.training.v2.loop.callbacks import Callback
from compatkit.training.v2.loop.distributed import Processes
from compatkit.training.v2.loop.trainer_v2 import ModelTrainerV2
from compatkit.training.v2.settings.config import OrchestratorConfig, preset_config
from compatkit.training.v2.settings.v1_arguments import declared_arguments, v1_paths

_OF_THE_TRAINER = ("optimizer.", "scheduler.", "data.", "early_stopping.", "checkpoints.", "runtime.", "scale.")
_NOT_THE_TRAINERS = frozenset({*v1_paths().values(), "runtime.workers"})


def choose_trainer(positional: list[object], trainer: Trainer | None) -> Trainer:
    """Return the trainer to use, and take it from v1's positions: it was the last there, and no table names it."""
    if len(positional) == len(declared_arguments(find_migration())) + 1:
        if trainer is not None:
            raise ConfigError.argument_twice("trainer")
        trainer = cast("Trainer | None", positional.pop())
    return ModelTrainerV2() if trainer is None else trainer


def starting_config(config: object, preset: str | None) -> OrchestratorConfig:
    """Return the configuration that v1's arguments change: `config` where it is one, else the preset's."""
    if isinstance(config, OrchestratorConfig):
        if preset is not None:
            raise ConfigError(
                f"A config and the preset {preset!r} were both given.",
                where="TrainingOrchestratorV2",
                hint=f"start from preset_config({preset!r}) and change it with with_overrides",
            )
        return config
    return OrchestratorConfig() if preset is None else preset_config(preset)


def v2_only_settings(config: OrchestratorConfig) -> list[str]:
    """Return the settings off their defaults that only `ModelTrainerV2` supports."""
    defaults = OrchestratorConfig().flatten()
    return [
        path
        for path, value in config.flatten().items()
        if path.startswith(_OF_THE_TRAINER) and path not in _NOT_THE_TRAINERS and value != defaults[path]
    ]


def require_support(trainer: Trainer, config: OrchestratorConfig, callbacks: tuple[Callback, ...]) -> None:
    """Raise `ConfigError` for settings and callbacks that only `ModelTrainerV2` supports: they must not be ignored."""
    if isinstance(trainer, ModelTrainerV2):
        return
    asked = v2_only_settings(config)
    if callbacks:
        asked.append("callbacks")
    if asked:
        raise ConfigError(
            f"The trainer {type(trainer).__name__} cannot carry out {', '.join(sorted(asked))}.",
            where="TrainingOrchestratorV2",
            hint="leave them at their defaults, or use ModelTrainerV2",
        )


def require_sharing(trainer: Trainer, processes: Processes) -> None:
    """Raise `ConfigError` if several processes were started with a trainer that trains in one: each would train all."""
    if processes.size > 1 and not isinstance(trainer, ModelTrainerV2):
        raise ConfigError(
            f"The trainer {type(trainer).__name__} trains in one process, and {processes.size} were started.",
            where="TrainingOrchestratorV2",
            hint="start it without torchrun, or use ModelTrainerV2",
        )


def run_trainer(
    trainer: Trainer, config: OrchestratorConfig, model: nn.Module, data: DataSplit, saved: Mapping[str, Any] | None
) -> list[EpochRecord]:
    """Train `model` in this process, and whichever joined it."""
    optimizer, runtime = config.optimizer, config.runtime
    resumption = {} if saved is None else {"resume_from": saved}
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
