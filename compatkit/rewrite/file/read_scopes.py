"""Resolve names to scopes lazily: only the names that are asked about, from each node up to the one with its scope.

Most rules ask about a few names of a file; resolving all of them would take as long as everything else together.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Literal

from compatkit.rewrite.file.imports import bound_by
from compatkit.rewrite.file.tree import AllNodes, nodes_of

Kind = Literal["module", "class", "function", "comprehension", "types"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_OPENERS: dict[type[ast.AST], Kind] = {
    **dict.fromkeys((*_FUNCTIONS, ast.Lambda), "function"),
    ast.ClassDef: "class",
    **dict.fromkeys((ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp), "comprehension"),
}
# What binds the name in this field.
_NAMING: dict[type[ast.AST], str] = {
    ast.Name: "id",
    ast.arg: "arg",
    ast.MatchMapping: "rest",
    **dict.fromkeys((*_FUNCTIONS, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar), "name"),
    # Python 3.12 and later.
    **{getattr(ast, kind): "name" for kind in ("ParamSpec", "TypeVar", "TypeVarTuple") if hasattr(ast, kind)},
}
# In a type, these read their parts as any other expression does.
_NO_TYPES = (ast.Lambda, ast.NamedExpr, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Scope:
    """One scope, which `node` opens, and which names it declares to be of another."""

    __slots__ = ("global_names", "kind", "node", "nonlocal_names", "parent")

    def __init__(self, kind: Kind, parent: Scope | None, node: ast.AST) -> None:
        self.kind = kind
        self.parent = parent
        self.node = node
        self.global_names: set[str] = set()
        self.nonlocal_names: set[str] = set()

    def is_below(self, outer: Scope) -> bool:
        """Tell whether this scope is another, or lies somewhere inside it."""
        scope: Scope | None = self
        while scope is not None and scope is not outer:
            scope = scope.parent
        return scope is outer


class ScopeReader:
    """Finds the scope in which a node of one module stands, and the nodes that hold a name."""

    def __init__(self, tree: ast.Module, nodes: AllNodes) -> None:
        self._nodes = nodes
        self.module = Scope("module", None, tree)
        self._opened: dict[tuple[ast.AST, Kind], Scope] = {(tree, "module"): self.module}
        for node in nodes_of(nodes, ast.Global, ast.Nonlocal):
            scope = self.scope_at(node)
            (scope.global_names if isinstance(node, ast.Global) else scope.nonlocal_names).update(node.names)

    @cached_property
    def types(self) -> tuple[list[ast.Name], list[ast.Constant]]:
        """The names and the texts that annotations read."""
        found: tuple[list[ast.Name], list[ast.Constant]] = [], []
        functions = nodes_of(self._nodes, *_FUNCTIONS)
        typed = nodes_of(self._nodes, ast.arg, ast.AnnAssign)
        pending: list[ast.AST | None] = [
            *(argument.annotation for argument in typed),
            *(function.returns for function in functions),
        ]
        while pending:
            match pending.pop():
                case None | ast.Lambda() | ast.NamedExpr():
                    pass
                case ast.Name() as name:
                    found[0].append(name)
                case ast.Constant(value=str()) as text:
                    found[1].append(text)
                case ast.Subscript() as generic:
                    pending += [generic.value, *_types_in(generic)]
                case node if not isinstance(node, _NO_TYPES):
                    pending += ast.iter_child_nodes(node)
        return found

    @cached_property
    def by_name(self) -> dict[str, list[ast.AST]]:
        """All nodes that hold a name, by the name."""
        found: dict[str, list[ast.AST]] = {}
        for kind, field in _NAMING.items():
            for node in self._nodes.of(kind):
                name = getattr(node, field)
                if name in found:
                    found[name].append(node)
                elif name:
                    found[name] = [node]
        for name, node in self._other_names():
            found.setdefault(name, []).append(node)
        return found

    def _other_names(self) -> Iterator[tuple[str, ast.AST]]:
        for statement in nodes_of(self._nodes, ast.Import, ast.ImportFrom):
            yield from ((bound_by(statement, alias), alias) for alias in statement.names)
        for node in nodes_of(self._nodes, ast.Global, ast.Nonlocal):
            yield from ((name, node) for name in node.names)
        for text in self.types[1]:
            yield from ((name, text) for name in names_in(str(text.value)))

    def scope_at(self, node: ast.AST) -> Scope:
        """Return the scope in which a name stands, or in which a definition, an import or a parameter binds it."""
        scope = self._made(*self._way(node))
        if isinstance(around := self._nodes.parents.get(node), ast.NamedExpr) and node is around.target:
            # A walrus binds outside of the comprehensions that it is in.
            while scope.kind == "comprehension" and scope.parent:
                scope = scope.parent
        return scope

    def opened_by(self, node: ast.AST) -> Scope:
        """Return the scope of the module, a function, a lambda or a class."""
        if node is self.module.node:
            return self.module
        missing, outer = self._way(node)
        return self._made([(node, kind) for kind in _with_types(node)] + missing, outer)

    def _way(self, node: ast.AST) -> tuple[list[tuple[ast.AST, Kind]], Scope]:
        """Return the scopes around a node, the innermost first, up to one that is made already, and that."""
        parents, opened = self._nodes.parents, self._opened
        missing: list[tuple[ast.AST, Kind]] = []
        below, child = node, node
        while (parent := parents.get(child)) is not None:
            if type(parent) in _OPENERS:
                for key in ((parent, kind) for kind in _kinds_around(parent, child, below, node)):
                    if key in opened:
                        return missing, opened[key]
                    missing.append(key)
            below, child = child, parent
        return missing, self.module

    def _made(self, missing: list[tuple[ast.AST, Kind]], scope: Scope) -> Scope:
        # A loop and not recursion: functions can lie in one another a thousand deep.
        for node, kind in reversed(missing):
            if (node, kind) not in self._opened:
                self._opened[node, kind] = Scope(kind, scope, node)
            scope = self._opened[node, kind]
        return scope


def _kinds_around(opener: ast.AST, child: ast.AST, below: ast.AST, node: ast.AST) -> tuple[Kind, ...]:
    """Return what an opener opens around a node that lies in its `child`, and in that in what is `below`."""
    match opener, child:
        case _, ast.stmt():
            return _with_types(opener)
        case _, ast.comprehension():
            # The outermost iterable is read outside.
            first = opener.generators[0]  # type: ignore[attr-defined]
            return () if child is first and below is first.iter else ("comprehension",)
        case _, ast.arguments():
            # Parameters are bound inside; defaults and annotations are read outside.
            inside = _with_types if below is node else _types_of
            return inside(opener) if isinstance(below, ast.arg) else ()
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef(), _:
            return () if any(child is decorator for decorator in opener.decorator_list) else _types_of(opener)
    return _with_types(opener)


def _with_types(opener: ast.AST) -> tuple[Kind, ...]:
    return (_OPENERS[type(opener)], *_types_of(opener))


def _types_of(opener: ast.AST) -> tuple[Kind, ...]:
    """Return the scope of a definition's type parameters, in which its annotations and bases are read."""
    return ("types",) if getattr(opener, "type_params", ()) else ()


def _types_in(node: ast.Subscript) -> list[ast.expr]:
    """Return what is a type within `X[...]`: nothing in a Literal, only the first in an Annotated."""
    head, inside = node.value, node.slice
    name = head.attr if isinstance(head, ast.Attribute) else head.id if isinstance(head, ast.Name) else ""
    parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    return {"Literal": [], "Annotated": parts[:1]}.get(name, parts)


def is_binding(node: ast.AST) -> bool:
    """Tell whether what holds a name binds it, and does not read or only declare it."""
    match node:
        case ast.Name(ctx=context):
            return type(context) is not ast.Load
        case ast.Constant() | ast.Global() | ast.Nonlocal():
            return False
    return True


def names_in(text: str) -> Counter[str]:
    """Count the names that a text reads, taken as an expression."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Counter()
    return Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
