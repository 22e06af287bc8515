"""The check of every rewrite before it leaves: what it means is what was planned, and nothing else changed."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from compatkit.rewrite.errors import RewriteError
from compatkit.rewrite.place import parse, quiet_compiler
from compatkit.rewrite.plan import Plan
from compatkit.rewrite.source import read_source


def check(before: bytes, tree: ast.Module, plans: Mapping[ast.ImportFrom, Plan], after: bytes) -> None:
    """Raise `RewriteError` unless `after` is `before` with the planned imports. Uses up `tree`."""
    try:
        result = parse(read_source(after).text)
    except RewriteError as error:
        raise RewriteError.unsafe(error.what) from error
    _spread_imports(tree, plans)
    _spread_imports(result, {})
    if not _is_same(tree, result):
        raise RewriteError.unsafe("something other than the planned imports changed")
    if not _compiles(after) and _compiles(before):
        raise RewriteError.unsafe("the result no longer compiles")


def _spread_imports(tree: ast.Module, plans: Mapping[ast.ImportFrom, Plan]) -> None:
    """Write each from-import as one statement a name, so that trees compare whichever way names are grouped."""
    for node in list(ast.walk(tree)):
        for field, value in ast.iter_fields(node):
            if isinstance(value, list) and any(isinstance(item, ast.ImportFrom) for item in value):
                setattr(node, field, [single for item in value for single in _singles(item, plans)])


def _singles(item: ast.AST, plans: Mapping[ast.ImportFrom, Plan]) -> list[ast.AST]:
    if not isinstance(item, ast.ImportFrom):
        return [item]
    if plan := plans.get(item):
        return [
            ast.ImportFrom(name.target.module or None, [ast.alias(name.name, name.asname)], name.target.level)
            for name in (*plan.kept, *plan.split)
        ]
    return [ast.ImportFrom(item.module, [alias], item.level) for alias in item.names]


def _is_same(first: ast.AST, second: ast.AST) -> bool:
    """Compare two trees without their positions; a loop, because ast.dump would recurse too deeply."""
    pairs: list[tuple[object, object]] = [(first, second)]
    while pairs:
        one, other = pairs.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, ast.AST):
            pairs += [(getattr(one, field, None), getattr(other, field, None)) for field in one._fields]
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            pairs += zip(one, other, strict=True)
        elif one != other:
            return False
    return True


def _compiles(source: bytes) -> bool:
    try:
        with quiet_compiler():
            compile(source, "<source>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
