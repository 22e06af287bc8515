"""SIGTERM as an error: what ends a training from outside leaves a run that says so."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from compatkit.training.errors import LostProcessError


@contextmanager
def termination_raised() -> Iterator[None]:
    """Run the block with SIGTERM as `LostProcessError`, in the main thread, where nobody else handles it."""
    if not _is_main() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def termination_kept() -> Iterator[None]:
    """Run the block, in which Ray takes SIGTERM for itself, and give it back to whoever had it."""
    if not _is_main():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def pass_over_termination() -> None:
    """Pass SIGTERM over from here on, until `termination_raised` ends: the training is ending, and its run with it."""
    if _is_main() and signal.getsignal(signal.SIGTERM) is _raise:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()


def _raise(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise LostProcessError.terminated()
