"""A progress bar on a terminal, for runs that last over a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

_WAIT = 1.0  # seconds, before the first sign
_STEP = 0.1  # seconds, between two signs
_WIDTH = 30


class ProgressBar:
    """Tells how many files, or `what` else, are done, on stderr; silent where that is no terminal.

    `clock` returns seconds.
    """

    def __init__(
        self, stream: TextIO | None = None, *, what: str = "files", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._stream = stream or sys.stderr
        self._clock = clock
        self._is_on = self._stream.isatty()
        self._next = clock() + _WAIT
        self._is_shown = False

    def tell(self, done: int, total: int) -> None:
        """Show that `done` of `total` are done, unless that was shown a moment ago. With 0 it begins again."""
        if done == 0:
            self._next = self._clock() + _WAIT
            return
        if not self._is_on or (now := self._clock()) < self._next:
            return
        self._next = now + _STEP
        self._is_shown = True
        filled = _WIDTH * done // max(total, 1)
        self._stream.write(f"\r[{'#' * filled}{'.' * (_WIDTH - filled)}] {done} of {total} {self._what}")
        self._stream.flush()

    def clear(self) -> None:
        """Take the bar away, before anything else is said."""
        if self._is_shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._is_shown = False
