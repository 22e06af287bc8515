"""Star imports of a module that names moved out of, where it is known which names they bring.

What the star brings and the file uses, or hands on, is imported from its new home right below; where all that the star
brings has moved, the imports take its place.
"""

from __future__ import annotations

import ast
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
from compatkit.rewrite.file.tree import Nodes, span

Known = Mapping[str, StarNames]


@dataclass(frozen=True, slots=True)
class _Star:
    """One star import at the top level, what it brings, and which of that is bound by the imports below it."""

    node: ast.ImportFrom
    names: StarNames
    brought: tuple[Move, ...]
    bound_below: frozenset[str]

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
        reason = next((why for move in needed if (why := _doubt(file, star, move))), None)
        if reason:
            named = " and ".join(move.old_name for move in needed)
            message = f"a star import brings {named}, and is not rewritten: {reason}"
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
        yield _Star(node, names, brought, frozenset(_bound_by_imports(body[index + 1 :])))


def _is_star(node: ast.AST) -> TypeGuard[ast.ImportFrom]:
    return isinstance(node, ast.ImportFrom) and node.names[0].name == "*"


def _is_open(move: Move, names: StarNames) -> bool:
    return move.old_name not in names.certain and names.may_bring(move.old_name)


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
    if any(each.is_binding for each in file.scopes.of(name)):
        return f"{name} is bound by something else here as well"
    for other in _later(star, file.nodes):
        names = known.get(file.home.resolve(other) or "")
        if names is None or names.may_bring(name):
            return f"the star import in line {other.lineno} may bring {name} too"
    if not stands_alone(file.source, *span(file.source, star.node)):
        return "it shares its line with other statements"
    return None


def _later(star: _Star, nodes: Nodes) -> Iterable[ast.ImportFrom]:
    place = (star.node.lineno, star.node.col_offset)
    return (node for node in nodes if _is_star(node) and (node.lineno, node.col_offset) > place)


def _change(file: File, star: _Star, needed: list[Move]) -> Edit:
    source = file.source
    start, end = span(source, star.node)
    opening = source.newline_at(end) + indentation(source, start)
    statements = list(_statements(star.node, needed, file.home))
    said = "; ".join(f"{move.old} -> {move.new}" for move in needed)
    if star.is_all_moved:
        message = f"star import replaced by what it brings: {said}"
        return Edit(start, end, opening.join(statements), needed[0].code, start, message)
    at = source.line_end(end)
    text = "".join(opening + line for line in statements)
    message = f"import added for what the star import brings: {said}"
    return Edit(at, at, text, needed[0].code, start, message)


def _statements(node: ast.ImportFrom, needed: list[Move], home: FileModule) -> Iterator[str]:
    """Yield one import for each new home, in the order of the migration."""
    by_target: dict[str, list[str]] = {}
    for move in needed:
        alias = "" if move.new_name == move.old_name else f" as {move.old_name}"
        by_target.setdefault(str(target_of(move.new_module, node.level, home)), []).append(f"{move.new_name}{alias}")
    for target, names in by_target.items():
        yield f"from {target} import {', '.join(names)}"
