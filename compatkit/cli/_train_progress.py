"""The live line of `compatkit train`: epoch, loss, accuracy and the time left, on a terminal only."""

from __future__ import annotations

import sys
import time

from compatkit.cli._progress import QuietLine
from compatkit.cli._voice import is_quiet
from compatkit.training.v2.loop.callbacks import CallersCallback, Progress


class LiveLine(CallersCallback):
    """Overwrites one line on stderr after each epoch; silent where that is no terminal."""

    def __init__(self, quiet: QuietLine) -> None:
        self._quiet = quiet
        self._is_on = sys.stderr.isatty() and not is_quiet()
        self._start = time.monotonic()
        self._first = 0  # epochs that were done before this process

    def on_start(self, state: Progress) -> None:
        self._start, self._first = time.monotonic(), state.epoch

    def on_epoch(self, state: Progress) -> None:
        record, done = state.history[-1], state.epoch - self._first
        left = (time.monotonic() - self._start) / done * (state.epochs - state.epoch)  # seconds
        self._show(
            f"epoch {record.epoch}/{state.epochs}  loss {record.train_loss:.4f}  val loss {record.val_loss:.4f}  "
            f"val accuracy {record.val_accuracy:.4f}  {_clock(left)} left"
        )

    def on_end(self, state: Progress) -> None:  # noqa: ARG002
        self._show("")

    def _show(self, text: str) -> None:
        self._quiet.moved(text)
        if self._is_on:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
