"""Which of the imports that were found are certain, and why the others are left to a person."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from compatkit.migration import Confidence, Move
from compatkit.rewrite.edit.import_plan import Site
from compatkit.rewrite.file.module_name import FileModule
from compatkit.rewrite.file.parse import import_froms, local_name
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import Nodes
from compatkit.rewrite.outcome import Finding


def doubt(site: Site, nodes: Nodes, home: FileModule) -> tuple[str, Confidence] | None:
    """Say why this import must not be rewritten, or None where it is certain."""
    for alias, move in site.moved:
        if move.confidence != "safe":
            return move.why or f"the move of {move.old} asks for a person's eye", move.confidence
        if not move.new_module:
            return f"a from-import cannot bring {move.new}; write import {move.new} as {local_name(alias)}", "review"
        if move.new_module == home.name:
            return "the new home itself depends on the old one; to rewrite this would make it import itself", "review"
        if _is_fallback(site.node, alias, move, nodes, home):
            return f"another branch binds {local_name(alias)!r} from the new home; keep the branch for it", "review"
    names = Counter(local_name(alias) for alias in site.node.names)
    if twice := sorted(name for name, count in names.items() if count > 1):
        return f"this statement binds {twice[0]!r} twice; which one counts depends on the order", "review"
    return None


def finding(source: Source, node: ast.ImportFrom | ast.expr | ast.alias, code: str, message: str) -> Finding:
    """Return a `review` finding at a node."""
    return Finding(code, node.lineno, source.column(node.lineno, node.col_offset), message)


def _is_fallback(node: ast.ImportFrom, alias: ast.alias, move: Move, nodes: Nodes, home: FileModule) -> bool:
    """Tell whether a `try` or an `if` chooses between the old and the new home for one local name.

    Such code handles the absence of v2 on purpose; with both branches alike, it would no longer.
    """
    rivals = [other for other in import_froms(nodes) if _binds_new(other, local_name(alias), move, home)]
    if not rivals:
        return False
    for branches in _alternatives(nodes):
        holding = [any(inner is node for inner in _walk(branch)) for branch in branches]
        if True not in holding:
            continue
        others = [branch for branch, holds in zip(branches, holding, strict=True) if not holds]
        if any(inner is rival for branch in others for inner in _walk(branch) for rival in rivals):
            return True
    return False


def _binds_new(node: ast.ImportFrom, local: str, move: Move, home: FileModule) -> bool:
    if home.resolve(node) != move.new_module:
        return False
    return any(alias.name == move.new_name and local_name(alias) == local for alias in node.names)


def _alternatives(nodes: Nodes) -> Iterator[list[list[ast.stmt]]]:
    for node in nodes:
        match node:
            case ast.Try() | ast.TryStar():
                yield [node.body, *(handler.body for handler in node.handlers), node.orelse]
            case ast.If():
                yield [node.body, node.orelse]


def _walk(branch: list[ast.stmt]) -> Iterator[ast.AST]:
    for statement in branch:
        yield from ast.walk(statement)
