"""Start the processes that train: this one, those that `torchrun` started, or those of Ray Train.

Processes beside the first log nothing, but make a failure known.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import nn

from compatkit.record import EpochRecord
from compatkit.safe_text import without_password
from compatkit.training.data import DataSplit
from compatkit.training.ending import end_run, failure_of, is_consequence, pass_over_termination
from compatkit.training.errors import ConfigError
from compatkit.training.protocol import Trainer
from compatkit.training.tracking import RunTracker
from compatkit.training.v2.loop.distributed import Processes, is_distributed, joined_processes
from compatkit.training.v2.loop.trainer_v2 import ModelTrainerV2, choose_device
from compatkit.training.v2.settings.config import OrchestratorConfig
from compatkit.training.v2.trainer_choice import run_trainer


@contextmanager
def engine_started(config: OrchestratorConfig) -> Iterator[Processes]:
    """Join the processes that were started with this one, or connect to Ray, whose processes this one only leads."""
    if config.scale.engine != "ray":
        with joined_processes(choose_device(config.runtime.device)) as processes:
            yield processes
        return
    if is_distributed():
        raise ConfigError(
            "torchrun started this process, and scale.engine is 'ray', which starts processes itself.",
            where="OrchestratorConfig, at scale.engine",
            hint="start it without torchrun, or set scale.engine to local",
        )
    # It needs Ray.
    from compatkit.training.v2.on_ray.cluster import connected

    with connected(config):
        yield Processes(0, 1, torch.device("cpu"))


def engine_kept(config: OrchestratorConfig) -> AbstractContextManager[None]:
    """Stay connected to Ray while several trainings run, where they run there: connecting takes seconds."""
    if config.scale.engine != "ray":
        return nullcontext()
    # As above.
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
        # As above.
        from compatkit.training.v2.on_ray.caller import train_on_ray

        assert isinstance(trainer, ModelTrainerV2)  # any other was refused
        return train_on_ray(run, trainer, config, model, data, saved)
    with run.watched(model):
        return run_trainer(trainer, config, model, data, saved)


_PATIENCE = 10.0  # seconds in which the first process, if it lives, ends the run itself; torchrun kills after 30
_POLL = 0.5  # seconds


@contextmanager
def failure_told(processes: Processes, run_id: str, uri: str | None) -> Iterator[None]:
    """Run the block; where an exception leaves it, the run becomes FAILED with the reason as a tag.

    If only another process was lost, the first one says more, unless it is the one that was lost.
    """
    try:
        yield
    except BaseException as error:
        pass_over_termination()
        try:
            _record_failure(error, processes, run_id, uri)
        except Exception as store_error:  # noqa: BLE001  # whatever it is, the first error matters more
            error.add_note(without_password(f"MLflow run {run_id} could not be marked as FAILED: {store_error}"))
        raise


def _record_failure(error: BaseException, processes: Processes, run_id: str, uri: str | None) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    if is_consequence(error):
        deadline = time.monotonic() + _PATIENCE
        while client.get_run(run_id).info.status == "RUNNING":
            if time.monotonic() > deadline:
                end_run(client, run_id, "FAILED", failure=failure_of(error))
                return
            time.sleep(_POLL)
        return
    end_run(client, run_id, "FAILED", failure=f"process {processes.rank} of {processes.size}: {failure_of(error)}")
