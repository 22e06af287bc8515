"""Reads the scopes of a module: one walk over its tree, down to where a name is spelled."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable

from compatkit.rewrite.file.parse import local_name
from compatkit.rewrite.file.scopes import Place, Scope, Scopes
from compatkit.rewrite.file.text import Source

# Python 3.12 and later.
_TYPE_PARAMETERS = {"ParamSpec", "TypeVar", "TypeVarTuple"}


def read_scopes(tree: ast.Module, names: Collection[str], source: Source) -> Scopes:
    """Return where some names stand in a module, and to which scope each binding belongs."""
    scopes = Scopes()
    _Reader(scopes, tree, names, source).read()
    for place in scopes.places:
        if place.is_binding and place.name not in place.scope.nonlocal_names:
            scopes.home(place.name, place.scope).bound.add(place.name)
    return scopes


class _Reader:
    def __init__(self, scopes: Scopes, tree: ast.Module, names: Collection[str], source: Source) -> None:
        self._scopes = scopes
        self._is_late = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
        self._names = frozenset(names)
        self._lines = _lines_spelling(self._names, source)
        self._pending: list[tuple[ast.AST, Scope, bool]] = [(node, scopes.module, False) for node in tree.body]

    def read(self) -> None:
        # A loop and not recursion: a sum of a thousand terms is that deep.
        while self._pending:
            self._visit(*self._pending.pop())

    def _visit(self, node: ast.AST, scope: Scope, is_annotation: bool) -> None:
        if isinstance(node, ast.stmt) and not self._spells_any(node):
            return
        match node:
            case ast.Name(id=name):
                if is_annotation and self._is_late:
                    self._scopes.late.add(node)
                self._note(name, scope, node, is_binding=not isinstance(node.ctx, ast.Load))
            case ast.Constant(value=str(text)) if is_annotation:
                self._scopes.quoted.add(node)
                self._scopes.late.add(node)
                for name in self._names & set(names_in(text)):
                    self._note(name, scope, node)
            case ast.Subscript() if is_annotation:
                types = _types_in(node)
                inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
                self._push(node.value, scope, is_annotation=True)
                self._push([each for each in inside if each not in types], scope)
                self._push(types, scope, is_annotation=True)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node, scope)
            case ast.Lambda():
                self._push([node.args.defaults, node.args.kw_defaults], scope)
                inner = Scope("function", scope)
                self._arguments(node.args, inner, scope)
                self._push(node.body, inner)
            case ast.ClassDef():
                self._class(node, scope)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node, scope)
            case ast.NamedExpr():
                # It binds outside of the comprehensions that it is in.
                outer = scope
                while outer.kind == "comprehension" and outer.parent:
                    outer = outer.parent
                self._push(node.target, outer)
                self._push(node.value, scope)
            case ast.AnnAssign():
                self._push([node.target, node.value], scope)
                self._push(node.annotation, scope, is_annotation=True)
            case _:
                self._bind_by(node, scope)
                self._push([getattr(node, each, None) for each in node._fields], scope, is_annotation=is_annotation)

    def _spells_any(self, node: ast.stmt) -> bool:
        """Tell whether one of the names stands in a statement: most hold none, down to the innermost."""
        if self._lines is None:
            return True
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
        index = bisect_left(self._lines, first)
        return index < len(self._lines) and self._lines[index] <= (node.end_lineno or first)

    def _bind_by(self, node: ast.AST, scope: Scope) -> None:
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    self._note(alias.asname or alias.name.partition(".")[0], scope, alias, is_binding=True)
            case ast.ImportFrom(names=aliases):
                for alias in aliases:
                    self._note(local_name(alias), scope, alias, is_binding=True)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                self._note(name, scope, node, is_binding=True)
            case ast.MatchMapping(rest=str(name)):
                self._note(name, scope, node, is_binding=True)
            case ast.Global(names=names):
                scope.global_names |= set(names)
                self._note_all(names, scope, node)
            case ast.Nonlocal(names=names):
                scope.nonlocal_names |= set(names)
                self._note_all(names, scope, node)
            case _ if type(node).__name__ in _TYPE_PARAMETERS:
                self._note(node.name, scope, node, is_binding=True)  # type: ignore[attr-defined]

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        self._note(node.name, scope, node, is_binding=True)
        self._push([node.decorator_list, node.args.defaults, node.args.kw_defaults], scope)
        typed = self._type_scope(node, scope)
        inner = Scope("function", typed)
        self._arguments(node.args, inner, typed)
        self._push(node.returns, typed, is_annotation=True)
        self._push(node.body, inner)

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        self._note(node.name, scope, node, is_binding=True)
        self._push(node.decorator_list, scope)
        typed = self._type_scope(node, scope)
        self._push([node.bases, node.keywords], typed)
        self._push(node.body, Scope("class", typed))

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

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, scope: Scope) -> None:
        first, *rest = node.generators
        # The outermost iterable is read outside.
        self._push(first.iter, scope)
        inner = Scope("comprehension", scope)
        self._push([first.target, first.ifs, rest], inner)
        self._push([node.key, node.value] if isinstance(node, ast.DictComp) else node.elt, inner)

    def _note(self, name: str, scope: Scope, node: ast.AST, *, is_binding: bool = False) -> None:
        if name in self._names:
            self._scopes.places.append(Place(name, scope, node, is_binding))

    def _note_all(self, names: list[str], scope: Scope, node: ast.AST) -> None:
        for name in names:
            self._note(name, scope, node)

    def _push(self, found: object, scope: Scope, *, is_annotation: bool = False) -> None:
        if isinstance(found, ast.AST):
            self._pending.append((found, scope, is_annotation))
        elif isinstance(found, list | tuple):
            for each in found:
                self._push(each, scope, is_annotation=is_annotation)


def _lines_spelling(names: Iterable[str], source: Source) -> list[int] | None:
    """Return the lines in which one of the names stands, sorted; None where that cannot be told by the text."""
    if not source.text.isascii():
        # One name is spelled in several ways then.
        return None
    pattern = re.compile("|".join(map(re.escape, names)))
    return [source.line(found.start()) for found in pattern.finditer(source.text)]


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
