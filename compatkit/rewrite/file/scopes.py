"""Python's scopes over a tree: where a name is bound, and to which scope each place that reads it belongs.

Annotations in quotes count as code, read where they stand.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from compatkit.rewrite.file.read_scopes import Scope, ScopeReader, is_binding
from compatkit.rewrite.file.tree import AllNodes


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
        self._reader = ScopeReader(tree, nodes)
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
