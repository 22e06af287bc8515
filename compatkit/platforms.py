"""Calls that not every system has, each with the way that is there instead: locks, process groups, forks, attributes.

Every module imports on Linux, macOS and Windows; tests take `fcntl` and its like away to run the other ways.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess


try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
try:
    import msvcrt
except ImportError:  # not Windows
    msvcrt = None  # type: ignore[assignment]

_POLL = 0.05  # seconds
# Far behind the content: on Windows, nobody can read what is locked.
_LOCKED_BYTE = 1 << 40

# What asks a process to end, and what CI and a closed terminal send. Windows has no SIGHUP; there Ctrl-Break does it.
ENDING_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))


def can_lock() -> bool:
    """Tell whether this system has locks: where it has none, `lock_file` gives everyone the lock."""
    return bool(fcntl or msvcrt)


def lock_file(file: IO[Any]) -> bool:
    """Lock an open file for this process, until it is closed; return False where another one has it."""
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        elif msvcrt:
            _lock_byte(file.fileno())
    except OSError:
        return False
    return True


def _lock_byte(number: int) -> None:
    place = os.lseek(number, 0, os.SEEK_CUR)
    try:
        os.lseek(number, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    finally:
        os.lseek(number, place, os.SEEK_SET)


@contextmanager
def only_one(name: str, *, say: Callable[[], None] | None = None) -> Iterator[None]:
    """Run the block while no other process of this user and machine runs one of this name; `say` that it waits, once.

    Where no lock can be had (a read-only temporary folder, say), the block is run without one.
    """
    file = _lock_of(name)
    if file is None:
        yield
        return
    with file:
        while not lock_file(file):
            if say:
                say()
                say = None
            time.sleep(_POLL)
        yield


def _lock_of(name: str) -> IO[bytes] | None:
    # Each of these costs more than this module, and most who import it need none.
    import hashlib
    import tempfile

    user = str(os.getuid()) if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"compatkit-locks-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if hasattr(os, "getuid") and folder.lstat().st_uid != os.getuid():
            return None
        return (folder / f"{hashlib.sha256(os.fsencode(name)).hexdigest()[:32]}.lock").open("ab")
    except OSError:
        return None


def group_of_its_own() -> dict[str, Any]:
    """Return what `subprocess` needs to start a process whose children end with it: Ctrl-C does not reach them."""
    if hasattr(os, "killpg"):
        return {"start_new_session": True}
    # As above.
    import subprocess

    return {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}


def ask_group(process: subprocess.Popen[Any]) -> None:
    """Ask a process that has a group of its own to end, and its children."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGTERM)
        elif hasattr(signal, "CTRL_BREAK_EVENT"):
            process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            process.terminate()


def end_group(process: subprocess.Popen[Any]) -> None:
    """End a process that has a group of its own, and its children, also those that outlive it."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        elif sys.platform == "win32":
            # As above.
            import subprocess

            command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
            subprocess.run(command, capture_output=True, check=False)
        else:
            process.kill()


_WATCH = 'while read -r line; do groups=$line; done; for group in $groups; do kill -s KILL -- "-$group"; done'


class GroupWatch:
    """A shell that ends the process groups that it was told last, once this process is gone: nothing else can then.

    Where there is no shell, nothing watches.
    """

    def __init__(self) -> None:
        # As above.
        import subprocess

        self._shell: subprocess.Popen[bytes] | None = None
        if hasattr(os, "killpg"):
            null = subprocess.DEVNULL
            with suppress(OSError):
                self._shell = subprocess.Popen(
                    ["/bin/sh", "-c", _WATCH], stdin=subprocess.PIPE, stdout=null, stderr=null, start_new_session=True
                )

    def tell(self, groups: Iterable[int]) -> None:
        """Say which groups run now."""
        if self._shell and self._shell.stdin:
            with suppress(OSError):
                os.write(self._shell.stdin.fileno(), f"{' '.join(map(str, groups))}\n".encode())

    def close(self) -> None:
        """End the shell: a process that was forked meanwhile may hold the other end of the pipe."""
        if self._shell:
            with self._shell:
                self._shell.kill()


def can_fork() -> bool:
    """Tell whether this process may fork: with threads a fork can hang, and system libraries of macOS have some."""
    try:
        return sys.platform == "linux" and hasattr(os, "fork") and len(list(Path("/proc/self/task").iterdir())) == 1
    except OSError:
        return False


def copy_attributes(source: Path, target: Path) -> None:
    """Give `target` the attributes and the access list of `source`. Raises `OSError` where one would be lost."""
    if hasattr(os, "listxattr"):
        for name in os.listxattr(source):
            try:
                os.setxattr(target, name, os.getxattr(source, name))
            except PermissionError:
                # Those of the system, such as a label of SELinux, the system sets.
                if name.startswith(("user.", "system.")):
                    raise
    elif sys.platform == "darwin":
        # As above.
        import ctypes

        everything_but_data = 1 | 4  # COPYFILE_ACL, COPYFILE_XATTR
        if ctypes.CDLL(None).copyfile(os.fsencode(source), os.fsencode(target), None, everything_but_data):
            raise OSError(0, "its attributes cannot be copied", str(target))


def usable_cores() -> int:
    """Return how many cores this process may use, which may be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
