"""Rewrite a string that names an old module: certain only where all uses of the loaded module are seen beside it.

The code may build the string: `import_module(f"a.{name}")`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from compatkit.migration import Move
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.made_text import ANY_TEXT, made_text
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import read_literal
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.strings.context import Context
from compatkit.rewrite.rules.strings.old_names import old_names_of
from compatkit.rewrite.rules.strings.string_takers import LOADS, PATCHES, called, named
from compatkit.rewrite.run_plan import RunPlan

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
    parents = [context.parents.get(ref.node) for ref in scopes.readers(local.id, scope)]
    return (
        [parent for parent in parents if isinstance(parent, ast.Attribute)]
        if all(isinstance(parent, ast.Attribute) for parent in parents)
        else []
    )


_LOADING = (LOADS | {"__import__", "find_spec"}) - PATCHES
_LEAVES = (ast.Constant, ast.Name, ast.Attribute, type(None))
_OPEN = re.compile(rf"(?P<package>\w+(?:\.\w+)*\.){ANY_TEXT}")


def find_computed(file: File, run: RunPlan) -> Iterator[Finding]:
    """Yield a finding for each call that takes an old module by a name that is not one text of the file."""
    for call in file.nodes.of(ast.Call) if run.moves else ():
        first = call.args[0] if call.args else None
        if called(call) in _LOADING and not isinstance(first, _LEAVES):
            found = _finding(file, run.moves, (first, made_text(first, file)))
            yield from [found] if found else []
        if called(call) == "dict" and _is_of_modules(first):
            for word in call.keywords:
                if (spelling := old_names_of(run.moves).read(word.arg or "")) and spelling.move.old_home == word.arg:
                    message = f"names {word.arg} in sys.modules; {_new(spelling.move)}"
                    yield file.finding(word.value, spelling.move.code, message)


def _is_of_modules(node: ast.expr | None) -> bool:
    """Tell whether a call of `mock.patch.dict` is about the modules that are loaded."""
    match node:
        case ast.Constant(value="sys.modules") | ast.Attribute(attr="modules"):
            return True
    return False


def _finding(file: File, moves: tuple[Move, ...], computed: tuple[ast.expr, str]) -> Finding | None:
    node, text = computed
    if ANY_TEXT not in text:
        spelling = old_names_of(moves).read(text)
        says = f"{text} is put together here and loaded"
        return file.finding(node, spelling.move.code, f"{says}; {_new(spelling.move)}") if spelling else None
    if package := _OPEN.match(text):
        move = next((candidate for candidate in moves if candidate.old_home.startswith(package["package"])), None)
        says = f"may load {move.old_home}, by a text that is put together here" if move else ""
        return file.finding(node, move.code, f"{says}; {_new(move)}") if move else None
    return None


def _new(move: Move) -> str:
    return f"{move.old} is {move.new} now"
