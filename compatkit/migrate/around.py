"""What the files of a tree tell of one another: what a star import brings, and which names are taken from where."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

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


_Mentioning: TypeAlias = tuple[FoundFile, frozenset[str], frozenset[str]]


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
        self._found: dict[tuple[str, ...], list[_Mentioning]] = {}
        self._called = tuple(sorted(called))
        self._names = tuple(sorted({move.old_name for move in moves} | called))

    def of(self, source: bytes, file: FoundFile, named: ModuleName) -> Surroundings:
        """Return what there is to know for a file. Most need nothing."""
        # To look for the names that moved as well would mean to read many more files.
        names = self._names if self._renames or _STAR.search(source) else self._called
        if names is self._called and not any(name.encode() in source for name in names):
            return ALONE
        return Surroundings(tuple(self._stars(source, file, named)), self._taken_from(file, names))

    def _stars(self, source: bytes, file: FoundFile, named: ModuleName) -> Iterator[tuple[str, StarNames]]:
        """Yield each module whose `*` is imported, if its source lies below the same import root."""
        home = FileModule(named.name, named.is_package)
        for dots, module in sorted(set(_STAR_IMPORT.findall(source))):
            name = _absolute(len(dots), module.decode("utf-8", "replace"), home)
            if name and (path := self._namer.find(name, file.path, file.root)):
                yield name, _read(path)

    def _taken_from(self, file: FoundFile, names: tuple[str, ...]) -> frozenset[str]:
        """Return the old names that stand in another file which imports a module of this one's name."""
        part = file.path.stem
        mentioning = self._mentioning(names)
        importers = [spelled for other, spelled, modules in mentioning if other is not file and part in modules]
        return frozenset().union(*importers)

    def _mentioning(self, wanted: tuple[str, ...]) -> list[_Mentioning]:
        """Return every Python source that spells these names, with those, and the parts of all module names in it."""
        if wanted in self._found:
            return self._found[wanted]
        found = self._found.setdefault(wanted, [])
        for file in self._files:
            text = b"" if file.is_data else _bytes(file.path)
            names = frozenset(name for name in wanted if name.encode() in text)
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
