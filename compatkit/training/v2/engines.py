"""Start the processes that train: this one, those that `torchrun` started, or those of Ray Train."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import nn

from compatkit.record import EpochRecord, read_history
from compatkit.training.data import DataSplit
from compatkit.training.determinism import seeded, torch_threads
from compatkit.training.protocol import Trainer
from compatkit.training.tracking import RunTracker
from compatkit.training.v2.errors import ConfigError
from compatkit.training.v2.loop.distributed import Processes, is_distributed, joined_processes
from compatkit.training.v2.loop.trainer import ModelTrainerV2, choose_device
from compatkit.training.v2.settings.config import OrchestratorConfig


@contextmanager
def engine_started(config: OrchestratorConfig) -> Iterator[Processes]:
    """Join the processes that were started with this one, or connect to Ray, whose processes this one only leads."""
    if config.scale.engine != "ray":
        with joined_processes(choose_device(config.runtime.device)) as processes:
            yield processes
        return
    if is_distributed():
        raise ConfigError.two_engines()
    from compatkit.training.v2.on_ray.cluster import connected

    with connected(config):
        yield Processes(0, 1, torch.device("cpu"))


def engine_kept(config: OrchestratorConfig) -> AbstractContextManager[None]:
    """Stay connected to Ray while several trainings run, where they run there: connecting takes seconds."""
    if config.scale.engine != "ray":
        return nullcontext()
    from compatkit.training.v2.on_ray.cluster import connected

    return connected(config)


def train_by_engine(
    run: RunTracker,
    trainer: Trainer,
    config: OrchestratorConfig,
    model: nn.Module,
    data: DataSplit,
    saved: Mapping[str, Any] | None,
) -> list[EpochRecord]:
    """Train `model` in place, and return the history; `saved` is a state to go on from."""
    if config.scale.engine == "ray":
        from compatkit.training.v2.on_ray.caller import train_on_ray

        assert isinstance(trainer, ModelTrainerV2)  # any other was refused
        return train_on_ray(run, trainer, config, model, data, saved)
    with run.watched(model):
        return run_trainer(trainer, config, model, data, saved)


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
