"""What the files of a tree tell of one another: what a star import brings, and which names are taken from where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from compatkit.migrate.find import FoundFile
from compatkit.migrate.importers import Importers, of_projects, read_quietly
from compatkit.migrate.naming import ModuleName, Namer
from compatkit.migration import Move
from compatkit.rewrite.imports.star_names import StarNames, read_star_names
from compatkit.rewrite.place import FileModule
from compatkit.rewrite.surroundings import ALONE, Surroundings

_STAR = re.compile(rb"\bimport\s*\*")
_STAR_IMPORT = re.compile(rb"(?m)^[ \t\f]*from[ \t]+(\.*)[ \t]*([\w.]*)[ \t]*import[ \t]*\*")


class Around:
    """Answers for one run over a tree; the other files are read only once it is asked."""

    def __init__(self, files: Sequence[FoundFile], namer: Namer, moves: tuple[Move, ...], *, renames: bool) -> None:
        self._files = files
        self._namer = namer
        self._renames = renames
        self._names = sorted({move.old_name for move in moves})

    def of(self, source: bytes, file: FoundFile, named: ModuleName) -> Surroundings:
        """Return what there is to know for a file. Most need nothing."""
        if not (self._renames or _STAR.search(source)):
            return ALONE
        return Surroundings(tuple(self._stars(source, file, named)), self._taken_from(file))

    def _stars(self, source: bytes, file: FoundFile, named: ModuleName) -> Iterator[tuple[str, StarNames]]:
        """Yield each module whose `*` is imported, if its source lies below the same import root."""
        home = FileModule(named.name, named.is_package)
        for dots, module in sorted(set(_STAR_IMPORT.findall(source))):
            name = _absolute(len(dots), module.decode("utf-8", "replace"), home)
            if name and (path := self._namer.find(name, file.path, file.root)):
                yield name, _read(path)

    def _taken_from(self, file: FoundFile) -> frozenset[str] | None:
        """Return the old names that another file may take from a module of this one's name; None where any may be."""
        if self._renames and file.path.stem == "conftest":
            # The names of a conftest are fixtures, which tests ask for without an import.
            return None
        return self._importers.taken_from(file.path)

    @cached_property
    def _importers(self) -> Importers:
        return Importers(of_projects(self._files) if self._renames else self._files, self._names)


def _absolute(level: int, module: str, home: FileModule) -> str:
    if not level:
        return module
    base = home.base(level) or ""
    return f"{base}.{module}" if base and module else base


def _read(path: Path) -> StarNames:
    return read_star_names(read_quietly(path), is_package=path.name == "__init__.py")
