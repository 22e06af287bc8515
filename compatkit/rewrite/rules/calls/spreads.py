"""Read the dicts that a call spreads (`f(**options)`), to change what is written there, or only to know it."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from compatkit.rewrite.file.file import File
from compatkit.rewrite.rules.calls.plan import Spread


def spreads_of(file: File, call: ast.Call) -> Mapping[ast.keyword, Spread]:
    """Return the dicts that a call spreads and whose only use that is; none where a key is given twice."""
    found = {word: spread for word in call.keywords if word.arg is None and (spread := _spread(file, word.value))}
    names = [word.arg for word in call.keywords if word.arg]
    names += [name for spread in found.values() for name, _ in spread.pairs]
    return found if len(set(names)) == len(names) else {}


def _spread(file: File, value: ast.expr) -> Spread | None:
    if isinstance(value, ast.Name):
        reference = file.reference(value)
        home = file.scope_of(value)
        # Another file may read what a module binds.
        if reference is None or home is None or reference.scope is not home or home.kind != "function":
            return None
        bindings, readers = file.scopes.bindings(value.id, home), file.scopes.readers(value.id, home)
        statement = file.parents.get(bindings[0].node) if len(bindings) == 1 == len(readers) else None
        if not (isinstance(statement, ast.Assign) and statement.targets == [bindings[0].node]):
            return None
        value = statement.value
    return _written(file, value)


def read_spread(file: File, value: ast.expr) -> Spread | None:
    """Return what a call spreads where that is all written, and nothing can be put into it: each use spreads it."""
    if not isinstance(value, ast.Name):
        return _written(file, value)
    home = file.scope_of(value)
    if home is None or home.kind == "class":
        return None
    bindings, readers = file.scopes.bindings(value.id, home), file.scopes.readers(value.id, home)
    statement = file.parents.get(bindings[0].node) if len(bindings) == 1 else None
    is_spread = all(isinstance(word := file.parents.get(ref.node), ast.keyword) and word.arg is None for ref in readers)
    if not (is_spread and isinstance(statement, ast.Assign) and statement.targets == [bindings[0].node]):
        return None
    return _written(file, statement.value)


def _written(file: File, value: ast.expr) -> Spread | None:
    match value:
        case ast.Dict(keys=keys, values=values):
            names = [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
            pairs = tuple(zip(names, values, strict=False))
            return Spread(value, pairs) if len(names) == len(keys) and all(map(str.isidentifier, names)) else None
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=words) if not file.is_bound("dict"):
            pairs = tuple((word.arg, word.value) for word in words if word.arg)
            return Spread(value, pairs) if len(pairs) == len(words) else None
    return None
