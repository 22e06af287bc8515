"""Find what commands wrote beside their stores: into a folder that they share, or to another store."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

# Where MLflow logs if nothing else is said.
_DEFAULT_STORES = ("mlflow.db", "mlruns")
_NEVER = {"__pycache__", "node_modules"}
_MOST = 100_000  # entries; a larger folder is data


def default_stores_written(folder: Path, since: float) -> list[str]:
    """Return MLflow's default stores in a command's folder, as far as they were written to."""
    return [name for name in _DEFAULT_STORES if any(_is_new(one, since) for one in _all_of(folder / name))]


def files_written(folder: Path, since: float, until: float = math.inf) -> list[str]:
    """Return the files in a folder that were last written between two times.

    Hidden ones, environments and MLflow's default stores are left out.
    """
    found = []
    for number, path in enumerate(_files(folder)):
        if number >= _MOST:
            break
        if _is_new(path, since, until):
            found.append(path.relative_to(folder).as_posix())
    return sorted(name for name in found if name.partition("/")[0] not in _DEFAULT_STORES)


def _all_of(place: Path) -> Iterator[Path]:
    yield place
    if place.is_dir():
        yield from place.rglob("*")


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [one for one in folders if _matters(Path(place, one))]
        yield from (Path(place, file) for file in files if not file.startswith("."))


def _matters(folder: Path) -> bool:
    return not folder.name.startswith(".") and folder.name not in _NEVER and not (folder / "pyvenv.cfg").exists()


def _is_new(path: Path, since: float, until: float = math.inf) -> bool:
    return os.path.lexists(path) and since <= path.lstat().st_mtime < until
