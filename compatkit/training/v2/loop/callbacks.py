"""Call what runs after each epoch of a v2 training: early stopping, interruption by Ctrl-C, the caller's own."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from compatkit.record import EpochMetrics
from compatkit.training.v2.loop.optimizers import Precision, Scheduler
from compatkit.training.v2.settings.sections import EarlyStoppingConfig, is_better

INTERRUPTED = "interrupted"


@dataclass(slots=True, kw_only=True)
class Progress:
    """The progress of a training. Callbacks read it; of its attributes they set `stop` only.

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
    """The state of a training, in a process that trains.

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


class EarlyStopping(Callback):
    """Ends the training after `patience` epochs without an improvement; restores the best weights on request."""

    is_everywhere = True  # every process has the same metrics, and weights to restore

    def __init__(self, config: EarlyStoppingConfig) -> None:
        self._config = config
        self._best: float | None = None
        self._waited = 0  # epochs
        self._weights: dict[str, Tensor] = {}

    def on_epoch(self, state: TrainingState) -> None:
        config, value = self._config, float(getattr(state.history[-1], self._config.metric))
        if is_better(config.metric, value, self._best, by=config.min_delta):
            self._best, self._waited = value, 0
            if config.restore_best:
                self._weights = {name: weight.detach().clone() for name, weight in state.model.state_dict().items()}
            return
        self._waited += 1
        if config.patience is not None and self._waited >= config.patience:
            state.stop = state.stop or f"{config.metric} did not improve for {self._waited} epochs"

    def on_end(self, state: TrainingState) -> None:
        if self._weights:
            state.model.load_state_dict(self._weights)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self._best, "waited": self._waited, "weights": self._weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._best, self._waited, self._weights = state["best"], state["waited"], dict(state["weights"])


# torchrun passes a SIGINT on that the terminal has sent to its processes too: within this time, two are one.
_SAME = 1.0  # seconds


class Interruption(CallersCallback):
    """Ends the training with the epoch in which SIGINT arrives. Use it in the main thread; `tell` is then called."""

    is_everywhere = True  # each process has a signal handler of its own

    def __init__(self, tell: Callable[[], object] = lambda: None) -> None:
        self._tell = tell
        self._asked: float | None = None  # seconds, of the monotonic clock
        self.is_asked = False
        self._before: object = None

    def on_start(self, state: Progress) -> None:  # noqa: ARG002
        self._before = signal.signal(signal.SIGINT, self._ask)

    def on_epoch(self, state: Progress) -> None:
        if self.is_asked:
            state.stop = state.stop or INTERRUPTED

    def on_end(self, state: Progress) -> None:
        self.is_asked = self.is_asked or state.stop == INTERRUPTED  # another process was asked

    def close(self) -> None:
        """Let SIGINT do again what it did."""
        if callable(self._before) or isinstance(self._before, int):
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._asked is None:
            self._asked, self.is_asked = now, True
            self._tell()
        elif now - self._asked > _SAME:
            self.close()
            signal.raise_signal(signal.SIGINT)
