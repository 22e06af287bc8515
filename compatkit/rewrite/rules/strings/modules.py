"""A string that names an old module: certain only where all that is used of the module is seen beside it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from compatkit.migration import Move
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import read_literal
from compatkit.rewrite.rules.strings.context import Context
from compatkit.rewrite.rules.strings.string_takers import called, named

_IMPORTS = frozenset({"import_module", "importorskip"})
# With a module and a name: of the builtins, unittest.mock and pytest.
_NAMED = frozenset({"delattr", "getattr", "hasattr", "object", "setattr"})


@dataclass(frozen=True, slots=True)
class ModuleTextUse:
    """A use of the module: moved names at places of the text, which become the new names."""

    move: Move
    names: tuple[tuple[int, int, str], ...]


def find_known_use(context: Context, node: ast.Constant, moves: Sequence[Move]) -> ModuleTextUse | None:
    """Return what is used of the module that this string names, where that is moved names of one new home only."""
    source = context.file.source
    call = context.parents.get(node)
    if not isinstance(call, ast.Call) or call.args != [node] or call.keywords or called(call) not in _IMPORTS:
        return None
    by_name = {move.old_name: move for move in moves if {move.new} == {one.new for one in moves if one.old == move.old}}
    match context.parents.get(call):
        case ast.Attribute() as attribute:
            return _use(source, [attribute], by_name)
        case ast.Call(func=func, args=[first, ast.Constant(value=str(name)) as second, *_]) if (
            first is call and name in by_name and named(func) in _NAMED
        ):
            literal = read_literal(source, second)
            return (
                ModuleTextUse(by_name[name], ((literal.start, literal.end, by_name[name].new_name),))
                if literal
                else None
            )
        case ast.Assign(targets=[ast.Name() as local]) if _is_local(node, context):
            return _use(source, _attributes(context, local), by_name)
    return None


def _is_local(node: ast.AST, context: Context) -> bool:
    # Other files may use what a module binds.
    return any(isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef) for above, _ in context.above(node))


def _use(source: Source, attributes: list[ast.Attribute], by_name: dict[str, Move]) -> ModuleTextUse | None:
    moves = [by_name.get(attribute.attr) for attribute in attributes]
    first = moves[0] if moves else None
    if first is None or any(move is None or move.new_module != first.new_module for move in moves):
        return None
    names = []
    for attribute, move in zip(attributes, moves, strict=True):
        assert move is not None
        assert attribute.end_lineno is not None
        assert attribute.end_col_offset is not None
        end = source.offset(attribute.end_lineno, attribute.end_col_offset)
        names.append((end - len(move.old_name), end, move.new_name))
    return ModuleTextUse(first, tuple(names))


def _attributes(context: Context, local: ast.Name) -> list[ast.Attribute]:
    """Return all uses of a name that is bound once in its scope; none where it is used in any other way."""
    scopes, scope = context.file.scopes, context.file.scope_of(local)
    if scope is None or len(scopes.bindings(local.id, scope)) != 1:
        return []
    parents = [context.parents.get(each.node) for each in scopes.readers(local.id, scope)]
    return (
        [parent for parent in parents if isinstance(parent, ast.Attribute)]
        if all(isinstance(parent, ast.Attribute) for parent in parents)
        else []
    )
