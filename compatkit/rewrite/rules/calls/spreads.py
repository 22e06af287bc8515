"""Read the dicts that a call spreads (`f(**options)`), to rewrite their keys or only to know them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.tree import kept_in
from compatkit.rewrite.flow.values import Named
from compatkit.rewrite.rules.calls.facts import CallFacts
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


def taker_of(file: File, value: ast.expr) -> str:
    """Return the name of the function that takes any keywords as this name, where nothing else binds it."""
    scope = file.scope_of(value) if isinstance(value, ast.Name) else None
    bindings = file.scopes.bindings(value.id, scope) if isinstance(value, ast.Name) and scope is not None else []
    given = file.parents.get(bindings[0].node) if len(bindings) == 1 else None
    function = file.parents.get(given) if isinstance(given, ast.arguments) else None
    is_all = isinstance(given, ast.arguments) and given.kwarg is bindings[0].node
    return function.name if is_all and isinstance(function, ast.FunctionDef) else ""


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


def given_beside_settings(facts: CallFacts, call: ast.Call, name: str) -> frozenset[str] | None:
    """Return the arguments of a call beside the settings of an object of the same class; None where it has none such.

    The settings, as in `Options(**options.to_dict(), size=2)`, have the names that the release has which runs.
    """
    spread = [part for word in call.keywords if word.arg is None for part in _parts(word.value)]
    others = [part for part in spread if not isinstance(part, str)]
    if not others or not all(_is_of_settings(facts, part, name) for part in others):
        return None
    # A subclass may keep for itself what the class gave up.
    owned = {kept for owner in facts.trace.bases if isinstance(owner, ast.ClassDef) for kept in kept_in(owner)}
    given = {word.arg for word in call.keywords if word.arg} | {part for part in spread if isinstance(part, str)}
    return facts.file.neighbours.overridden | given | owned


def _parts(node: ast.expr) -> Iterator[ast.expr | str]:
    """Yield the keys of a display that is spread, and what is spread in it; of anything else, itself."""
    if isinstance(node, ast.Dict) and all(key is None or isinstance(key, ast.Constant) for key in node.keys):
        for key, value in zip(node.keys, node.values, strict=True):
            yield from [str(key.value)] if isinstance(key, ast.Constant) else _parts(value)
    else:
        yield node


def _is_of_settings(facts: CallFacts, node: ast.expr, name: str) -> bool:
    """Tell whether a dict has all attributes of an object of this class, as its own method gives them, or `vars`."""
    callee = facts.trace.callees.get(node) if isinstance(node, ast.Call) and not (node.args or node.keywords) else None
    is_own = isinstance(callee, Named) and "dict" in callee.name.rpartition(".")[2] and not callee.others
    owner = callee.name.rpartition(".")[0] if isinstance(callee, Named) and is_own else facts.trace.listed.get(node, "")
    rows = facts.index.calls_of(name)
    return bool(rows) and (owner == name or facts.index.calls_of(owner) == rows)
