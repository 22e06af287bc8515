"""Python's scopes over a tree: where a name is bound, and to which scope each place that reads it belongs.

Names are resolved lazily, from each node up to the one with its scope: most rules ask about a few names of a file, and
to resolve all of them would take as long as everything else together. Annotations in quotes count as code, read where
they stand.
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


class _ScopeReader:
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


class Reference:
    """A place where a name stands, and the scope in which it does.

    `node` is the name itself, the import's alias, the definition or pattern that binds it, or the quoted annotation
    that holds it.
    """

    __slots__ = ("is_binding", "name", "node", "scope")

    def __init__(self, name: str, scope: Scope, node: ast.AST, is_binding: bool) -> None:
        self.name = name
        self.scope = scope
        self.node = node
        self.is_binding = is_binding

    @property
    def line(self) -> int:
        return int(getattr(self.node, "lineno", 0))

    @property
    def is_del(self) -> bool:
        return isinstance(self.node, ast.Name) and isinstance(self.node.ctx, ast.Del)


class Scopes:
    """The references in a module, placed once their name is asked about, and the annotations that are read later."""

    def __init__(self, tree: ast.Module, nodes: AllNodes) -> None:
        self._reader = _ScopeReader(tree, nodes)
        self._tree = tree
        self._found: dict[str, list[Reference]] = {}
        self._by_node: dict[ast.AST, Reference] = {}
        self._homes_of: dict[str, set[Scope]] = {}
        self.module = self._reader.module
        self.opened_by = self._reader.opened_by

    @cached_property
    def quoted(self) -> frozenset[ast.AST]:
        """The annotations that stand in quotes."""
        return frozenset(self._reader.types[1])

    @cached_property
    def late(self) -> frozenset[ast.AST]:
        """Annotations that are read only later, if ever, and then as if they stood at the top of the module."""
        is_late = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in self._tree.body)
        return self.quoted.union(self._reader.types[0] if is_late else ())

    def of(self, name: str) -> list[Reference]:
        """Return every reference to a name, whatever it stands for there."""
        if name not in self._found:
            nodes = self._reader.by_name.get(name, ())
            found = [Reference(name, self._reader.scope_at(node), node, is_binding(node)) for node in nodes]
            self._found[name] = found
            self._by_node |= {ref.node: ref for ref in found if isinstance(ref.node, ast.Name | ast.alias)}
        return self._found[name]

    def at(self, name: str, node: ast.AST) -> Reference | None:
        """Return the reference that a name, or the alias of an import, is."""
        self.of(name)
        return self._by_node.get(node)

    def binds(self, scope: Scope, name: str) -> bool:
        """Tell whether a scope binds a name; one that only declares it to be of another scope does not."""
        return scope in self._homes(name)

    def bound_in(self, scope: Scope) -> frozenset[str]:
        """Return all names that a scope binds."""
        return frozenset(self._bound.get(scope, ()))

    @cached_property
    def _bound(self) -> dict[Scope, list[str]]:
        found: dict[Scope, list[str]] = {}
        for name in self._reader.by_name:
            for scope in self._homes(name):
                found.setdefault(scope, []).append(name)
        return found

    def _homes(self, name: str) -> set[Scope]:
        """Return the scopes that bind a name."""
        if name not in self._homes_of:
            # Kept before it is full: a `nonlocal` leads to the scopes around that bind the name.
            homes = self._homes_of[name] = set()
            for node in self._reader.by_name.get(name, ()):
                if is_binding(node):
                    scope = self._reader.scope_at(node)
                    if name not in scope.nonlocal_names:
                        homes.add(self.home(name, scope))
        return self._homes_of[name]

    def bindings(self, name: str, home: Scope) -> list[Reference]:
        """Return the references that bind a name of this scope, `del` included."""
        return [ref for ref in self.of(name) if ref.is_binding and self.home(name, ref.scope) is home]

    def readers(self, name: str, home: Scope) -> list[Reference]:
        """Return the references that read a name of this scope, or name it in a `global` statement."""
        return [ref for ref in self.of(name) if not ref.is_binding and self.resolve(ref) is home]

    def home(self, name: str, scope: Scope) -> Scope:
        """Return the scope to which a binding of `name` in `scope` belongs."""
        if name in scope.global_names:
            return self.module
        if name in scope.nonlocal_names:
            outer = (
                candidate
                for candidate in _around(scope)
                if candidate.kind == "function" and self.binds(candidate, name)
            )
            return next(outer, self.module)
        return scope

    def owner(self, reference: Reference) -> Scope | None:
        """Return the scope to which what a reference binds or reads belongs; None if the module does not bind it."""
        return self.home(reference.name, reference.scope) if reference.is_binding else self.resolve(reference)

    def resolve(self, reference: Reference) -> Scope | None:
        """Return the scope that a name belongs to; None for one that the module does not bind."""
        name = reference.name
        home = self.home(name, reference.scope)
        if home is not reference.scope or self.binds(home, name):
            return home if self.binds(home, name) else None
        return self.outside(name, reference.scope)

    def is_missing(self, name: str) -> bool:
        """Tell whether a name is read somewhere that neither the module nor a scope in it binds."""
        return any(not ref.is_binding and self.resolve(ref) is None for ref in self.of(name))

    def outside(self, name: str, inner: Scope) -> Scope | None:
        """Return the scope that a name in `inner` would belong to if that did not bind it."""
        for scope in _around(inner):
            if scope.kind == "class" and not _sees_class(inner, scope):
                continue
            if name in scope.global_names:
                break
            if self.binds(scope, name):
                return scope
        return self.module if self.binds(self.module, name) else None

    def may_read_outside(self, binding: Reference, home: Scope) -> bool:
        """Tell whether a class that binds a name may read the one of `home` before.

        A class reads the outer name until it binds its own, and so do the types of what is defined in it.
        """
        inner = binding.scope
        if inner.kind != "class" or self.outside(binding.name, inner) is not home:
            return False
        return any(not ref.is_binding and self.reads_from(ref, inner) for ref in self.of(binding.name))

    @staticmethod
    def reads_from(reference: Reference, scope: Scope) -> bool:
        """Tell whether a name stands in a scope, or where types are read in one that is a class."""
        return reference.scope is scope or _sees_class(reference.scope, scope)

    def passes(self, reference: Reference, home: Scope) -> Iterator[Scope]:
        """Yield the scopes that are asked for a name before `home` is."""
        scope: Scope | None = reference.scope
        while scope is not None and scope is not home:
            if scope is reference.scope or scope.kind != "class" or _sees_class(reference.scope, scope):
                yield scope
            scope = scope.parent


def _around(scope: Scope) -> Iterator[Scope]:
    """Yield the scopes around this one, the innermost first, but for the module."""
    outer = scope.parent
    while outer is not None and outer.parent is not None:
        yield outer
        outer = outer.parent


def _sees_class(scope: Scope, outer: Scope) -> bool:
    """Tell whether a scope reads the names of the class around it: only one of type parameters does."""
    return scope.kind == "types" and scope.parent is outer
