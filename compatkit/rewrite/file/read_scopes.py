"""Reads the scopes of a module: one walk over its tree."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable
from typing import Any

from compatkit.rewrite.file.imports import bound_by
from compatkit.rewrite.file.scopes import Reference, Scope, Scopes
from compatkit.rewrite.file.tree import FIELDS

_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def read_scopes(tree: ast.Module) -> Scopes:
    """Return where each name stands in a module, and to which scope each binding belongs."""
    scopes = Scopes()
    _Reader(scopes, tree).read()
    for name, references in scopes.by_name.items():
        for reference in references:
            if reference.is_binding and name not in reference.scope.nonlocal_names:
                scopes.home(name, reference.scope).bound.add(name)
    return scopes


class _Reader:
    def __init__(self, scopes: Scopes, tree: ast.Module) -> None:
        self._scopes = scopes
        self._is_late = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
        scopes.module.node = tree
        scopes.by_node[tree] = scopes.module
        self._pending: list[tuple[ast.AST, Scope, bool]] = [(node, scopes.module, False) for node in tree.body]
        # A table: to compare each node with a dozen patterns takes twice as long.
        self._visits: dict[type[ast.AST], Callable[[Any, Scope, bool], None]] = {
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Constant: self._constant,
            ast.Subscript: self._subscript,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.Lambda: self._lambda,
            ast.ClassDef: self._class,
            ast.NamedExpr: self._walrus,
            ast.AnnAssign: self._annotated,
            ast.Import: self._import,
            ast.ImportFrom: self._import,
            ast.ExceptHandler: self._named,
            ast.MatchAs: self._named,
            ast.MatchStar: self._named,
            ast.MatchMapping: self._mapping,
            ast.Global: self._global,
            ast.Nonlocal: self._nonlocal,
            **dict.fromkeys((ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp), self._comprehension),
            # Python 3.12 and later.
            **{
                getattr(ast, kind): self._named
                for kind in ("ParamSpec", "TypeVar", "TypeVarTuple")
                if hasattr(ast, kind)
            },
        }

    def read(self) -> None:
        # A loop and not recursion: a sum of a thousand terms is that deep.
        pending, visits = self._pending, self._visits
        while pending:
            node, scope, is_annotation = pending.pop()
            if visit := visits.get(type(node)):
                visit(node, scope, is_annotation)
                continue
            for field in FIELDS[type(node)]:
                child = getattr(node, field, None)
                if isinstance(child, ast.AST):
                    pending.append((child, scope, is_annotation))
                elif child.__class__ is list:
                    pending += [(part, scope, is_annotation) for part in child if isinstance(part, ast.AST)]

    def _name(self, node: ast.Name, scope: Scope, is_annotation: bool) -> None:
        if is_annotation and self._is_late:
            self._scopes.late.add(node)
        found = Reference(node.id, scope, node, type(node.ctx) is not ast.Load)
        # Half of all nodes are names.
        if node.id in self._scopes.by_name:
            self._scopes.by_name[node.id].append(found)
        else:
            self._scopes.by_name[node.id] = [found]

    def _attribute(self, node: ast.Attribute, scope: Scope, is_annotation: bool) -> None:
        self._pending.append((node.value, scope, is_annotation))

    def _constant(self, node: ast.Constant, scope: Scope, is_annotation: bool) -> None:
        if is_annotation and isinstance(node.value, str):
            self._scopes.quoted.add(node)
            self._scopes.late.add(node)
            for name in names_in(node.value):
                self._note(name, scope, node)

    def _subscript(self, node: ast.Subscript, scope: Scope, is_annotation: bool) -> None:
        if not is_annotation:
            self._push([node.value, node.slice], scope)
            return
        types = _types_in(node)
        inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        self._push(node.value, scope, is_annotation=True)
        self._push([each for each in inside if each not in types], scope)
        self._push(types, scope, is_annotation=True)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope, _: bool) -> None:
        self._note(node.name, scope, node, is_binding=True)
        self._push([node.decorator_list, node.args.defaults, node.args.kw_defaults], scope)
        typed = self._type_scope(node, scope)
        inner = self._scopes.by_node[node] = Scope("function", typed, node)
        self._arguments(node.args, inner, typed)
        self._push(node.returns, typed, is_annotation=True)
        self._push(node.body, inner)

    def _lambda(self, node: ast.Lambda, scope: Scope, _: bool) -> None:
        self._push([node.args.defaults, node.args.kw_defaults], scope)
        inner = self._scopes.by_node[node] = Scope("function", scope, node)
        self._arguments(node.args, inner, scope)
        self._push(node.body, inner)

    def _class(self, node: ast.ClassDef, scope: Scope, _: bool) -> None:
        self._note(node.name, scope, node, is_binding=True)
        self._push(node.decorator_list, scope)
        typed = self._type_scope(node, scope)
        self._push([node.bases, node.keywords], typed)
        inner = self._scopes.by_node[node] = Scope("class", typed, node)
        self._push(node.body, inner)

    def _walrus(self, node: ast.NamedExpr, scope: Scope, _: bool) -> None:
        # It binds outside of the comprehensions that it is in.
        outer = scope
        while outer.kind == "comprehension" and outer.parent:
            outer = outer.parent
        self._push(node.target, outer)
        self._push(node.value, scope)

    def _annotated(self, node: ast.AnnAssign, scope: Scope, _: bool) -> None:
        self._push([node.target, node.value], scope)
        self._push(node.annotation, scope, is_annotation=True)

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope, _: bool) -> None:
        for alias in node.names:
            self._note(bound_by(node, alias), scope, alias, is_binding=True)

    def _named(self, node: Any, scope: Scope, is_annotation: bool) -> None:
        if node.name:
            self._note(node.name, scope, node, is_binding=True)
        self._push([getattr(node, field, None) for field in node._fields], scope, is_annotation=is_annotation)

    def _mapping(self, node: ast.MatchMapping, scope: Scope, _: bool) -> None:
        if node.rest:
            self._note(node.rest, scope, node, is_binding=True)
        self._push([node.keys, node.patterns], scope)

    def _global(self, node: ast.Global, scope: Scope, _: bool) -> None:
        scope.global_names.update(node.names)
        for name in node.names:
            self._note(name, scope, node)

    def _nonlocal(self, node: ast.Nonlocal, scope: Scope, _: bool) -> None:
        scope.nonlocal_names.update(node.names)
        for name in node.names:
            self._note(name, scope, node)

    def _type_scope(self, node: ast.AST, scope: Scope) -> Scope:
        """Return the scope of a definition's type parameters, in which its annotations and bases are read."""
        parameters = getattr(node, "type_params", ())
        if not parameters:
            return scope
        typed = Scope("types", scope)
        self._push(parameters, typed)
        return typed

    def _arguments(self, arguments: ast.arguments, inner: Scope, outer: Scope) -> None:
        every = [*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg]
        for argument in every:
            if argument:
                self._note(argument.arg, inner, argument, is_binding=True)
                self._push(argument.annotation, outer, is_annotation=True)

    def _comprehension(self, node: _Comprehension, scope: Scope, _: bool) -> None:
        first, *rest = node.generators
        # The outermost iterable is read outside.
        self._push(first.iter, scope)
        inner = Scope("comprehension", scope, node)
        self._push([first.target, first.ifs, rest], inner)
        self._push([node.key, node.value] if isinstance(node, ast.DictComp) else node.elt, inner)

    def _note(self, name: str, scope: Scope, node: ast.AST, *, is_binding: bool = False) -> None:
        self._scopes.by_name.setdefault(name, []).append(Reference(name, scope, node, is_binding))

    def _push(self, found: object, scope: Scope, *, is_annotation: bool = False) -> None:
        if isinstance(found, ast.AST):
            self._pending.append((found, scope, is_annotation))
        elif isinstance(found, list | tuple):
            for part in found:
                if isinstance(part, ast.AST):
                    self._pending.append((part, scope, is_annotation))
                else:
                    self._push(part, scope, is_annotation=is_annotation)


def _types_in(node: ast.Subscript) -> list[ast.expr]:
    """Return what is a type within `X[...]`: nothing in a Literal, only the first in an Annotated."""
    head, inside = node.value, node.slice
    name = head.attr if isinstance(head, ast.Attribute) else head.id if isinstance(head, ast.Name) else ""
    parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    return {"Literal": [], "Annotated": parts[:1]}.get(name, parts)


def names_in(text: str) -> Counter[str]:
    """Count the names that a text reads, taken as an expression."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Counter()
    return Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
