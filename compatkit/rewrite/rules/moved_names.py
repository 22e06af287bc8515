"""Find the from-imports of moved names, absolute and relative, and say which of them are left to a person."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from types import MappingProxyType

from compatkit.migration import Confidence, Move
from compatkit.migration.value import cached_by_identity
from compatkit.rewrite.edit.import_plan import Site
from compatkit.rewrite.file.file import File, is_chosen_beside
from compatkit.rewrite.file.imports import bound_by, local_name

Doubt = tuple[str, Confidence]


class Destinations:
    """Where names go. A symbol's own move counts before that of the module around it, the innermost before others."""

    def __init__(self, moves: Iterable[Move]) -> None:
        self._by_old: dict[str, Move] = {}
        self._left_early: set[str] = set()
        for move in moves:
            self._by_old[move.old] = move
            self._left_early.add(move.old_module)
        self._modules = Move.modules(self._by_old.values())

    def of(self, dotted: str) -> Move | None:
        """Return the move of one dotted name, symbol or module."""
        if exact := self._by_old.get(dotted):
            return exact.of(dotted) if exact.is_module else exact
        innermost = self._covering(dotted)
        return innermost.of(dotted) if innermost else None

    def lacking(self, dotted: str) -> Move | None:
        """Return the move of the module in which a name lies, if v2 does not have the name there."""
        move = None if dotted in self._by_old else self._covering(dotted)
        return move if move and move.lacks(dotted) else None

    def _covering(self, dotted: str) -> Move | None:
        return next((move for move in self._modules if move.covers(dotted)), None)

    @cached_property
    def homes(self) -> frozenset[str]:
        """Every old home: the modules that names move out of, and those that move themselves."""
        return frozenset(move.old_home for move in self._by_old.values())

    def exact(self, dotted: str) -> Move | None:
        """Return the move that is declared for this very name."""
        return self._by_old.get(dotted)

    def whole(self, module: str) -> Move | None:
        """Return the move of a module that goes as a whole, or with the one around it."""
        return next((found for move in self._modules if (found := move.of(module))), None)

    def moves_whole(self, module: str) -> bool:
        """Tell whether a module moves with all that is in it."""
        return self.whole(module) is not None

    def of_import(self, module: str, name: str) -> Move | None:
        """Return the move of a name that is imported from a module. A star moves if all that it brings does."""
        if name == "*" and module in self._left_early:
            return None
        return self.of(f"{module}.{name}")

    def around(self, dotted: str) -> Move | None:
        """Return the declared move of the innermost module in which a dotted name lies."""
        return next((move for move in self._modules if move.of(dotted)), None)


@cached_by_identity
def destinations_of(moves: tuple[Move, ...]) -> Destinations:
    return Destinations(moves)


def find_sites(
    file: File, moves: tuple[Move, ...], modules: Mapping[ast.alias, Move] = MappingProxyType({})
) -> list[Site]:
    """Return the from-imports of moved names, in the order of the text; `modules` are aliases that move as such."""
    destinations = destinations_of(moves)
    sites = []
    for node in file.statements:
        if isinstance(node, ast.ImportFrom):
            module = file.home.resolve(node) or ""
            found = tuple(modules.get(alias) or destinations.of_import(module, alias.name) for alias in node.names)
            if any(found):
                sites.append(Site(node, found))
    return sorted(sites, key=lambda site: (site.node.lineno, site.node.col_offset))


def doubt(site: Site) -> Doubt | None:
    """Say why this import as a whole must not be rewritten, or None where it is certain."""
    names = Counter(local_name(alias) for alias in site.node.names)
    if twice := sorted(name for name, count in names.items() if count > 1):
        return f"this statement binds {twice[0]!r} twice; which one counts depends on the order", "review"
    return None


def doubt_of(file: File, site: Site, moved: tuple[ast.alias, Move]) -> Doubt | None:
    """Say why one name of an import must not be rewritten, or None where it is certain."""
    alias, move = moved
    if move.confidence != "safe":
        return move.why or f"the move of {move.old} asks for a person's eye", move.confidence
    if not move.new_module and alias.name == "*":
        return f"a from-import cannot bring {move.new}", "review"
    if move.new_module and move.new_module == file.home.name:
        return "the new home itself depends on the old one; to rewrite this would make it import itself", "review"
    if missing := file.neighbours.absence_of(move.new):
        return f"nothing is pointed at what is not there: {missing}", "review"
    if _is_fallback(file, site.node, moved):
        return f"another branch binds {local_name(alias)!r} from the new home; keep the branch for it", "review"
    return None


def _is_fallback(file: File, node: ast.ImportFrom, moved: tuple[ast.alias, Move]) -> bool:
    """Tell whether a `try` or an `if` chooses between the old and the new home for one local name.

    Such code handles the absence of v2 on purpose; with both branches alike, it would no longer.
    """
    rivals = [other for other in file.statements if _binds_new(file, other, moved)]
    return bool(rivals) and is_chosen_beside(file, node, rivals)


def _binds_new(file: File, node: ast.AST, moved: tuple[ast.alias, Move]) -> bool:
    local, move = local_name(moved[0]), moved[1]
    if isinstance(node, ast.Import):
        return any(each.name == move.new and bound_by(node, each) == local for each in node.names)
    if not isinstance(node, ast.ImportFrom) or file.home.resolve(node) != move.new_module:
        return False
    return any(each.name == move.new_name and local_name(each) == local for each in node.names)
