"""What the files of a tree tell of one another: what a star import brings, and which names are taken from where."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from compatkit.migrate.find import FoundFile
from compatkit.migrate.naming import ModuleName, Namer
from compatkit.migration import Move
from compatkit.rewrite.errors import RewriteError
from compatkit.rewrite.imports.star_names import StarNames, read_star_names
from compatkit.rewrite.place import FileModule, parse
from compatkit.rewrite.source import read_source
from compatkit.rewrite.surroundings import ALONE, Surroundings

_STAR = re.compile(rb"\bimport\s*\*")
_STAR_IMPORT = re.compile(rb"(?m)^[ \t\f]*from[ \t]+(\.*)[ \t]*([\w.]*)[ \t]*import[ \t]*\*")


class Around:
    """Answers for one run over a tree; the other files are read only once it is asked.

    `called` are last parts of names that move and are called otherwise then, as by whoever takes one from a file.
    """

    def __init__(
        self,
        files: Sequence[FoundFile],
        namer: Namer,
        moves: tuple[Move, ...],
        *,
        renames: bool,
        called: frozenset[str] = frozenset(),
    ) -> None:
        self._files = files
        self._namer = namer
        self._renames = renames
        self._called = sorted(called)
        self._names = sorted({move.old_name for move in moves if renames} | called)

    def of(self, source: bytes, file: FoundFile, named: ModuleName) -> Surroundings:
        """Return what there is to know for a file. Most need nothing."""
        is_called = any(name.encode() in source for name in self._called)
        if not (self._renames or is_called or _STAR.search(source)):
            return ALONE
        return Surroundings(tuple(self._stars(source, file, named)), self._taken_from(file))

    def _stars(self, source: bytes, file: FoundFile, named: ModuleName) -> Iterator[tuple[str, StarNames]]:
        """Yield each module whose `*` is imported, if its source lies below the same import root."""
        home = FileModule(named.name, named.is_package)
        for dots, module in sorted(set(_STAR_IMPORT.findall(source))):
            name = _absolute(len(dots), module.decode("utf-8", "replace"), home)
            if name and (path := self._namer.find(name, file.path, file.root)):
                yield name, _read(path)

    def _taken_from(self, file: FoundFile) -> frozenset[str]:
        """Return the old names that stand in another file which imports a module of this one's name."""
        part = file.path.stem
        importers = [names for other, names, modules in self._mentioning if other is not file and part in modules]
        return frozenset().union(*importers)

    @cached_property
    def _mentioning(self) -> list[tuple[FoundFile, frozenset[str], frozenset[str]]]:
        """Every Python source that spells old names, with those, and the parts of all module names in it."""
        found = []
        for file in self._files:
            text = b"" if file.is_data else _bytes(file.path)
            names = frozenset(name for name in self._names if name.encode() in text)
            if names:
                found.append((file, names, _imported_parts(text)))
        return found


def _absolute(level: int, module: str, home: FileModule) -> str:
    if not level:
        return module
    base = home.base(level) or ""
    return f"{base}.{module}" if base and module else base


def _read(path: Path) -> StarNames:
    return read_star_names(_bytes(path), is_package=path.name == "__init__.py")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        # It is told when the file itself has its turn; a null byte is no Python, so that nothing is concluded from it.
        return b"\0"


def _imported_parts(text: bytes) -> frozenset[str]:
    try:
        nodes = list(ast.walk(parse(read_source(text).text)))
    except RewriteError:
        # It is told when the file itself has its turn.
        return frozenset()
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    dotted = [node.module or "" for node in froms]
    dotted += [alias.name for node in nodes if isinstance(node, ast.ImportFrom | ast.Import) for alias in node.names]
    # A module can also be imported by a string.
    dotted += [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return frozenset(part for name in dotted for part in name.split("."))
