"""End a run with its status and the reason of a failure, SIGTERM included."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from compatkit.safe_text import made_encodable, without_password
from compatkit.training.errors import LostProcessError
from compatkit.training.server import require_server

if TYPE_CHECKING:
    from mlflow import MlflowClient


FAILURE_TAG = "stack.failure"
_LONGEST_TAG = 5000  # characters; SQLite's store cuts at 8,000, others earlier


def end_run(client: MlflowClient, run_id: str, status: str, *, failure: str = "") -> None:
    """Give the run its last status, and the reason of a failure as a tag. Raises what the server answers."""
    require_server(client.tracking_uri)
    if failure:
        client.set_tag(run_id, *failure_tag(failure))
    client.set_terminated(run_id, status)


def failure_tag(failure: str) -> tuple[str, str]:
    """Return the tag that says why a run failed, in a text that every store takes: what failed may name any file."""
    return FAILURE_TAG, made_encodable(failure)[:_LONGEST_TAG]


def failure_of(error: BaseException) -> str:
    """Return why a training failed, in a sentence, without the password of a store."""
    return without_password(getattr(error, "what", "") or f"{type(error).__name__}: {error}".removesuffix(": "))


def is_consequence(error: BaseException) -> bool:
    """Tell whether `error` only follows from a failure that another process may already have reported."""
    return isinstance(error, LostProcessError)


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
    """Ignore SIGTERM from here on, until `termination_raised` ends: the training is ending, and its run with it."""
    if _is_main() and signal.getsignal(signal.SIGTERM) is _raise:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()


def _raise(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise LostProcessError(
        "The training was asked to end (SIGTERM), as torchrun asks when another process has ended.",
        hint="resume from the last checkpoint with --resume, where there is one",
    )
