"""Ctrl-C as a request: the epoch is finished, kept and logged; a second one interrupts at once."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType

from compatkit.training.v2.loop.callbacks import INTERRUPTED, CallersCallback, Progress

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
