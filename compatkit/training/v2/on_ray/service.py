"""Serve the processes that train: log, call the caller's callbacks and write checkpoints."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

from compatkit.training.errors import lost_processes
from compatkit.training.tracking import RunTracker
from compatkit.training.v2.checkpoints import LAST, write_checkpoint
from compatkit.training.v2.loop.callbacks import CallersCallback, Progress
from compatkit.training.v2.on_ray.mailbox_actor import (
    Began,
    CheckpointKept,
    Ended,
    EpochDone,
    Lost,
    Request,
    Started,
    Traced,
)


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
