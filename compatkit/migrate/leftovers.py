"""Temporary files that a killed run leaves behind: how they are named, and how the next run removes them."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path

# Between the two stand the number of the process and what makes the name unique.
PREFIX = ".compatkit-"
SUFFIX = ".tmp"
_LEFTOVER = re.compile(rf"{re.escape(PREFIX)}(\d+)-\w+{re.escape(SUFFIX)}")
_OLD = 3600.0  # seconds, more than any file takes to be written
_BEGAN = time.time()


def remove_leftovers(folders: set[Path]) -> None:
    """Remove from these folders what runs that have ended left there."""
    for folder in sorted(folders):
        with suppress(OSError):
            for file in folder.iterdir():
                if (match := _LEFTOVER.fullmatch(file.name)) and _is_abandoned(file, int(match[1])):
                    file.unlink(missing_ok=True)


def _is_abandoned(file: Path, process: int) -> bool:
    written = file.stat().st_mtime
    if time.time() - written > _OLD:
        return True
    if process == os.getpid():
        # In a container, every run may have the same number.
        return written < _BEGAN
    # On Windows, os.kill would end the process that it asks about.
    if os.name == "nt":
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        pass
    return False
