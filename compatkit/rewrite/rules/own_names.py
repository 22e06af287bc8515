"""Report where code asks what moves for its own name, module or file: v2 answers otherwise, and nothing fails."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from compatkit.migration import Move
from compatkit.migration.renaming import Renaming, renaming_of
from compatkit.rewrite.edit.edit import Found
from compatkit.rewrite.file.file import File
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.run_plan import RunPlan

_Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_OF_NAMES = frozenset({"__name__", "__qualname__"})
_SHOWING = frozenset({"print", "repr", "str"})
# An own name that is asked for, or looked up, and a class that is shown.
_FORMS = ("{}.__", "'{}'", '"{}"', "{{{}")
_OF_SYMBOLS = _OF_NAMES | {"__module__"}
_OF_MODULES = frozenset({"__file__", "__name__", "__package__", "__path__", "__spec__"})


def may_ask(text: str, names: Iterable[str]) -> bool:
    """Tell whether a text may ask one of these for its own name, show it, or look it up by that."""
    return any(
        any(form.format(name) in text or form.format(name.lower()) in text for form in _FORMS)
        or re.search(rf"\b(?:{'|'.join(_SHOWING)})\([^()\n]*\b{re.escape(name)}\b", text)
        for name in names
    )


def find_own_names(file: File, run: RunPlan) -> Found:
    """Report each attribute in which the old name shows, and each text by which a class may be found under it."""
    where = renaming_of(run.every_move)
    found = list(_shown(file, where))
    if ".__" in file.source.text or "get_type_hints" in file.source.text:
        found += [*_asked(file, where), *_found_by_name(file, where), *_annotations(file, where)]
    return Found(findings=found)


def _shown(file: File, where: Renaming) -> Iterator[Finding]:
    """Yield where a class is made a text, which says its module and name."""
    for node in _shown_parts(file):
        for old in file.meanings(node):
            if (move := where.declared(old)) and move.old == old and re.match("[A-Z]+[a-z]", move.old_name):
                yield file.finding(node, move.code, f"shows {old} as a text: it is {move.new} now")


def _annotations(file: File, where: Renaming) -> Iterator[Finding]:
    """Yield where the types that a function or class of this file is annotated with are shown."""
    definitions = {node.name: node for node in file.tree.body if isinstance(node, _Defined)}
    for node in _shown_parts(file):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr="__annotations__"):
                pass
            case ast.Call(func=ast.Name(id="get_type_hints") | ast.Attribute(attr="get_type_hints"), args=[first, *_]):
                name = first.id if isinstance(first, ast.Name) else ""
            case _:
                continue
        if name in definitions:
            for old in dict.fromkeys(_noted(file, definitions[name])):
                if move := where.of(old):
                    yield file.finding(node, move.code, f"shows a type of {name}, {old}: it is {move.new} now")


def _noted(file: File, definition: _Defined) -> Iterator[str]:
    """Yield the dotted names in the annotations of a definition that are no texts."""
    for inner in ast.walk(definition):
        for note in (getattr(inner, "annotation", None), getattr(inner, "returns", None)):
            parts = ast.walk(note) if isinstance(note, ast.expr) else ()
            yield from (name for part in parts if isinstance(part, ast.expr) for name in file.meanings(part))


def _shown_parts(file: File) -> Iterator[ast.expr]:
    """Yield what is made a text."""
    for call in file.nodes.of(ast.Call):
        yield from call.args if isinstance(call.func, ast.Name) and call.func.id in _SHOWING else ()
    yield from (node.value for node in file.nodes.of(ast.FormattedValue))


def _asked(file: File, where: Renaming) -> Iterator[Finding]:
    for node in file.nodes.of(ast.Attribute):
        if node.attr not in _OF_SYMBOLS | _OF_MODULES:
            continue
        for meaning in file.meanings(_class_of(node.value) or node.value):
            move = where.of(meaning)
            if move and node.attr in _changing(move, meaning, where):
                new = move.new_name if node.attr in _OF_NAMES and not where.whole(meaning) else move.new
                message = f"asks {meaning} for its {node.attr}, which changes: it is {new} now"
                yield file.finding(node, move.code, message)


def _class_of(node: ast.expr) -> ast.expr | None:
    """Return the class of an object that is made on the spot, where the class is what is asked."""
    match node:
        case ast.Attribute(value=ast.Call(func=made), attr="__class__"):
            return made
        case ast.Call(func=ast.Name(id="type"), args=[ast.Call(func=made)]):
            return made
    return None


def _changing(move: Move, meaning: str, where: Renaming) -> frozenset[str]:
    """Return the attributes of what moves that have another value afterwards."""
    if where.whole(meaning):
        return _OF_MODULES
    return _OF_SYMBOLS if move.old_name != move.new_name else frozenset({"__module__"})


def _found_by_name(file: File, where: Renaming) -> Iterator[Finding]:
    """Yield texts that are an imported name, in a file that asks objects for their names, as a registry does."""
    asking = [node for node in file.nodes.of(ast.Attribute) if node.attr in _OF_NAMES and not file.meanings(node.value)]
    moves = {each.name.rpartition(".")[2].lower(): where.declared(each.name) for each in file.imports if asking}
    for node in file.nodes.of(ast.Constant) if moves else ():
        # A registry may keep its names in small letters.
        move = moves.get(node.value.lower()) if isinstance(node.value, str) else None
        if move and move.old_name != move.new_name:
            line = asking[0].lineno
            message = f"a text names {move.old_name}, whose __name__ is {move.new_name} now; line {line} asks for it"
            yield file.finding(node, move.code, message)
