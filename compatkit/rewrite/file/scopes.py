"""Python's scopes over a tree: where a name is bound, and to which scope each place that reads it belongs.

Annotations in quotes count as code, read where they stand.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal

Kind = Literal["module", "class", "function", "comprehension", "types"]


class Scope:
    """One scope: what it binds, and which names it declares to be of another. `node` is what opens it."""

    __slots__ = ("bound", "global_names", "kind", "node", "nonlocal_names", "parent")

    def __init__(self, kind: Kind, parent: Scope | None = None, node: ast.AST | None = None) -> None:
        self.kind = kind
        self.parent = parent
        self.node = node
        self.bound: set[str] = set()
        self.global_names: set[str] = set()
        self.nonlocal_names: set[str] = set()

    def is_below(self, outer: Scope) -> bool:
        """Tell whether this scope is another, or lies somewhere inside it."""
        scope: Scope | None = self
        while scope is not None and scope is not outer:
            scope = scope.parent
        return scope is outer


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
    """All references in a module by name, and the `quoted` annotations around some of them."""

    def __init__(self) -> None:
        self.module = Scope("module")
        self.by_name: dict[str, list[Reference]] = {}
        self.by_node: dict[ast.AST, Scope] = {}
        self.quoted: set[ast.AST] = set()
        # Annotations that are read only later, if ever, and then as if they stood at the top of the module.
        self.late: set[ast.AST] = set()

    def of(self, name: str) -> list[Reference]:
        """Return every reference to a name, whatever it stands for there."""
        return self.by_name.get(name, [])

    def bindings(self, name: str, home: Scope) -> list[Reference]:
        """Return the references that bind a name of this scope, `del` included."""
        return [each for each in self.of(name) if each.is_binding and self.home(name, each.scope) is home]

    def readers(self, name: str, home: Scope) -> list[Reference]:
        """Return the references that read a name of this scope, or name it in a `global` statement."""
        return [each for each in self.of(name) if not each.is_binding and self.resolve(each) is home]

    def home(self, name: str, scope: Scope) -> Scope:
        """Return the scope to which a binding of `name` in `scope` belongs."""
        if name in scope.global_names:
            return self.module
        if name in scope.nonlocal_names:
            outer = (each for each in _around(scope) if each.kind == "function" and name in each.bound)
            return next(outer, self.module)
        return scope

    def owner(self, reference: Reference) -> Scope | None:
        """Return the scope to which what a reference binds or reads belongs; None if the module does not bind it."""
        return self.home(reference.name, reference.scope) if reference.is_binding else self.resolve(reference)

    def resolve(self, reference: Reference) -> Scope | None:
        """Return the scope that a name belongs to; None for one that the module does not bind."""
        name = reference.name
        home = self.home(name, reference.scope)
        if home is not reference.scope or name in home.bound:
            return home if name in home.bound else None
        return self.outside(name, reference.scope)

    def outside(self, name: str, inner: Scope) -> Scope | None:
        """Return the scope that a name in `inner` would belong to if that did not bind it."""
        for scope in _around(inner):
            if scope.kind == "class" and not _sees_class(inner, scope):
                continue
            if name in scope.global_names:
                break
            if name in scope.bound:
                return scope
        return self.module if name in self.module.bound else None

    def may_read_outside(self, binding: Reference, home: Scope) -> bool:
        """Tell whether a class that binds a name may read the one of `home` before.

        A class reads the outer name until it binds its own, and so do the types of what is defined in it.
        """
        inner = binding.scope
        if inner.kind != "class" or self.outside(binding.name, inner) is not home:
            return False
        return any(not each.is_binding and self.reads_from(each, inner) for each in self.of(binding.name))

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
