"""Who reads the local name of an imported module from another file: `from app.service import old`, a patch by text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from compatkit.migrate.between.importers import read_quietly
from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.finding.reading import sift
from compatkit.migration import Move
from compatkit.rewrite.errors import RewriteError
from compatkit.rewrite.file.parse import parse
from compatkit.rewrite.file.text import read_source

_IMPORT = re.compile(rb"(?:\bfrom\s+([\w.]+)\s+)?\bimport\b[ \t\\]*(\([^)]*\)|(?:[^\n\r;#\\]|\\\r?\n)*)")
_ALIAS = re.compile(rb"([\w.]+)(?:[\s\\]+as[\s\\]+(\w+))?")
_WORD = re.compile(r"\w+")
# With an object and the name of one of its attributes.
_BY_NAME = frozenset({"delattr", "getattr", "hasattr", "object", "setattr", "spy", "stub", "attrgetter", "multiple"})
# A path that begins with what is put in front of it while the code runs: `f"{app.service.__name__}.old.Thing"`.
_OPEN = re.compile(r"(?:\A|[}s])[.:](\w+)")
_DOTTED = re.compile(r"(\w+)[.:](?=(\w+))")


class ModuleNames:
    """Which local names of a file stand for an old module, or for a package above one, as far as its bytes tell."""

    def __init__(self, moves: Iterable[Move]) -> None:
        homes = [move.old_home.split(".") for move in moves]
        self._tops = frozenset(home[0].encode() for home in homes)
        self._parts = frozenset(part.encode() for home in homes for part in home[1:])

    def of(self, source: bytes) -> frozenset[str]:
        return frozenset(name.decode("utf-8", "replace") for name in self._names(source))

    def _names(self, source: bytes) -> Iterator[bytes]:
        for home, brought in _imports(source):
            for name, local in _ALIAS.findall(brought):
                if home is None:
                    root = name.partition(b".")[0]
                    yield from [local or root] if root in self._tops else []
                elif name in self._parts or name in self._tops:
                    yield local or name


def _imports(source: bytes) -> Iterator[tuple[bytes | None, bytes]]:
    """Yield what each import asks for, and the module that it asks, if it asks one."""
    return ((found[1], found[2]) for found in _IMPORT.finditer(source))


class Readers:
    """Answers for some files; they are read at once."""

    def __init__(self, files: Sequence[FoundFile], names: Iterable[str], *, processes: int) -> None:
        self._names = frozenset(names)
        every = b"|".join(re.escape(name.encode()) for name in sorted(self._names))
        self._spelled = [name.encode() for name in sorted(self._names)]
        self._words = re.compile(rb"(?<!\w)(?:" + every + rb")(?!\w)")
        self._reading = re.compile(rb"[.:'\"](?:" + every + rb")(?!\w)|import[ \t]*\(?[ \t]*\*")
        self._asked: dict[str, set[str]] = {}
        self._handed_on: set[str] = set()
        sources = [file for file in files if not file.is_data]
        for number in sift(sources, self._asks, processes=processes):
            self._read(sources[number])

    def of(self, path: Path) -> frozenset[str] | None:
        """Return the names that are read from a module of this name; None where any may be."""
        # What is imported from a bare dot may come from any package.
        modules = {path.parent.name, ""} if path.stem == "__init__" else {path.stem}
        if modules & self._handed_on:
            return None
        return frozenset[str]().union(*(self._asked.get(module, ()) for module in modules))

    def _asks(self, text: bytes, _: FoundFile) -> bool:
        # Whoever only imports the same module for itself reads it from nowhere else.
        if not any(name in text for name in self._spelled) and b"*" not in text:
            return False
        if self._reading.search(text):
            return True
        return any(home is not None and self._words.search(brought) for home, brought in _imports(text))

    def _read(self, file: FoundFile) -> None:
        try:
            tree = parse(read_source(read_quietly(file.path)).text)
        except RewriteError:
            # That is told when the file itself has its turn.
            return
        nodes = list(ast.walk(tree))
        aliases = dict(_aliases(nodes))
        texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        mentioned = {*aliases.values(), *(word for text in texts for word in _WORD.findall(text))}
        for node in nodes:
            for module, name in self._reads(node, aliases):
                for each in mentioned if module is None else (module,):
                    self._asked.setdefault(each, set()).add(name)

    def _reads(self, node: ast.AST, aliases: dict[str, str]) -> Iterator[tuple[str | None, str]]:
        """Yield the names that a node reads, each with the last part of the module; None where that is not known."""
        match node:
            case ast.ImportFrom(module=module, names=names):
                last = (module or "").rpartition(".")[2]
                if names[0].name == "*":
                    self._handed_on.add(last)
                yield from ((last, alias.name) for alias in names if alias.name in self._names)
            case ast.Attribute(value=of, attr=name) if name in self._names:
                yield _last(of, aliases), name
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if name in _BY_NAME and args:
                texts = [arg.value for arg in args if isinstance(arg, ast.Constant)]
                asked = {text for text in texts if isinstance(text, str) and text.partition(".")[0] in self._names}
                yield from ((_last(args[0], aliases), text.partition(".")[0]) for text in asked)
            case ast.Constant(value=str(text)):
                yield from ((left, name) for left, name in _DOTTED.findall(text) if name in self._names)
                yield from ((None, name) for name in _OPEN.findall(text) if name in self._names)


def _aliases(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield each imported name with the last part of what it may stand for."""
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], alias.name.rpartition(".")[2]


def _last(node: ast.expr, aliases: dict[str, str]) -> str | None:
    """Return the last part of the module that an expression names; None where that is not seen."""
    match node:
        case ast.Attribute(attr=name):
            return name
        case ast.Name(id=name):
            return aliases.get(name)
    return None
