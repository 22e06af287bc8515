"""Make temporary folders that the next start removes if the process that made them was killed.

Beside each lies a file that its process holds locked for as long as it works there: no process number can tell that,
since these are used again. What is kept for its user has no such file any more.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from compatkit.platforms import can_lock, lock_file

_LOCK = ".lock"


@contextmanager
def temporary_folder(prefix: str, *, clear: Callable[[Path], object] = lambda _: None) -> Iterator[Path]:
    """Give a new folder, which stays where the block ends, and take away those that killed processes left.

    `clear` is called with each of these before it goes.
    """
    _remove_left_over(prefix, clear)
    while True:
        handle, name = tempfile.mkstemp(prefix=prefix, suffix=_LOCK)
        with os.fdopen(handle, "wb") as file:
            # Another process may have found the file before it was locked, and taken it for one that is left.
            if not lock_file(file) or not os.path.lexists(name):
                continue
            folder = Path(name.removesuffix(_LOCK)).resolve()
            folder.mkdir(mode=0o700)
            try:
                yield folder
            finally:
                Path(name).unlink(missing_ok=True)
            return


def _remove_left_over(prefix: str, clear: Callable[[Path], object]) -> None:
    if not can_lock():
        return
    for lock in Path(tempfile.gettempdir()).glob(f"{prefix}*{_LOCK}"):
        folder = lock.with_name(lock.name.removesuffix(_LOCK))
        # Whatever cannot be taken away now is left to another start.
        with suppress(OSError):
            if _is_own(lock) and (not os.path.lexists(folder) or _is_own(folder)):
                with lock.open("rb+") as file:
                    if lock_file(file):
                        if folder.is_dir():
                            clear(folder)
                            shutil.rmtree(folder, ignore_errors=True)
                        lock.unlink()


def _is_own(path: Path) -> bool:
    """Tell whether this user made it, and it is no link: anybody may write to the folder for temporary files."""
    return not path.is_symlink() and (not hasattr(os, "getuid") or path.lstat().st_uid == os.getuid())
