"""What names an old home but is not rewritten: it is reported, so that no findings can be believed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set

from compatkit.migration import Move
from compatkit.rewrite.file.module_name import FileModule
from compatkit.rewrite.file.parse import local_name
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import Nodes
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.import_safety import finding


def find_leftovers(
    source: Source, nodes: Nodes, home: FileModule, moves: tuple[Move, ...], *, besides: Set[ast.AST] = frozenset()
) -> list[Finding]:
    """Return what is left to a person, apart from the from-imports of a moved name, and the nodes `besides`."""
    bound = dict(_bindings(nodes, home))
    names = {move.old_name for move in moves}
    found: list[Finding] = []
    told: set[ast.AST] = set()
    for node in nodes:
        if node in besides or node in told:
            continue
        match node:
            case ast.ImportFrom():
                found += _in_import_from(source, node, home, moves, besides)
            case ast.Import():
                for alias in node.names:
                    if alias in besides:
                        continue
                    found += [_module_import(source, alias, move) for move in _homes(moves, alias.name)]
            case ast.Attribute(attr=attr) if attr in names:
                uses = list(_in_attribute(source, node, bound, moves))
                if uses:
                    # A walk meets the whole of a dotted name before its parts: the module is not told again.
                    told |= set(ast.walk(node.value))
                found += uses
    return found


def _in_import_from(
    source: Source, node: ast.ImportFrom, home: FileModule, moves: tuple[Move, ...], besides: Set[ast.AST]
) -> Iterator[Finding]:
    module = home.resolve(node)
    for alias in node.names:
        if alias.name == "*":
            for move in _homes(moves, module or "") if alias not in besides else ():
                message = f"a star import of {move.old_module} may bring {move.old_name}; import the name itself"
                yield finding(source, node, move.code, message)
            continue
        for move in _homes(moves, f"{module}.{alias.name}") if alias not in besides else ():
            yield _module_import(source, alias, move)
        for move in moves:
            if alias.name == move.old_name and _looks_like(module or node.module or "", move.old_module):
                message = f"looks like {move.old}, but the module is {module or 'unknown'}; {move.new} is the new home"
                yield finding(source, node, move.code, message)


def _looks_like(module: str, old_module: str) -> bool:
    """Tell whether one dotted name ends with the other: the same module, seen from another root."""
    return module != old_module and (f".{old_module}".endswith(f".{module}") or module.endswith(f".{old_module}"))


def _homes(moves: tuple[Move, ...], module: str) -> Iterator[Move]:
    """Yield the first move out of this module: one finding a place is enough."""
    homes = [move for move in moves if (move.of(module) if move.is_module else move.old_module == module)]
    yield from homes[:1]


def _module_import(source: Source, alias: ast.alias, move: Move) -> Finding:
    if move.is_module:
        message = f"imports {move.old}, which is {move.new} now, and its uses cannot be told for certain"
        return finding(source, alias, move.code, message)
    message = f"imports the old home {move.old_module} as a module; import {move.new} instead, and change its uses"
    return finding(source, alias, move.code, message)


def _bindings(nodes: Nodes, home: FileModule) -> Iterator[tuple[str, str]]:
    """Yield each imported local name with the dotted name that it stands for, all scopes taken together."""
    for node in nodes:
        match node:
            case ast.Import():
                for alias in node.names:
                    root = alias.name.partition(".")[0]
                    yield (alias.asname, alias.name) if alias.asname else (root, root)
            case ast.ImportFrom() if module := home.resolve(node):
                for alias in node.names:
                    yield local_name(alias), f"{module}.{alias.name}"


def _in_attribute(
    source: Source, node: ast.Attribute, bound: dict[str, str], moves: tuple[Move, ...]
) -> Iterator[Finding]:
    parts: list[str] = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name) or inner.id not in bound:
        return
    dotted = ".".join([bound[inner.id], *reversed(parts)])
    for move in moves:
        if move.old == dotted:
            yield finding(source, node, move.code, f"uses {move.old} through its module; {move.new} is the new home")
