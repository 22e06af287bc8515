"""Run, end and time commands as processes, while this process imports MLflow."""

from __future__ import annotations

import importlib
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from types import FrameType

from compatkit.equivalence.errors import CommandError, tail_of, where_to_look
from compatkit.platforms import ENDING_SIGNALS, GroupWatch, ask_group, end_group, group_of_its_own

# The second is what MLflow imports when it opens a store that is a database.
_NEEDED = ("mlflow", "mlflow.store.tracking.sqlalchemy_store")
_PATIENCE = 0.3  # seconds: of commands that fail at once, nothing is read, and their error must not wait for an import


@contextmanager
def mlflow_is_imported() -> Iterator[None]:
    """Import what reading needs in another thread; where the block ends well, it is there at the end.

    In another thread, because an interrupt in the middle of an import ends the process by the signal: CPython marks
    one that passes through `exec` as unhandled. Interrupts come to the main thread. Not in a daemon: one that is
    stopped inside an extension module may abort the process.
    """
    if all(name in sys.modules for name in _NEEDED):
        yield
        return
    timer = Timer(_PATIENCE, _import)
    timer.start()
    try:
        yield
    except BaseException:
        timer.cancel()
        raise
    timer.join()


def _import() -> None:
    # Whatever keeps it from being imported is told where it is needed.
    with suppress(Exception):
        for name in _NEEDED:
            importlib.import_module(name)


_LOOK = 0.02  # seconds, between two looks at the processes
_GRACE = 3.0  # seconds, from asking a command to end until it is killed


@dataclass(frozen=True, slots=True)
class Launch:
    """All that starting one side takes: `environment` is whole, `output` gets stdout and stderr.

    `delay` is in seconds from the start of the first.
    """

    side: str
    argv: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    output: Path
    delay: float = 0.0


def run_commands(launches: Sequence[Launch], *, timeout: float, slots: int) -> None:
    """Run every command to its end, at most `slots` at once.

    Raises `CommandError` for the first that fails, cannot be started, or runs longer than `timeout` seconds. However
    this ends, no process of theirs is left.
    """
    waiting, running, began = list(launches), list[_Running](), time.monotonic()
    watch = GroupWatch()
    try:
        while waiting or running:
            while waiting and len(running) < slots and time.monotonic() >= began + waiting[0].delay:
                running.append(_Running(waiting.pop(0), timeout))
                watch.tell(one.group for one in running)
            if len(still := [one for one in running if not one.has_ended()]) < len(running):
                running = still
                watch.tell(one.group for one in running)
            if running or waiting:
                time.sleep(_LOOK)
    finally:
        try:
            _end(running)
        finally:
            watch.close()


class _Running:
    def __init__(self, launch: Launch, timeout: float) -> None:
        self._launch = launch
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        try:
            with launch.output.open("wb") as output:
                # A session of its own: Ctrl-C reaches this process alone, which then ends all of the group.
                self._process = subprocess.Popen(
                    launch.argv,
                    cwd=launch.folder,
                    env=dict(launch.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    **group_of_its_own(),
                )
        except (OSError, ValueError) as error:
            raise CommandError.not_started(launch.side, launch.argv, _reason(error)) from error

    @property
    def group(self) -> int:
        return self._process.pid

    def has_ended(self) -> bool:
        """Raise `CommandError` where it ended badly or has run too long."""
        launch = self._launch
        if self._process.poll() is None:
            if time.monotonic() < self._deadline:
                return False
            self.ask()
            self.kill(time.monotonic() + _GRACE)
            ran = f"`{shlex.join(launch.argv)}` was ended after {self._timeout:g} s"
            raise CommandError(
                f"{launch.side}: {ran}.{tail_of(launch.output)}",
                where=where_to_look(launch.side, launch.output),
                hint="give it more time with --timeout, or look where it hangs",
            )
        # What it left behind in the background could go on logging.
        end_group(self._process)
        if self._process.returncode:
            raise CommandError.failed(launch.side, launch.argv, self._process.returncode, launch.output)
        return True

    def ask(self) -> None:
        ask_group(self._process)

    def kill(self, deadline: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(deadline - time.monotonic(), 0))
        # The group goes on after its leader: this also ends children that the leader did not wait for.
        end_group(self._process)
        self._process.wait()


def _end(running: Sequence[_Running]) -> None:
    for one in running:
        one.ask()
    deadline = time.monotonic() + _GRACE
    try:
        for one in running:
            one.kill(deadline)
    except KeyboardInterrupt:
        # Asked twice: no more grace.
        for one in running:
            one.kill(0)
        raise


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Have SIGTERM and SIGHUP end the block as Ctrl-C does, so that it cleans up: CI cancels a job with SIGTERM."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, interrupt) for number in ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such program, or no such folder to run it in"
    return str(getattr(error, "strerror", None) or error)
