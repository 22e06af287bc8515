"""A call as it is written, as the items of which `compatkit.migration.calling` plans what becomes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from compatkit.migration import CallChange
from compatkit.migration.calling import SPREAD, Doubt, Item, Planned, plan_items
from compatkit.rewrite.file.call_layout import in_order

__all__ = ["SPREAD", "Doubt", "Item", "Planned", "plan_call"]

# What evaluates without doing anything else.
_QUIET = (ast.Constant, ast.Name, ast.Attribute, ast.Load, ast.UnaryOp, ast.unaryop, ast.Tuple, ast.List)


def plan_call(
    call: ast.Call, changes: Sequence[CallChange], may_make: Callable[[CallChange], bool]
) -> tuple[Planned, list[Doubt]]:
    """Apply `changes` to a call, one after another; each is made as a whole, or doubted."""
    return plan_items(list(_items(call)), changes, may_make)


def _items(call: ast.Call) -> Iterator[Item]:
    for index, given in enumerate(in_order(call)):
        if isinstance(given, ast.keyword):
            yield _item(index, given.value, given.arg or "**")
        else:
            yield _item(index, given, None)


def _item(index: int, node: ast.expr, name: str | None) -> Item:
    is_quiet = all(isinstance(part, _QUIET) for part in ast.walk(node))
    is_starred = isinstance(node, ast.Starred)
    return Item(
        index,
        node,
        name,
        known=_literal(node),
        is_starred=is_starred,
        is_quiet=is_quiet,
        choices=tuple(_choices(node)),
        pieces=tuple(_pieces(node)),
        is_call=isinstance(node, ast.Call),
    )


def _choices(node: ast.expr) -> Iterator[object]:
    """Yield the literals of which a conditional expression is one; none where one of them is not written."""
    if not isinstance(node, ast.IfExp):
        return
    found: list[object] = []
    for branch in (node.body, node.orelse):
        one = [*(_literal(branch) or ())] or [*_choices(branch)]
        if not one:
            return
        found += one
    yield from found


def _pieces(node: ast.expr) -> Iterator[str]:
    """Yield the parts of a formatted string that are written."""
    if isinstance(node, ast.JoinedStr):
        parts = (part.value for part in node.values if isinstance(part, ast.Constant))
        yield from (part for part in parts if isinstance(part, str))


def _literal(node: ast.expr) -> tuple[object] | None:
    try:
        return (ast.literal_eval(node),)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
