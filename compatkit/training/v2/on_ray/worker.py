"""Train one part in a process that Ray started; the first process reports its progress to the caller."""

from __future__ import annotations

import copy
import io
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from compatkit.record import EpochRecord
from compatkit.trace import environment_tags, watch
from compatkit.trace.watch import VARIABLE as TRACED
from compatkit.training.data import DataSplit
from compatkit.training.determinism import torch_threads
from compatkit.training.v2.checkpoints import Checkpointer, checkpoint_bytes, load_checkpoint
from compatkit.training.v2.loop.callbacks import Callback, TrainingState
from compatkit.training.v2.loop.distributed import Processes, joined_processes
from compatkit.training.v2.loop.trainer_v2 import ModelTrainerV2, choose_device
from compatkit.training.v2.on_ray.mailbox_actor import Began, CheckpointKept, Ended, EpochDone, Mailbox, Started, Traced
from compatkit.training.v2.settings.config import OrchestratorConfig
from compatkit.training.v2.trainer_choice import run_trainer

if TYPE_CHECKING:
    from ray import ObjectRef


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """All that a process needs; pickled. `saved` is a state to go on from, `trace` what COMPATKIT_TRACE is set to."""

    config: OrchestratorConfig
    trainer: ModelTrainerV2
    keeper: Checkpointer | None
    model: nn.Module
    data: DataSplit
    saved: Mapping[str, Any] | None
    trace: str


@dataclass(frozen=True, slots=True)
class PartTrained:
    """The result of a trained part: the history, and the weights."""

    history: list[EpochRecord]
    weights: dict[str, Tensor]


def train_part(mailbox: Mailbox, job_ref: ObjectRef[TrainingJob]) -> PartTrained | None:
    """Train along with the others; return what was trained, in the first process."""
    import ray

    job = ray.get(job_ref)
    os.environ[TRACED] = job.trace
    with joined_processes(choose_device(job.config.runtime.device)) as processes:
        kept = processes.broadcast(_begin(mailbox, job.config) if processes.is_first else None)
        saved = job.saved if kept is None else load_checkpoint(io.BytesIO(kept))["state"]
        with _watched(job.model, mailbox, processes):
            history = run_trainer(_equipped(job, mailbox), job.config, job.model, job.data, saved)
    return PartTrained(history, job.model.state_dict()) if processes.is_first else None


def _begin(mailbox: Mailbox, config: OrchestratorConfig) -> bytes | None:
    with torch_threads(config.runtime.threads):
        kept: bytes | None = mailbox.ask(Began(environment_tags()))
    return kept


def _watched(model: nn.Module, mailbox: Mailbox, processes: Processes) -> AbstractContextManager[object]:
    return watch(model, to=lambda text: mailbox.ask(Traced(text))) if processes.is_first else nullcontext()


def _equipped(job: TrainingJob, mailbox: Mailbox) -> ModelTrainerV2:
    trainer = copy.copy(job.trainer)
    trainer.config = job.config
    trainer.callbacks = (*trainer.callbacks, _ProgressReporter(mailbox))
    if job.keeper is not None:

        def save(path: Path, content: Mapping[str, Any]) -> None:
            mailbox.ask(CheckpointKept(str(path), checkpoint_bytes(content)))

        trainer.callbacks = (*trainer.callbacks, job.keeper.saving_by(save))
    return trainer


class _ProgressReporter(Callback):
    """Reports each epoch to the caller, and ends the training if the caller asks for it."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def on_start(self, state: TrainingState) -> None:
        state.stop = self._mailbox.ask(Started(state.epochs, tuple(state.history), state.stop))

    def on_epoch(self, state: TrainingState) -> None:
        state.stop = self._mailbox.ask(EpochDone(state.history[-1], state.stop, state.has_diverged))

    def on_end(self, state: TrainingState) -> None:
        self._mailbox.ask(Ended(state.stop))
