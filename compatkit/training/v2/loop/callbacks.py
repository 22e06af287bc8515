"""Call what runs after each epoch of a v2 training, and define the state that it sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from compatkit.record import EpochMetrics
from compatkit.training.v2.loop.precision import Precision
from compatkit.training.v2.loop.schedulers import Scheduler

INTERRUPTED = "interrupted"


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far a training is. Callbacks read it; of its attributes they set `stop` only.

    Attributes:
        epochs: epochs that were asked for.
        history: the metrics of the epochs that are done, from the first.
        stop: why the training ends with this epoch; empty: it goes on.
        has_diverged: whether the training loss is no number any more.
    """

    epochs: int
    history: list[EpochMetrics] = field(default_factory=list)
    stop: str = ""
    has_diverged: bool = False

    @property
    def epoch(self) -> int:
        """Number of the last epoch that is done; 0 before the first."""
        return self.history[-1].epoch if self.history else 0

    @property
    def is_done(self) -> bool:
        return bool(self.stop) or self.epoch >= self.epochs


@dataclass(slots=True, kw_only=True)
class TrainingState(Progress):
    """Where a training is, in a process that trains.

    Attributes:
        model: what is trained, with the weights of the moment.
    """

    model: nn.Module
    optimizer: Optimizer
    scheduler: Scheduler
    precision: Precision
    callbacks: tuple[Callback, ...]

    def capture(self) -> dict[str, Any]:
        """Return all that a continuation needs to be bitwise equal: tensors and plain values."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "precision": self.precision.state_dict(),
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state() if self.precision.device.type == "cuda" else None,
            "history": [record.to_dict() for record in self.history],
            # Who was interrupted goes on when resumed; who stopped for another reason has stopped.
            "stop": "" if self.stop == INTERRUPTED else self.stop,
            "callbacks": {name: kept for name, callback in self._named() if (kept := callback.state_dict())},
        }

    def restore(self, captured: Mapping[str, Any]) -> None:
        """Go on where `captured` was taken."""
        self.model.load_state_dict(captured["model"])
        self.optimizer.load_state_dict(captured["optimizer"])
        self.scheduler.load_state_dict(captured["scheduler"])
        self.precision.load_state_dict(captured["precision"])
        torch.set_rng_state(captured["random"])
        if captured["random_cuda"] is not None:
            torch.cuda.set_rng_state(captured["random_cuda"])
        self.history = [EpochMetrics(**record) for record in captured["history"]]
        self.stop = captured["stop"]
        for name, callback in self._named():
            if name in captured["callbacks"]:
                callback.load_state_dict(captured["callbacks"][name])

    def _named(self) -> Iterator[tuple[str, Callback]]:
        """Yield callbacks by the name of their class, a second one of it numbered: so others may come and go."""
        seen: Counter[str] = Counter()
        for callback in self.callbacks:
            name = type(callback).__qualname__
            seen[name] += 1
            yield (name if seen[name] == 1 else f"{name}#{seen[name]}"), callback


class Callback:
    """Does nothing. Derive from it, and override what you need; random numbers drawn here do not shift the training.

    Where several processes train together, only the first calls it, unless `is_everywhere`; `state.stop` ends them all.
    """

    is_everywhere = False

    def on_start(self, state: TrainingState) -> None:
        """Called before the first epoch; after a resumption, before the next one."""

    def on_epoch(self, state: TrainingState) -> None:
        """Called after each epoch; `state.history[-1]` is its metrics."""

    def on_end(self, state: TrainingState) -> None:
        """Called after the last epoch; not if an exception ended the training."""

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of this callback: tensors and plain values."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken."""


class CallersCallback(Callback):
    """A callback of the process that called `train_model`, whichever processes train: it sees how far they are.

    With `scale.engine` "ray", every other callback goes to the first of them by pickle, and what it keeps stays there.
    An epoch that is trained again, because a process was lost, is told once.
    """

    def on_start(self, state: Progress) -> None:
        """Called before the first epoch; after a resumption, before the next one."""

    def on_epoch(self, state: Progress) -> None:
        """Called after each epoch; `state.history[-1]` is its metrics."""

    def on_end(self, state: Progress) -> None:
        """Called after the last epoch; not if an exception ended the training."""
