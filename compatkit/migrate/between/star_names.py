"""Determine, from the source of a module alone, the names that `from m import *` brings."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compatkit.rewrite.file.imports import bound_by
from compatkit.rewrite.file.neighbours import UNKNOWN, StarNames
from compatkit.rewrite.file.syntax import read_syntax
from compatkit.rewrite.file.tree import Nodes
from compatkit.rewrite.outcome import RewriteError

# Where one of these stands, names may come and go without being written down.
_DYNAMIC = frozenset({"globals", "locals", "exec", "eval"})


def read_star_names(
    source: bytes, *, is_package: bool, submodules: frozenset[str] | None = None, starred: StarNames = UNKNOWN
) -> StarNames:
    """Work out what a module exports. Nothing is imported; what the text does not settle is left open.

    `submodules` are those of a package, and `starred` is what its own star imports bring, where they are known.

    >>> sorted(read_star_names(b"import os\\nclass Thing: ...\\n_own = 1", is_package=False).certain)
    ['Thing', 'os']
    """
    try:
        syntax = read_syntax(source)
    except RewriteError:
        return UNKNOWN
    tree, nodes = syntax.tree, list(ast.walk(syntax.tree))
    if any(_name(node) == "__all__" for node in nodes):
        # Whatever the module binds besides while it runs: a star brings what is listed, if nothing else speaks of that.
        listed = _listed(tree, nodes) if source.count(b"__all__") == 1 else None
        return UNKNOWN if listed is None else StarNames(listed, listed)
    if any(_is_dynamic(node) for node in nodes):
        return UNKNOWN
    scopes = syntax.scopes
    bound = scopes.bound_in(scopes.module)
    deleted = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del)}
    certain = _public(name for statement in tree.body for name in _bound_at_once(statement)) - deleted
    possible: frozenset[str] | None = _public(name for name in bound if name != "*")
    if is_package and possible is not None:
        # It also exports the submodules that anyone has imported so far.
        possible = None if submodules is None else possible | submodules
    if "*" in bound and possible is not None:
        possible = None if starred.possible is None else possible | starred.possible
    return StarNames(certain - {"*"}, possible)


def _listed(tree: ast.Module, nodes: Nodes) -> frozenset[str] | None:
    """Return the names in `__all__`, or None unless it is one plain list that nothing adds to."""
    values = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and any(_name(target) == "__all__" for target in (getattr(node, "targets", None) or [node.target]))  # type: ignore[union-attr]
    ]
    if sum(_name(node) == "__all__" for node in nodes) != 1 or len(values) != 1:
        return None
    value = values[0]
    if not isinstance(value, ast.List | ast.Tuple):
        return None
    names = [item.value for item in value.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return frozenset(names) if len(names) == len(value.elts) else None


def _bound_at_once(statement: ast.stmt) -> Iterator[str]:
    """Yield what a statement at the top level binds whenever the module is imported."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import() | ast.ImportFrom():
            yield from (bound_by(statement, alias) for alias in statement.names)
        case ast.Assign(targets=targets):
            nodes = (node for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))
            yield from (node.id for node in nodes if isinstance(node.ctx, ast.Store))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            yield name


def _is_dynamic(node: ast.AST) -> bool:
    # `vars(options)` is about something else, and so is `model.eval()`; `sys.modules` may lead back to this module.
    match node:
        case ast.Call(func=ast.Name(id="vars"), args=[]):
            return True
        case ast.Name(id=name):
            return name in _DYNAMIC
        case ast.Attribute(attr=name):
            return name == "modules"
    return False


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Global(names=[name]):
            return name
    return ""


def _public(names: Iterator[str]) -> frozenset[str]:
    return frozenset(name for name in names if not name.startswith("_"))
