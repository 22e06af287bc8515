"""Run a training on Ray from the caller's side: send the job, answer requests, and receive the result.

The caller logs, calls its callbacks and writes checkpoints for the processes that train.
"""

from __future__ import annotations

import copy
import os
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from compatkit.record import EpochRecord
from compatkit.trace.watch import VARIABLE as TRACED
from compatkit.training.data import DataSplit
from compatkit.training.errors import ClusterError, lost_processes
from compatkit.training.tracking import RunTracker
from compatkit.training.v2.checkpoints import LAST, Checkpointer, write_checkpoint
from compatkit.training.v2.loop.callbacks import CallersCallback, Progress
from compatkit.training.v2.loop.trainer_v2 import ModelTrainerV2
from compatkit.training.v2.on_ray.cluster import FIT_THREAD, needs_of, shortage_of
from compatkit.training.v2.on_ray.controller import callers_callback, cause_of
from compatkit.training.v2.on_ray.mailbox_actor import (
    Began,
    CheckpointKept,
    Ended,
    EpochDone,
    Lost,
    Mailbox,
    Request,
    Started,
    Traced,
    open_mailbox,
)
from compatkit.training.v2.on_ray.worker import PartTrained, TrainingJob, train_part
from compatkit.training.v2.settings.config import OrchestratorConfig

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.train.torch import TorchTrainer


_POLL = 0.2  # seconds
_ENDING = 30.0  # seconds


def train_on_ray(
    run: RunTracker,
    trainer: ModelTrainerV2,
    config: OrchestratorConfig,
    model: nn.Module,
    data: DataSplit,
    saved: Mapping[str, Any] | None,
) -> list[EpochRecord]:
    """Train `model` in place by processes that Ray starts, and return the history. Use it in the main thread.

    Raises what the training raises in them, `LostProcessError` for one that is gone, and `ClusterError`.
    """
    ours = [callback for callback in trainer.callbacks if isinstance(callback, CallersCallback)]
    job = _job(trainer, config, model, data, saved)
    job_ref = _sent(job)
    with tempfile.TemporaryDirectory(prefix="compatkit-ray-") as folder, closing(open_mailbox()) as mailbox:
        fit = _Fit(_ray_trainer(partial(train_part, mailbox, job_ref), mailbox, job.config, folder))
        fit.start()
        try:
            trained = _serve(fit, mailbox, Service(run, ours), job.config)
        finally:
            # Who still asks gets an error, and ends; so does the controller, and with it the thread.
            mailbox.close()
            fit.join(_ENDING)
    model.load_state_dict(trained.weights)
    return trained.history


def _job(
    trainer: ModelTrainerV2,
    config: OrchestratorConfig,
    model: nn.Module,
    data: DataSplit,
    saved: Mapping[str, Any] | None,
) -> TrainingJob:
    theirs = copy.copy(trainer)
    keepers = [callback for callback in trainer.callbacks if isinstance(callback, Checkpointer)]
    theirs.callbacks = tuple(
        callback for callback in trainer.callbacks if not isinstance(callback, CallersCallback | Checkpointer)
    )
    device = "cuda" if "GPU" in needs_of(config) else "cpu"
    config = config.with_overrides({"runtime.device": device})
    trace = os.environ.get(TRACED, "")
    return TrainingJob(config, theirs, next(iter(keepers), None), model, data, saved, trace)


def _sent(job: TrainingJob) -> ObjectRef[TrainingJob]:
    """Put `job` where every machine of the cluster can take it from."""
    import ray

    try:
        return ray.put(job)
    except Exception as error:  # pickle raises what the objects raise
        raise ClusterError(
            f"The training cannot be sent to other processes: {error}",
            where="its trainer, model and callbacks",
            hint="let them hold nothing that pickle refuses, or derive the callback from CallersCallback",
        ) from error


def _ray_trainer(
    part: Callable[[], PartTrained | None], mailbox: Mailbox, config: OrchestratorConfig, folder: str
) -> TorchTrainer:
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer

    scale = config.scale
    return TorchTrainer(
        part,
        scaling_config=ScalingConfig(
            num_workers=scale.processes,
            use_gpu=config.runtime.device == "cuda",
            resources_per_worker=needs_of(config),
        ),
        run_config=RunConfig(
            storage_path=folder,  # for Ray's own notes: nothing of the training comes there
            failure_config=FailureConfig(max_failures=scale.restarts),
            callbacks=[callers_callback(mailbox)],
        ),
    )


class _Fit(threading.Thread):
    """Ray's part of a training, in a thread: the main thread answers, and gets the signals."""

    def __init__(self, trainer: TorchTrainer) -> None:
        super().__init__(name=FIT_THREAD, daemon=True)
        self._trainer = trainer
        self.returned: PartTrained | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.returned = self._trainer.fit().return_value
        except BaseException as error:  # noqa: BLE001  # the outermost call of a thread; raised by the caller
            self.error = error


def _serve(fit: _Fit, mailbox: Mailbox, service: Service, config: OrchestratorConfig) -> PartTrained:
    scale = config.scale
    waiting_since = time.monotonic()
    while fit.is_alive():
        if (taken := mailbox.take(_POLL)) is not None:
            number, request = taken
            mailbox.answer(number, service.answer(request))
        if not service.is_waiting:
            waiting_since = time.monotonic()
        elif time.monotonic() - waiting_since > scale.patience_seconds:
            raise shortage_of(config, by_free=True) or ClusterError.not_started(scale.patience_seconds)
    if fit.error is not None:
        raise cause_of(fit.error) from fit.error
    assert fit.returned is not None
    return fit.returned


class Service:
    """Answers one training's requests, through all its restarts."""

    def __init__(self, run: RunTracker, callbacks: Sequence[CallersCallback]) -> None:
        self._run = run
        self._callbacks = callbacks
        self._progress: Progress | None = None
        self._told: dict[int, str] = {}  # what was answered to each epoch
        self._last: bytes | None = None  # the last checkpoint
        self._lost: dict[int, str] = {}
        self.is_waiting = True  # for processes that Ray is to start

    def answer(self, request: Request) -> object:
        """Do what is asked, and return the answer."""
        match request:
            case Began(environment):
                self._begin(environment)
                return self._last
            case Started():
                return self._start(request)
            case EpochDone(record):
                return self._told[record.epoch] if record.epoch in self._told else self._go_on(request)
            case Ended(stop):
                self._end(stop)
            case CheckpointKept(path, content):
                write_checkpoint(Path(path), content)
                self._last = content if Path(path).name == LAST else self._last
            case Traced(text):
                self._run.log_trace(text)
            case Lost(reasons):
                self._lost, self.is_waiting = reasons, True
        return None

    def _begin(self, environment: dict[str, str]) -> None:
        self.is_waiting = False
        self._run.set_tags(environment)
        if self._lost:
            error = lost_processes(self._lost)
            warnings.warn(f"{error.what} All were started again. ({error.where})", stacklevel=2)
            self._lost = {}

    def _start(self, request: Started) -> str:
        if self._progress is not None:
            # Started again: epochs after the last checkpoint are trained again, and were told already.
            return self._told.get(request.history[-1].epoch, "") if request.history else ""
        self._progress = Progress(epochs=request.epochs, history=list(request.history), stop=request.stop)
        for callback in self._callbacks:
            callback.on_start(self._progress)
        return self._progress.stop

    def _go_on(self, done: EpochDone) -> str:
        assert self._progress is not None
        self._progress.history.append(done.record)
        self._progress.stop, self._progress.has_diverged = done.stop, done.has_diverged
        for callback in self._callbacks:
            callback.on_epoch(self._progress)
        self._told[done.record.epoch] = self._progress.stop
        return self._progress.stop

    def _end(self, stop: str) -> None:
        assert self._progress is not None
        self._progress.stop = stop
        for callback in self._callbacks:
            callback.on_end(self._progress)
