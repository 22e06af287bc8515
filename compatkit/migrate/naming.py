"""Under which dotted name a file is imported; relative imports cannot be resolved without it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from compatkit.migration import Move

_SUFFIXES = (".py", ".pyi")


@dataclass(frozen=True, slots=True)
class ModuleName:
    """The dotted name; empty where there can be none."""

    name: str
    is_package: bool


def module_name(path: Path, root: Path, moves: Iterable[Move]) -> ModuleName:
    """Name a file from the folder that is its import root.

    That is the nearest folder above it below which an old or new home of `moves` really lies; without one, the
    folder that holds the outermost package (`__init__.py`); without a package, `root`.
    """
    file = path.absolute()
    homes = sorted({home for move in moves for home in (move.old_module, move.new_module)})
    base = _root_of_homes(file, homes) or _root_of_package(file) or root.absolute()
    parts = list(file.relative_to(base).with_suffix("").parts) if file.is_relative_to(base) else [file.stem]
    is_package = parts[-1] == "__init__"
    if is_package:
        parts.pop()
    # A folder such as `my-service` cannot be part of a name.
    return ModuleName(".".join(parts) if all(part.isidentifier() for part in parts) else "", is_package)


def _root_of_homes(file: Path, homes: Iterable[str]) -> Path | None:
    places = [home.replace(".", "/") for home in homes]
    for folder in file.parents:
        for place in places:
            names = [*(f"{place}{suffix}" for suffix in _SUFFIXES), *(f"{place}/__init__{s}" for s in _SUFFIXES)]
            if any((folder / name).is_file() for name in names):
                return folder
    return None


def _root_of_package(file: Path) -> Path | None:
    root = None
    for folder in file.parents:
        if not any((folder / f"__init__{suffix}").is_file() for suffix in _SUFFIXES):
            break
        root = folder.parent
    return root
