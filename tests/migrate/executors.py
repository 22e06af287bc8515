"""Executors that tests name by `--executor`."""

from __future__ import annotations

from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

NOT_ONE = "text"


class Refusing(Executor):
    """Takes work and fails it, as a cluster that has lost its workers does."""

    def submit(self, *_args, **_kwargs):  # type: ignore[no-untyped-def]
        future: Future[object] = Future()
        future.set_exception(OSError("no worker left"))
        return future


def threads() -> Executor:
    return ThreadPoolExecutor(2)


def processes() -> Executor:
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


def unreachable() -> Executor:
    raise OSError("no cluster here")
