"""Share a folder among all workers of a run, and services that start once and end with the run."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest

_started: list[subprocess.Popen[bytes]] = []


def owner() -> int:
    """Return the process that lives as long as the run: of several workers, the one that started them."""
    return os.getppid() if os.environ.get("PYTEST_XDIST_WORKER") else os.getpid()


@contextmanager
def once_a_run(tmp_path_factory: pytest.TempPathFactory, lock: str = "lock") -> Iterator[Path]:
    """Give a folder that all workers share, to one at a time: of those who name the same lock."""
    import fcntl  # what needs no extra is tested on systems without it

    own = tmp_path_factory.getbasetemp()
    shared = own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own
    with (shared / lock).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield shared


def service(tmp_path_factory: pytest.TempPathFactory, made_by: str, *arguments: str) -> str:
    """Return the text that a context manager (`module:function`) gives, entered once a run, in a process of its own.

    That process leaves it when the run is gone, also where it is killed.
    """
    with once_a_run(tmp_path_factory) as shared:
        given = shared / made_by.rpartition(":")[2]
        if not given.exists():
            command = [sys.executable, "-m", "tests.once", str(owner()), str(given), made_by, *arguments]
            with (shared / f"{given.name}.log").open("wb") as log:
                # A session of its own: an interrupt of the run must not end it before what it keeps.
                process = subprocess.Popen(
                    command,
                    cwd=Path(__file__).parents[1],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            _started.append(process)  # nobody waits for it
            while not given.exists():
                assert process.poll() is None, (shared / f"{given.name}.log").read_text()
                time.sleep(0.05)
    return given.read_text(encoding="utf-8")


def keep(run: int, given: Path, made_by: str, *arguments: str) -> None:
    """Enter a context manager, write down what it gives, and leave it when the process `run` has ended."""
    ended = os.pidfd_open(run)
    module, _, name = made_by.partition(":")
    with getattr(import_module(module), name)(*arguments) as text:
        whole = given.with_suffix(".new")
        whole.write_text(text, encoding="utf-8")
        whole.rename(given)  # only now is it found
        select.select([ended], [], [])


if __name__ == "__main__":
    keep(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
