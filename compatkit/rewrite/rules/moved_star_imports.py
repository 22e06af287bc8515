"""Rewrite star imports of a module that names moved out of, where the names that they bring are known.

What the star brings and the file uses, or hands on, is imported from its new home right below; where all that the star
brings has moved, the imports take its place. Where the old home has lost a name already, as in sources that are the new
ones, that it was brought shows in the file: the name is read, and nothing else can bind it.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from compatkit.migration import Move
from compatkit.migration.renaming import renaming_of
from compatkit.rewrite.edit.edit import Edit, Handled
from compatkit.rewrite.edit.import_plan import target_of
from compatkit.rewrite.edit.splice import indentation, stands_alone
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule, local_name
from compatkit.rewrite.file.neighbours import StarNames
from compatkit.rewrite.file.readers import exported
from compatkit.rewrite.file.tree import Nodes, span

Known = Mapping[str, StarNames]


@dataclass(frozen=True, slots=True)
class _Star:
    """One star import at the top level, what it brings, and which of that is bound by the imports below it.

    `lost` is what it brought before, and what is missing now.
    """

    node: ast.ImportFrom
    names: StarNames
    brought: tuple[Move, ...]
    lost: tuple[Move, ...]
    bound_below: frozenset[str]
    moves: tuple[Move, ...]

    @property
    def brings(self) -> str:
        return "brought" if self.lost else "brings"

    @property
    def is_all_moved(self) -> bool:
        return self.names.possible is not None and self.names.possible <= {move.old_name for move in self.brought}


def change_stars(file: File, moves: tuple[Move, ...]) -> Handled:
    """Plan every star import of a module whose names are known; the others are left to be reported."""
    done, known = Handled(), dict(file.neighbours.stars)
    if not known:
        return done
    for star in _stars(file, moves, known):
        done.handled.add(star.node.names[0])
        left = [move for move in star.brought if move.old_name not in star.bound_below]
        is_whole = star.is_all_moved or file.home.is_package
        taken = file.neighbours.may_be_taken
        needed = [move for move in left if is_whole or taken(move.old_name) or _is_used(move.old_name, file.nodes)]
        needed += star.lost
        reason = next((why for move in needed if (why := _doubt(file, star, move))), None)
        if reason:
            named = " and ".join(move.old_name for move in needed)
            message = f"a star import {star.brings} {named}, and is not rewritten: {reason}"
            done.findings.append(file.finding(star.node, needed[0].code, message))
            continue
        if needed:
            done.changes.append(_change(file, star, needed))
    return done


def _stars(file: File, moves: tuple[Move, ...], known: Known) -> Iterator[_Star]:
    """Yield the stars at the top level of which every moved name is known to be brought, or not to be."""
    body = file.tree.body
    for index, node in enumerate(body):
        if not _is_star(node):
            continue
        module = file.home.resolve(node) or ""
        names = known.get(module)
        left = tuple(move for move in Move.symbols(moves) if move.old_module == module)
        is_whole = renaming_of(moves).whole(module) is not None
        if names is None or not left or is_whole or any(_is_open(move, names) for move in left):
            continue
        brought = tuple(move for move in left if move.old_name in names.certain)
        lost = tuple(move for move in left if not names.may_bring(move.old_name) and _is_missed(file, node, move))
        yield _Star(node, names, brought, lost, frozenset(_bound_by_imports(body[index + 1 :])), moves)


def _is_star(node: ast.AST) -> TypeGuard[ast.ImportFrom]:
    return isinstance(node, ast.ImportFrom) and node.names[0].name == "*"


def _is_open(move: Move, names: StarNames) -> bool:
    return move.old_name not in names.certain and names.may_bring(move.old_name)


def _is_missed(file: File, star: ast.ImportFrom, move: Move) -> bool:
    """Tell whether the file, or another by way of it, reads a name that only a star can have brought."""
    name, scopes, known = move.old_name, file.scopes, dict(file.neighbours.stars)
    if scopes.binds(scopes.module, name):
        return False
    for other in filter(_is_star, file.tree.body):
        module = file.home.resolve(other) or ""
        # One below has had the last word before as well; one of the new home, or of a package around it, follows it.
        is_right = other.lineno > star.lineno or f"{move.new_module}.".startswith(f"{module}.")
        if is_right and name in known.get(module, StarNames()).certain:
            return False
    if name in exported(file) or scopes.is_missing(name):
        return True
    # A `__getattr__` that makes the name spells it.
    is_made = scopes.binds(scopes.module, "__getattr__") and _is_used(name, file.nodes)
    return name in file.neighbours.missed and not is_made


def _may_make_any(file: File) -> bool:
    """Tell whether a `__getattr__` of the module does more with the name that it is asked for than to compare it."""
    for bound in file.scopes.bindings("__getattr__", file.scopes.module):
        match bound.node:
            case ast.FunctionDef(args=ast.arguments(args=[parameter])) as function:
                reads = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == parameter.arg]
                if not all(isinstance(file.parents[node], ast.Compare | ast.FormattedValue) for node in reads):
                    return True
            case _:
                return True
    return False


def _bound_by_imports(statements: list[ast.stmt]) -> Iterator[str]:
    """Yield the names that the imports bind before anything else is done."""
    for statement in statements:
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            return
        yield from map(local_name, statement.names)


def _is_used(name: str, nodes: Nodes) -> bool:
    """Tell whether a name is read, or stands in a text: an annotation, `__all__`, or code."""
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return any(
        (isinstance(node, ast.Name) and node.id == name)
        or (isinstance(node, ast.Constant) and isinstance(node.value, str) and word.search(node.value))
        for node in nodes
    )


def _doubt(file: File, star: _Star, move: Move) -> str | None:
    name, known = move.old_name, dict(file.neighbours.stars)
    if move.confidence != "safe":
        return move.why or f"the move of {move.old} asks for a person's eye"
    if not move.new_module:
        return f"a from-import cannot bring {move.new}"
    if move.new_module == file.home.name:
        return "this is the new home"
    if missing := file.neighbours.absence_of(move.new):
        return missing
    if any(ref.is_binding for ref in file.scopes.of(name)):
        return f"{name} is bound by something else here as well"
    if move in star.lost and hasattr(builtins, name):
        return f"without it, {name} is the builtin"
    if move in star.lost and name in file.neighbours.missed and _may_make_any(file):
        return f"the module's __getattr__ may make {name}"
    for other in _rivals(star, file.nodes, move):
        module = file.home.resolve(other) or ""
        names = known.get(module)
        if names is None or names.may_bring(name) or renaming_of(star.moves).declared(f"{module}.{name}"):
            return f"the star import in line {other.lineno} may bring {name} too"
    if not stands_alone(file.source, *span(file.source, star.node)):
        return "it shares its line with other statements"
    return None


def _rivals(star: _Star, nodes: Nodes, move: Move) -> Iterable[ast.ImportFrom]:
    """Return the stars that may bring a name too: those below, or all where this one has lost it."""
    place = (star.node.lineno, star.node.col_offset)
    others = (node for node in nodes if _is_star(node) and node is not star.node)
    return (node for node in others if move in star.lost or (node.lineno, node.col_offset) > place)


def _change(file: File, star: _Star, needed: list[Move]) -> Edit:
    source = file.source
    start, end = span(source, star.node)
    opening = source.newline_at(end) + indentation(source, start)
    statements = list(_statements(star.node, needed, file.home))
    said = "; ".join(f"{move.old} -> {move.new}" for move in needed)
    if star.is_all_moved:
        message = f"star import replaced by what it {star.brings}: {said}"
        return Edit(start, end, opening.join(statements), needed[0].code, start, message)
    at = source.line_end(end)
    text = "".join(opening + line for line in statements)
    message = f"import added for what the star import {star.brings}: {said}"
    return Edit(at, at, text, needed[0].code, start, message)


def _statements(node: ast.ImportFrom, needed: list[Move], home: FileModule) -> Iterator[str]:
    """Yield one import for each new home, in the order of the migration."""
    by_target: dict[str, list[str]] = {}
    for move in needed:
        alias = "" if move.new_name == move.old_name else f" as {move.old_name}"
        by_target.setdefault(str(target_of(move.new_module, node.level, home)), []).append(f"{move.new_name}{alias}")
    for target, names in by_target.items():
        yield f"from {target} import {', '.join(names)}"
