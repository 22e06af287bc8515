"""Process the files in this process, in a pool of its own, or in any `concurrent.futures.Executor` that is given."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from compatkit.errors import WrongUse
from compatkit.migrate.job import Job, Task, process_all
from compatkit.platforms import usable_cores
from compatkit.rewrite import Failed, Outcome

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future, ProcessPoolExecutor

_BATCH_FILES = 64
_BATCH_BYTES = 128 * 1024
# Below this, starting other processes costs more than they save.
_ALONE_BYTES = 512 * 1024

# More than Windows can wait for.
_MOST_PROCESSES = 60 if os.name == "nt" else 512

Batch = tuple[Job, ...]
T = TypeVar("T")


class Workers:
    """Takes jobs, and gives back their outcomes in the same order.

    Without an executor, `jobs` processes are used, but no more than there are batches for `files` and the `expected`
    number of bytes; None is as many as there are cores, if that pays.
    """

    def __init__(
        self,
        task: Task,
        *,
        executor: Executor | None = None,
        jobs: int | None = None,
        expected: int = 0,
        files: int = 0,
    ) -> None:
        self._task = task
        self._executor = executor
        self._own: ProcessPoolExecutor | None = None
        wanted = (usable_cores() if expected >= _ALONE_BYTES else 1) if jobs is None else jobs
        self._is_pooled = wanted > 1
        self._count = min(wanted, 1 + files // _BATCH_FILES + expected // _BATCH_BYTES, _MOST_PROCESSES)
        self._waiting_bytes = 0
        self._waiting: list[Job] = []
        self._parts: list[tuple[Batch, Future[tuple[Outcome, ...]] | tuple[Outcome, ...]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._own:
            # After an interrupt, what has not begun is not begun.
            self._own.shutdown(wait=kind is None, cancel_futures=True)

    def submit(self, job: Job) -> None:
        """Take a job; it may be processed at once."""
        self._waiting.append(job)
        self._waiting_bytes += len(job.source)
        if len(self._waiting) >= _BATCH_FILES or self._waiting_bytes >= _BATCH_BYTES:
            self._send()

    def outcomes(self) -> Iterator[Outcome]:
        """Yield one outcome a job, in the order of the jobs."""
        self._send()
        for batch, part in self._parts:
            yield from part if isinstance(part, tuple) else self._await(batch, part)

    def _send(self) -> None:
        if not self._waiting:
            return
        batch = tuple(self._waiting)
        self._waiting, self._waiting_bytes = [], 0
        pool = self._executor or self._own_pool()
        try:
            part = pool.submit(process_all, batch, self._task) if pool else process_all(batch, self._task)
        except RuntimeError:
            # The pool died of an earlier batch; this one may be innocent.
            part = self._recover(batch)
        self._parts.append((batch, part))

    def _own_pool(self) -> ProcessPoolExecutor | None:
        if self._own is None and self._is_pooled:
            self._own = _pool(self._count)
        return self._own

    def _await(self, batch: Batch, future: Future[tuple[Outcome, ...]]) -> tuple[Outcome, ...]:
        # One process needs no pool.
        from concurrent.futures import BrokenExecutor

        try:
            return future.result()
        except BrokenExecutor as error:
            return self._recover(batch) if self._own else tuple(_lost(error) for _ in batch)
        except Exception as error:  # noqa: BLE001 - an executor of the user's can fail in any way
            return tuple(_lost(error) for _ in batch)

    def _recover(self, batch: Batch) -> tuple[Outcome, ...]:
        """Process a batch whose worker died, in a process of its own; then each half, to find which file kills it."""
        outcomes = _in_another_process(lambda pool: pool.submit(process_all, batch, self._task).result())
        if outcomes is not None:
            return outcomes
        if len(batch) > 1:
            middle = len(batch) // 2
            return (*self._recover(batch[:middle]), *self._recover(batch[middle:]))
        failed = Failed(
            "The worker died while it processed this file.",
            hint="there may be too little memory; change this file by hand, and please report it as a bug",
            code="CK908",
        )
        return (failed,)


def load_executor(reference: str) -> Executor:
    """Import `package.module`, from the working directory also, and call `factory`. Raises `WrongUse`."""
    # Few runs name one.
    from concurrent.futures import Executor

    module, separator, name = reference.partition(":")
    if not (module and separator and name):
        raise _unusable(reference, "it is not of the form package.module:function")
    here = str(Path.cwd())
    if here not in sys.path:
        # Appended, so that it hides nothing.
        sys.path.append(here)
    try:
        factory = getattr(import_module(module), name)
        executor = factory if isinstance(factory, Executor) else factory()
    except Exception as error:
        raise _unusable(reference, f"{type(error).__name__}: {error}") from error
    if not isinstance(executor, Executor):
        raise _unusable(reference, f"it is {type(executor).__name__}, not an Executor")
    return executor


def _unusable(reference: str, reason: str) -> WrongUse:
    hint = "name a function that returns a concurrent.futures.Executor, as package.module:function"
    return WrongUse(f"The executor {reference!r} cannot be used: {reason}.", where="--executor", hint=hint)


def _in_another_process(use: Callable[[ProcessPoolExecutor], T]) -> T | None:
    # One process needs no pool.
    from concurrent.futures import BrokenExecutor

    try:
        with _pool(1) as pool:
            return use(pool)
    except BrokenExecutor:
        return None


def _pool(count: int) -> ProcessPoolExecutor:
    # Few runs need another process, and this takes a fifth of the time of a run over 10,000 files that need none.
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_all_start_methods, get_context

    # Forking costs least, but a fork of a process with threads can hang.
    can_fork = "fork" in get_all_start_methods() and threading.active_count() == 1
    return ProcessPoolExecutor(
        count, mp_context=get_context("fork" if can_fork else "spawn"), initializer=_leave_interrupts_to_the_parent
    )


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _lost(error: Exception) -> Failed:
    reason = f"The executor failed: {type(error).__name__}: {error}"
    return Failed(reason, hint="run this again, or without --executor", code="CK908")
