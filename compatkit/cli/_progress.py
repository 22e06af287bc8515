"""A progress bar on a terminal, for runs that last over a second."""

from __future__ import annotations

import sys
import time

_WAIT = 1.0  # seconds, before the first sign
_STEP = 0.1  # seconds, between two signs
_WIDTH = 30


class ProgressBar:
    """Tells how many files are done, on stderr; silent where that is no terminal."""

    def __init__(self) -> None:
        self._is_on = sys.stderr.isatty()
        self._next = time.monotonic() + _WAIT
        self._is_shown = False

    def tell(self, done: int, total: int) -> None:
        """Show that `done` of `total` files are done, unless that was shown a moment ago."""
        if not self._is_on or (now := time.monotonic()) < self._next:
            return
        self._next = now + _STEP
        self._is_shown = True
        filled = _WIDTH * done // max(total, 1)
        sys.stderr.write(f"\r[{'#' * filled}{'.' * (_WIDTH - filled)}] {done} of {total} files")
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the bar away, before anything else is said."""
        if self._is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._is_shown = False
