"""Mocks that stand in for a producer of records: which plain dicts they hand out in place of records."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compatkit.migration import Each, Item
from compatkit.rewrite.flow.known import Known
from compatkit.rewrite.flow.values import UNKNOWN, Held, Mock, Named, Value, take

_RETURNED = "return_value"


def mock_of(node: ast.Call, callee: Value, known: Known) -> Value:
    """Return the mock that a call of `mock.patch("a.b.N")` puts in the place of a declared class or producer."""
    first = node.args[0] if node.args else None
    is_bare = len(node.args) == 1 and not any(word.arg in ("new", "new_callable") for word in node.keywords)
    if is_bare and _is_patch(node.func, callee) and isinstance(first, ast.Constant) and isinstance(first.value, str):
        return _mock(known.settle_text(first.value), known)
    return UNKNOWN


def attribute_of(mock: Mock, name: str, known: Known) -> Value:
    """Return what an attribute of a mock stands for; its `return_value`, what a call would return."""
    if name == _RETURNED:
        return Mock(mock.of, is_called=True) if not mock.is_called and mock.of in known.classes else UNKNOWN
    return _mock(f"{mock.of}.{name}", known)


def stand_ins(mock: Mock, name: str, given: ast.expr, known: Known) -> Iterator[tuple[ast.expr, Held]]:
    """Yield the keys of the displays that are handed out as records once `mock.name` is `given`."""
    if name == _RETURNED and not mock.is_called and mock.of in known.producers:
        table, paths = known.producers[mock.of]
        yield from _keys(given, Held(paths, table))


def _is_patch(function: ast.expr, callee: Value) -> bool:
    """Tell whether it is unittest's `patch`, or that of the fixture that pytest-mock gives."""
    if isinstance(callee, Named):
        return callee.sure and callee.name in ("unittest.mock.patch", "mock.patch")
    return isinstance(function, ast.Attribute) and ast.unparse(function) == "mocker.patch"


def _mock(name: str, known: Known) -> Value:
    is_on_the_way = any(declared == name or declared.startswith(f"{name}.") for declared in known.producers)
    return Mock(name) if is_on_the_way else UNKNOWN


def _keys(node: ast.expr, held: Held) -> Iterator[tuple[ast.expr, Held]]:
    match node:
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if key is not None and held.is_record:
                    yield key, held
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield from _below(value, take(held, Item(key.value)))
        case ast.List(elts=items):
            for item in items:
                yield from _below(item, take(held, Each()))


def _below(node: ast.expr, value: Value) -> Iterator[tuple[ast.expr, Held]]:
    if isinstance(value, Held):
        yield from _keys(node, value)
