"""Where a file imports a moved name: names are resolved by `ast`, absolute and relative, and nothing is edited."""

from __future__ import annotations

import ast
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from compatkit.migration import Move
from compatkit.rewrite.errors import RewriteError
from compatkit.rewrite.nodes import Nodes, nodes_of
from compatkit.rewrite.remembered import remembered

# warnings.catch_warnings changes global state, and a thread pool may run several workers at once.
_COMPILING = threading.Lock()

# The fields of statements that hold statements, or what holds statements in its turn.
_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")


@dataclass(frozen=True, slots=True)
class FileModule:
    """The dotted name under which a file is imported; empty where that is unknown."""

    name: str
    is_package: bool

    def base(self, level: int) -> str | None:
        """Return the package that `level` dots stand for, or None where there is no such package."""
        parts = self.name.split(".") if self.name else []
        drop = level - 1 if self.is_package else level
        if len(parts) <= drop:
            return None
        return ".".join(parts[: len(parts) - drop])

    def resolve(self, node: ast.ImportFrom) -> str | None:
        """Return the absolute name of the module that a statement imports from."""
        if node.level == 0:
            return node.module
        base = self.base(node.level)
        if base is None or node.module is None:
            return base
        return f"{base}.{node.module}"


@dataclass(frozen=True, slots=True)
class Site:
    """A from-import that brings moved names; `moves` has one entry for each of its aliases."""

    node: ast.ImportFrom
    moves: tuple[Move | None, ...]

    @property
    def moved(self) -> tuple[tuple[ast.alias, Move], ...]:
        return tuple((alias, move) for alias, move in zip(self.node.names, self.moves, strict=True) if move)


class Destinations:
    """Where names go. A symbol's own move counts before that of the module around it, the innermost before others."""

    def __init__(self, moves: Iterable[Move]) -> None:
        self._by_old: dict[str, Move] = {}
        self._modules: list[Move] = []
        self._left_early: set[str] = set()
        for move in moves:
            self._by_old[move.old] = move
            self._left_early.add(move.old_module)
            if move.is_module:
                self._modules.append(move)
        self._modules.sort(key=lambda move: -len(move.old))

    def of(self, dotted: str) -> Move | None:
        """Return the move of one dotted name, symbol or module."""
        if exact := self._by_old.get(dotted):
            return exact.of(dotted) if exact.is_module else exact
        return next((found for move in self._modules if (found := move.of(dotted))), None)

    def of_import(self, module: str, name: str) -> Move | None:
        """Return the move of a name that is imported from a module. A star moves if all that it brings does."""
        if name == "*" and module in self._left_early:
            return None
        return self.of(f"{module}.{name}")

    def around(self, dotted: str) -> Move | None:
        """Return the declared move of the innermost module in which a dotted name lies."""
        return next((move for move in self._modules if move.of(dotted)), None)


@remembered
def destinations_of(moves: tuple[Move, ...]) -> Destinations:
    return Destinations(moves)


def parse(text: str) -> ast.Module:
    """Parse a decoded source. Raises `RewriteError` for what CPython does not parse."""
    try:
        with quiet_compiler():
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RewriteError.unreadable(error) from error


def compiles(source: str | bytes) -> bool:
    """Tell whether CPython compiles a source, which is more than to parse it."""
    try:
        with quiet_compiler():
            compile(source, "<source>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


@contextmanager
def quiet_compiler() -> Iterator[None]:
    """Keep the compiler's warnings to itself: an invalid escape in the user's file is no news for us to bring."""
    with _COMPILING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def find_sites(
    nodes: Nodes, home: FileModule, moves: tuple[Move, ...], modules: Mapping[ast.alias, Move] = MappingProxyType({})
) -> list[Site]:
    """Return the from-imports of moved names, in the order of the text; `modules` are aliases that move as such."""
    destinations = destinations_of(moves)
    sites = []
    for node in import_froms(nodes):
        module = home.resolve(node) or ""
        found = tuple(modules.get(alias) or destinations.of_import(module, alias.name) for alias in node.names)
        if any(found):
            sites.append(Site(node, found))
    return sorted(sites, key=lambda site: (site.node.lineno, site.node.col_offset))


def walk_statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield every statement and exception handler, but no expression: a tenth of the nodes, where all imports are."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        for field in _BLOCKS:
            pending += reversed(getattr(node, field, ()))
        if not isinstance(node, ast.Module):
            yield node


def import_froms(nodes: Nodes) -> list[ast.ImportFrom]:
    return nodes_of(nodes, ast.ImportFrom)


def local_name(alias: ast.alias) -> str:
    return alias.asname or alias.name
