"""Determine the dotted name under which a file is imported, to resolve its relative imports."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from compatkit.migration import Move

_SUFFIXES = (".py", ".pyi")


@dataclass(frozen=True, slots=True)
class ModuleName:
    """The dotted name; empty where there can be none."""

    name: str
    is_package: bool


def source_at(place: Path) -> Path | None:
    """Return the source of the module or package that lies at a path without a suffix, if there is one."""
    return next((file for file in (place / "__init__.py", place.with_suffix(".py")) if file.is_file()), None)


def _source_below(base: Path, module: str) -> Path | None:
    return source_at(base.joinpath(*module.split(".")))


class Namer:
    """Names files; caches what it learns of a folder, for one run over a tree that does not change."""

    def __init__(self, moves: Iterable[Move]) -> None:
        self._homes: dict[str, set[str]] = {}
        # A name of one part is that of much else, and tells nothing of a folder.
        for home in {home for move in moves for home in _homes_of(move) if "." in home}:
            self._homes.setdefault(home.partition(".")[0], set()).add(home.replace(".", "/"))
        self._holds_home = lru_cache(maxsize=None)(self._look_for_home)
        self._is_package = lru_cache(maxsize=None)(_is_package)
        self._source_below = lru_cache(maxsize=None)(_source_below)
        self._base_of = lru_cache(maxsize=None)(self._look_for_base)

    def name(self, path: Path, root: Path) -> ModuleName:
        """Name a file from the folder that is its import root.

        Packages decide: from the folder that holds the outermost one (`__init__.py`) upwards, that is the nearest
        folder below which an old or new home really lies; without one, that folder; without a package, `root`. A
        folder of a library's name inside of a package is a package of its own.
        """
        file = path.absolute()
        base = self._base(file, root)
        parts = list(file.relative_to(base).with_suffix("").parts) if file.is_relative_to(base) else [file.stem]
        is_package = parts[-1] == "__init__"
        if is_package:
            parts.pop()
        # A folder such as `my-service` cannot be part of a name.
        return ModuleName(".".join(parts) if all(part.isidentifier() for part in parts) else "", is_package)

    def roots(self, path: Path, root: Path) -> tuple[Path, Path]:
        """Return the folders from which a file's absolute imports may be read."""
        return self._base(path.absolute(), root), root.absolute()

    def find(self, module: str, path: Path, root: Path) -> Path | None:
        """Return the source of a module that the file at `path` could import from the same import root."""
        return self.finder(path, root)(module)

    def finder(self, path: Path, root: Path) -> Callable[[str], Path | None]:
        """Return what finds the sources of modules for one file, as `find` does."""
        base = self._base(path.absolute(), root)
        return lambda module: self._source_below(base, module)

    def _base(self, file: Path, root: Path) -> Path:
        return self._base_of(file.parent, root)

    def _look_for_base(self, folder: Path, root: Path) -> Path:
        package = self._root_of_package(folder)
        above = (package, *package.parents) if package else (folder, *folder.parents)
        homes = (folder for folder in above if self._holds_home(folder) and not self._is_package(folder))
        return next(homes, None) or package or root.absolute()

    def _look_for_home(self, folder: Path) -> bool:
        # With many moves, the folders that hold no first part of any name must cost next to nothing.
        tops = (top for top in self._homes if _exists(folder, top) or (folder / top).is_dir())
        return any(_exists(folder, place) or _is_package(folder / place) for top in tops for place in self._homes[top])

    def _root_of_package(self, innermost: Path) -> Path | None:
        root = None
        for folder in (innermost, *innermost.parents):
            if not self._is_package(folder):
                break
            root = folder.parent
        return root


def _homes_of(move: Move) -> tuple[str, str]:
    return move.old_home, move.new_home


def module_name(path: Path, root: Path, moves: Iterable[Move]) -> ModuleName:
    """Name one file; see `Namer.name`."""
    return Namer(moves).name(path, root)


def _exists(folder: Path, place: str) -> bool:
    return any((folder / f"{place}{suffix}").is_file() for suffix in _SUFFIXES)


def _is_package(folder: Path) -> bool:
    return any((folder / f"__init__{suffix}").is_file() for suffix in _SUFFIXES)
