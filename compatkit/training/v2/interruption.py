"""Ctrl-C as a request: the epoch is finished, kept and logged; a second one interrupts at once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

from compatkit.training.v2.callbacks import INTERRUPTED, Callback, TrainingState


class Interruption(Callback):
    """Ends the training with the epoch in which SIGINT arrives. Use it in the main thread; `tell` is then called."""

    def __init__(self, tell: Callable[[], object] = lambda: None) -> None:
        self._tell = tell
        self.is_asked = False
        self._before: object = None

    def on_start(self, state: TrainingState) -> None:  # noqa: ARG002
        self._before = signal.signal(signal.SIGINT, self._ask)

    def on_epoch(self, state: TrainingState) -> None:
        if self.is_asked:
            state.stop = state.stop or INTERRUPTED

    def close(self) -> None:
        """Let SIGINT do again what it did."""
        if callable(self._before) or isinstance(self._before, int):
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.close()
        self.is_asked = True
        self._tell()
