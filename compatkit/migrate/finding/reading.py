"""Reading the files of a tree, whatever they turn out to be, and asking one question of all of them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence

from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.finding.forks import which
from compatkit.rewrite import Failed, Outcome, Skipped

# A larger document is data, not configuration; a Python source may have any size.
_MAX_DOCUMENT = 16 * 1024 * 1024


def sift(
    files: Sequence[FoundFile],
    is_wanted: Callable[[bytes, FoundFile], bool],
    *,
    processes: int,
    tell: Callable[[int], None] | None = None,
) -> list[int]:
    """Return the numbers of the files whose bytes are wanted, or cannot be read; `tell` hears how many were seen."""

    def asks_of(number: int) -> bool:
        file = files[number]
        source = read_file(file.name, is_data=file.is_data)
        return not isinstance(source, bytes) or is_wanted(source, file)

    return which(len(files), asks_of, processes=processes, tell=tell)


def read_file(name: str, *, is_data: bool) -> bytes | Outcome:
    """Return a file's bytes, or what became of it. Nothing is awaited: a pipe without a writer stops no run."""
    try:
        return _read(name, limit=_MAX_DOCUMENT if is_data else None)
    except OSError as error:
        return Failed(f"The file cannot be read: {error.strerror}", hint="check its permissions", code="CK904")


def size_of(name: str) -> int:
    """Return a file's size in bytes, 0 where it cannot be told."""
    try:
        return os.stat(name).st_size  # noqa: PTH116 - see find.py
    except OSError:
        return 0


def _read(name: str, *, limit: int | None) -> bytes | Outcome:
    handle = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            hint = "give a file, or a folder of files"
            return Failed("The file cannot be read: it is a device, a pipe or a socket", hint=hint, code="CK904")
        if limit is not None and status.st_size > limit:
            return Skipped(f"it is larger than {limit // 2**20} MB, which no configuration is")
        parts = []
        # One byte more than there should be, so that the end is seen in the same call.
        while part := os.read(handle, max(status.st_size + 1, 2**16)):
            parts.append(part)
            if len(part) == status.st_size:
                break
        return b"".join(parts)
    finally:
        os.close(handle)
