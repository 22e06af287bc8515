"""Where a node stands: its characters in the text, the scope around it, the dotted name that it spells."""

from __future__ import annotations

import ast
from typing import TypeAlias

from compatkit.rewrite.nodes import Nodes
from compatkit.rewrite.source import Source

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
Scope: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


def scope_of(node: ast.AST, nodes: Nodes) -> Scope | None:
    """Return the innermost function or class around a statement, None for the module."""
    around = [each for each in nodes if isinstance(each, _SCOPES) and is_inside(node, each)]
    return max(around, key=lambda scope: (scope.lineno, scope.col_offset), default=None)


def is_inside(node: ast.AST, scope: Scope | None) -> bool:
    if scope is None:
        return True
    place: tuple[int, int] = (node.lineno, node.col_offset)  # type: ignore[attr-defined]  # statements and expressions
    assert scope.end_lineno is not None
    assert scope.end_col_offset is not None
    return (scope.lineno, scope.col_offset) <= place < (scope.end_lineno, scope.end_col_offset)


def span(source: Source, node: ast.stmt | ast.expr | ast.alias) -> tuple[int, int]:
    """Return where a node begins and ends in the text."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return source.offset(node.lineno, node.col_offset), source.offset(node.end_lineno, node.end_col_offset)


def dotted(node: ast.expr) -> str:
    """Return `a.b.c` for such an expression, and nothing for others."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
