"""Signs of life on a terminal: a bar for runs that last over a second, a line where nothing moves for two."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from compatkit.cli._verbosity import is_quiet

_WAIT = 1.0  # seconds, before the first sign
_STEP = 0.1  # seconds, between two signs
_WIDTH = 30
_QUIET = 2.0  # seconds in which nothing moves, before the time that has passed is shown


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

    def update(self, done: int, total: int) -> None:
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


class QuietLine:
    """Shows what goes on, and for how long, once nothing else was said for two seconds; on a terminal only.

    `clock` returns seconds. Whoever says something else calls `moved` first.
    """

    def __init__(self, text: str, stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._is_on = self._stream.isatty() and not is_quiet()
        self._lock, self._end = threading.Lock(), threading.Event()
        self._is_shown = False
        self._text, self._began, self._last = text, clock(), clock()

    def __enter__(self) -> Self:
        if self._is_on:
            threading.Thread(target=self._watch, daemon=True, name="compatkit quiet line").start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self.moved()

    def moved(self, text: str = "") -> None:
        """Take the line away, and begin to wait again; with a text, that is what goes on from here."""
        with self._lock:
            self._last = self._clock()
            if text:
                self._text, self._began = text, self._last
            if self._is_shown:
                self._stream.write("\r\x1b[K")
                self._stream.flush()
                self._is_shown = False

    def tick(self) -> None:
        """Show the line, if it is time to."""
        with self._lock:
            now = self._clock()
            if not self._is_on or self._end.is_set() or now - self._last < _QUIET:
                return
            minutes, seconds = divmod(int(now - self._began), 60)
            self._stream.write(f"\r\x1b[K{self._text}  {minutes}:{seconds:02d}")
            self._stream.flush()
            self._is_shown = True

    def _watch(self) -> None:
        while not self._end.wait(_QUIET / 4):
            self.tick()
