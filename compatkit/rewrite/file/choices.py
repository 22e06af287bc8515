"""Detect files that support both releases: the old and the new name stand in different branches of one choice."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence

from compatkit.rewrite.file.file import File

_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_Branch = Sequence[ast.AST]
_OF_DATA = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Tuple,
    ast.List, ast.Set, ast.expr_context, ast.cmpop, ast.boolop, ast.unaryop,
)  # fmt: skip
_OF_RELEASES = re.compile(
    r"(?i)version|release|legacy|compat|modern|deprecat|support|avail|api|new|old|v\d|\d\.\d|since|upgrade"
)


def is_chosen_beside(file: File, node: ast.AST, rivals: Collection[ast.AST]) -> bool:
    """Tell whether one branch of a choice holds a node, and another branch of it one of its rivals.

    A rival that is asked for by its name (`hasattr`, `getattr`) also tells the branches of a choice that depends on it.
    """
    if not rivals:
        return False
    questions = {question for question, *_ in file.questions}.intersection(rivals)
    for test, branches in _choices(file, node):
        if test is not None and _is_about_data(file, test):
            continue
        holding = [any(inner is node for inner in _walk(branch)) for branch in branches]
        if True not in holding:
            continue
        others = [branch for branch, holds in zip(branches, holding, strict=True) if not holds]
        if any(inner is rival for branch in others for inner in _walk(branch) for rival in rivals):
            return True
        if questions and test is not None and not questions.isdisjoint(_asked_in(file, test)):
            return True
    return False


def _choices(file: File, node: ast.AST) -> Iterator[tuple[ast.expr | None, list[_Branch]]]:
    """Yield what each choice depends on, if that is an expression, and its branches."""
    for statement in file.statements:
        match statement:
            case ast.Try() | ast.TryStar():
                yield None, [statement.body, *(handler.body for handler in statement.handlers), statement.orelse]
            case ast.If():
                yield statement.test, [statement.body, statement.orelse]
            case ast.Match():
                yield statement.subject, [case.body for case in statement.cases]
        for block in (getattr(statement, "body", ()), getattr(statement, "orelse", ())):
            yield from _early_exits(block)
    yield from _early_exits(file.tree.body)
    if isinstance(node, ast.expr):
        for choice in file.nodes.of(ast.IfExp):
            yield choice.test, [[choice.body], [choice.orelse]]
        for chain in file.nodes.of(ast.BoolOp):
            if isinstance(chain.op, ast.Or):
                yield None, [[value] for value in chain.values]
        for table in file.nodes.of(ast.Dict):
            yield None, [[value] for value in table.values]


def _is_about_data(file: File, test: ast.expr) -> bool:
    """Tell whether a choice depends on nothing but what a function is given, of which no word tells of releases."""
    nodes = list(ast.walk(test))
    if not all(isinstance(node, _OF_DATA) for node in nodes):
        return False
    words = [getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "value", "") for node in nodes]
    if any(isinstance(word, str) and _OF_RELEASES.search(word) for word in words):
        return False
    names = [node for node in nodes if isinstance(node, ast.Name)]
    return bool(names) and all(_is_given(file, name) for name in names)


def _is_given(file: File, name: ast.Name) -> bool:
    scope = file.scope_of(name)
    bindings = file.scopes.bindings(name.id, scope) if scope is not None else []
    return bool(bindings) and all(isinstance(binding.node, ast.arg) for binding in bindings)


def _asked_in(file: File, test: ast.expr) -> Iterator[ast.AST]:
    """Yield what is in a test, and in what the names in it were bound to."""
    for inner in ast.walk(test):
        yield inner
        scope = file.scope_of(inner) if isinstance(inner, ast.Name) else None
        for binding in file.scopes.bindings(inner.id, scope) if isinstance(inner, ast.Name) and scope else ():
            statement = file.parents.get(binding.node)
            yield from ast.walk(statement.value) if isinstance(statement, ast.Assign) else ()


def _early_exits(block: Sequence[ast.stmt]) -> Iterator[tuple[ast.expr, list[_Branch]]]:
    """Yield each `if` that leaves a block, with what comes after it."""
    for index, statement in enumerate(block):
        if isinstance(statement, ast.If) and isinstance(statement.body[-1], _LEAVES):
            yield statement.test, [statement.body, [*statement.orelse, *block[index + 1 :]]]


def _walk(branch: Sequence[ast.AST]) -> Iterator[ast.AST]:
    for node in branch:
        yield from ast.walk(node)
