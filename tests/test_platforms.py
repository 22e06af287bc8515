"""Locks, process groups and forks work on this system, and on one that lacks what Windows and macOS lack."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compatkit import platforms

HOLD = """
import sys
from compatkit.platforms import lock_file
file = open(sys.argv[1], "ab")
print(lock_file(file), flush=True)
sys.stdin.read()
"""
# What starts with a child of its own, tells its number, and waits.
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
# What runs a command that tells the number of its process in a file.
RUNS = """
import os, sys
from pathlib import Path
from compatkit.equivalence.commands.process import Launch, run_commands
sleeps = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
launch = Launch("before", (sys.executable, "-c", sleeps), Path(), os.environ, Path(sys.argv[1]))
run_commands([launch], timeout=600, slots=1)
"""
ABSENT = ("fcntl", "termios", "resource", "grp", "pwd", "posix")


def test_lock_is_one_processes_until_it_ends(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, file], stdin=-1, stdout=-1, text=True)
    assert holder.stdout
    assert holder.stdout.readline() == "True\n"

    with file.open("ab") as mine:
        while_held = platforms.lock_file(mine)
        holder.kill()
        holder.communicate()

        assert (while_held, platforms.lock_file(mine)) == (False, True)


def test_second_waits_and_says_so_once(tmp_path: Path) -> None:
    order: list[str] = []
    inside = threading.Event()

    def first() -> None:
        with platforms.only_one(str(tmp_path)):
            inside.set()
            time.sleep(0.3)
            order.append("first")

    other = threading.Thread(target=first)
    other.start()
    inside.wait()
    with platforms.only_one(str(tmp_path), say=lambda: order.append("waits")):
        order.append("second")
    other.join()

    assert order == ["waits", "first", "second"]


def test_without_a_folder_for_locks_the_block_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))

    with platforms.only_one("x"):
        (tmp_path / "done").touch()

    assert (tmp_path / "done").exists()


def test_group_ends_with_its_children() -> None:
    process = subprocess.Popen([sys.executable, "-c", PARENT], stdout=-1, **platforms.group_of_its_own())
    assert process.stdout
    child = int(process.stdout.readline())

    platforms.end_group(process)
    process.communicate()

    assert has_ended(child)


def has_ended(number: int) -> bool:
    for _ in range(500):
        try:
            if Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take away what Windows lacks, as far as this system can be made to lack it."""
    monkeypatch.setitem(sys.modules, "fcntl", None)
    for name in ("fork", "killpg", "getuid", "listxattr", "setsid"):
        monkeypatch.delattr(os, name)
    monkeypatch.delattr(signal, "SIGHUP")
    importlib.reload(platforms)
    yield
    monkeypatch.undo()
    importlib.reload(platforms)


@pytest.mark.usefixtures("without")
def test_system_without_these_calls_still_locks_ends_and_copies(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], **platforms.group_of_its_own())
    (tmp_path / "a").touch()

    with platforms.only_one(str(tmp_path)), (tmp_path / "a").open("ab") as file:
        is_locked = platforms.lock_file(file)
    platforms.copy_attributes(tmp_path / "a", tmp_path / "a")
    platforms.ask_group(process)

    assert process.wait(30) != 0
    platforms.end_group(process)
    assert (is_locked, platforms.can_fork()) == (True, False)
    assert platforms.ENDING_SIGNALS == (signal.SIGTERM,)


class Msvcrt:
    """The part of Windows' module that is used, over what this system has: one byte, which one file has at a time."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        self.held: set[int] = set()

    def locking(self, number: int, mode: int, count: int) -> None:
        assert (mode, count) == (self.LK_NBLCK, 1)
        place = os.fstat(number).st_ino, os.lseek(number, 0, os.SEEK_CUR)
        if hash(place) in self.held:
            raise PermissionError(13, "Permission denied")
        self.held.add(hash(place))


@pytest.mark.usefixtures("without")
def test_windows_way_of_locking_keeps_the_place_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platforms, "msvcrt", Msvcrt())
    (tmp_path / "a").write_text("abc")

    with (tmp_path / "a").open("r+b") as one, (tmp_path / "a").open("r+b") as other:
        one.seek(2)
        answers = platforms.lock_file(one), platforms.lock_file(other)

        assert answers == (True, False)
        assert one.read() == b"c"


@pytest.mark.slow("imports every module anew")
def test_every_module_imports_where_these_are_absent() -> None:
    code = f"""
import importlib, os, pkgutil, signal, sys
for name in {ABSENT[:-1]!r}:
    sys.modules[name] = None
for name in ("fork", "killpg", "getuid", "setsid", "sched_getaffinity"):
    delattr(os, name)
for name in ("SIGHUP", "SIGKILL"):
    delattr(signal, name)
import compatkit
for part in ("cli", "migrate", "migration", "record", "shim", "rewrite", "report", "authoring"):
    package = importlib.import_module("compatkit." + part)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
import compatkit.equivalence.commands.process, compatkit.equivalence.commands.worktree
print("all")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("all\n", "")


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no process groups")
def test_commands_end_with_a_process_that_is_killed(tmp_path: Path) -> None:
    output = tmp_path / "output"
    runner = subprocess.Popen([sys.executable, "-c", RUNS, output])
    end = time.monotonic() + 30
    while (not output.exists() or not output.read_text()) and time.monotonic() < end:
        time.sleep(0.02)

    runner.kill()
    runner.wait()

    assert has_ended(int(output.read_text()))
