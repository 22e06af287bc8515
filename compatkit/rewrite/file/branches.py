"""Branches of which one stands for one release and another for the next: by `if`, `try` or a conditional expression."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compatkit.rewrite.file.file import File

_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def is_chosen_beside(file: File, node: ast.AST, rivals: Collection[ast.AST]) -> bool:
    """Tell whether one branch of a choice holds a node, and another branch of it one of its rivals."""
    if not rivals:
        return False
    for branches in _choices(file, node):
        holding = [any(inner is node for inner in _walk(branch)) for branch in branches]
        if True not in holding:
            continue
        others = [branch for branch, holds in zip(branches, holding, strict=True) if not holds]
        if any(inner is rival for branch in others for inner in _walk(branch) for rival in rivals):
            return True
    return False


def _choices(file: File, node: ast.AST) -> Iterator[list[Sequence[ast.AST]]]:
    for each in file.statements:
        match each:
            case ast.Try() | ast.TryStar():
                yield [each.body, *(handler.body for handler in each.handlers), each.orelse]
            case ast.If():
                yield [each.body, each.orelse]
        for block in (getattr(each, "body", ()), getattr(each, "orelse", ())):
            yield from _early_exits(block)
    yield from _early_exits(file.tree.body)
    if isinstance(node, ast.expr):
        for choice in file.nodes.of(ast.IfExp):
            yield [[choice.body], [choice.orelse]]


def _early_exits(block: Sequence[ast.stmt]) -> Iterator[list[Sequence[ast.AST]]]:
    """Yield each `if` that leaves a block, with what comes after it."""
    for index, each in enumerate(block):
        if isinstance(each, ast.If) and isinstance(each.body[-1], _LEAVES):
            yield [each.body, [*each.orelse, *block[index + 1 :]]]


def _walk(branch: Sequence[ast.AST]) -> Iterator[ast.AST]:
    for each in branch:
        yield from ast.walk(each)
