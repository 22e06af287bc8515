"""Python's scopes over a tree: where a name is bound, and to which scope each place that reads it belongs.

Only the names that are asked for are recorded. Annotations in quotes count as code, read where they stand.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["module", "class", "function", "comprehension", "types"]


@dataclass(eq=False, slots=True)
class Scope:
    """One scope: what it binds, and which names it declares to be of another."""

    kind: Kind
    parent: Scope | None = None
    bound: set[str] = field(default_factory=set)
    global_names: set[str] = field(default_factory=set)
    nonlocal_names: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name stands, and the scope in which it does.

    `node` is the name itself, the import's alias, the definition or pattern that binds it, or the quoted annotation
    that holds it.
    """

    name: str
    scope: Scope
    node: ast.AST
    is_binding: bool = False


class Scopes:
    """All places of some names in a module, and the `quoted` annotations around them."""

    def __init__(self) -> None:
        self.module = Scope("module")
        self.places: list[Place] = []
        self.quoted: set[ast.AST] = set()
        # What is read only later, if ever, and then as if it stood at the top of the module.
        self.late: set[ast.AST] = set()

    def home(self, name: str, scope: Scope) -> Scope:
        """Return the scope to which a binding of `name` in `scope` belongs."""
        if name in scope.global_names:
            return self.module
        if name in scope.nonlocal_names:
            outer = (each for each in _around(scope) if each.kind == "function" and name in each.bound)
            return next(outer, self.module)
        return scope

    def resolve(self, place: Place) -> Scope | None:
        """Return the scope that a name belongs to; None for one that the module does not bind."""
        home = self.home(place.name, place.scope)
        if home is not place.scope or place.name in home.bound:
            return home if place.name in home.bound else None
        return self.outside(place)

    def outside(self, place: Place) -> Scope | None:
        """Return the scope that a name would belong to if its own did not bind it."""
        for scope in _around(place.scope):
            if scope.kind == "class" and not _sees_class(place.scope, scope):
                continue
            if place.name in scope.global_names:
                break
            if place.name in scope.bound:
                return scope
        return self.module if place.name in self.module.bound else None

    @staticmethod
    def is_below(scope: Scope | None, outer: Scope) -> bool:
        """Tell whether a scope is another, or lies somewhere inside it."""
        while scope is not None and scope is not outer:
            scope = scope.parent
        return scope is outer

    @staticmethod
    def reads_from(place: Place, scope: Scope) -> bool:
        """Tell whether a name stands in a scope, or where types are read in one that is a class."""
        return place.scope is scope or _sees_class(place.scope, scope)

    def passes(self, place: Place, home: Scope) -> Iterator[Scope]:
        """Yield the scopes that are asked for a name before `home` is."""
        scope: Scope | None = place.scope
        while scope is not None and scope is not home:
            if scope is place.scope or scope.kind != "class" or _sees_class(place.scope, scope):
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
