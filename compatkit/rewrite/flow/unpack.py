"""An assignment to several targets at once, taken apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compatkit.migration import Each, Item
from compatkit.rewrite.flow.values import Held, Row, Value, element, many, take


def unpacked(target: ast.expr, value: Value) -> Iterator[tuple[ast.expr, Value]]:
    """Yield the single targets of an assignment of `value`, each with its part."""
    match target:
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            for part, item in zip(targets, _parts(targets, value), strict=True):
                yield from unpacked(part, item)
        case ast.Starred(value=inner):
            yield inner, value
        case _:
            yield target, value


def _parts(targets: list[ast.expr], value: Value) -> list[Value]:
    starred = [at for at, part in enumerate(targets) if isinstance(part, ast.Starred)]
    if isinstance(value, Row) and not starred and len(value.items) == len(targets):
        return list(value.items)
    if isinstance(value, Held) and not starred:
        return [take(value, Item(at), Each()) for at in range(len(targets))]
    item = element(value)
    return [many(item) if at in starred else item for at in range(len(targets))]
