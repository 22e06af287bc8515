"""Report code that reads the name, module or file of moved code itself: v2 answers differently, without an error."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from compatkit.migration import Move
from compatkit.migration.renaming import Renaming, renaming_of
from compatkit.rewrite.edit.edit import Found
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import dotted
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.prefilter.words import may_ask
from compatkit.rewrite.rules.name_askers import OF_NAMES, OF_SYMBOLS, asked_by, asked_in, find_askers, subject_of
from compatkit.rewrite.run_plan import RunPlan

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_SHOWING = frozenset({"print", "repr", "str"})
_LOGGING = frozenset({"critical", "debug", "error", "exception", "info", "log", "warning"})
_SAME_ITEMS = frozenset({"iter", "list", "reversed", "set", "sorted", "tuple"})
# An own name that is asked for, or looked up, and a class that is shown.
_FORMS = ("{}.__", "'{}'", '"{}"', "{{{}")
_MAY_ASK = re.compile(r"[.\"']__|\b(?:inspect|fields|get_type_hints)\b")
_OF_METHODS = frozenset({"__module__", "__qualname__"})
# What gives the types that something is annotated with, written out or kept as texts.
_TYPE_GIVERS = frozenset({"__annotations__", "fields", "get_annotations", "get_type_hints", "signature"})
_OF_MODULES = frozenset({"__file__", "__name__", "__package__", "__path__", "__spec__"})


def may_show(source: Source, names: Iterable[str]) -> bool:
    """Tell whether a file may ask one of these for its own name, show it, or look it up by that."""
    text = source.text
    return may_ask(source.data) or any(
        any(form.format(name) in text or form.format(name.lower()) in text for form in _FORMS)
        or re.search(rf"\b(?:{'|'.join(_SHOWING)})\([^()\n]*\b{re.escape(name)}\b", text)
        for name in names
    )


def find_own_names(file: File, run: RunPlan) -> Found:
    """Report each attribute in which the old name shows, and each text by which a class may be found under it."""
    where = renaming_of(run.every_move)
    found = list(_shown(file, where))
    if _MAY_ASK.search(file.source.text):
        found += [*_asked(file, where), *_found_by_name(file, where), *_given_beside_askers(file, where)]
        found += _annotations(file, where, is_renamed=run.options.rename)
    if file.neighbours.askers or may_ask(file.source.data):
        found += _given_to_askers(file, where)
    return Found(findings=found)


def _shown(file: File, where: Renaming) -> Iterator[Finding]:
    """Yield where a class or module is made a text, which says its module and name."""
    for node in _shown_parts(file):
        for old in file.meanings(node):
            is_class = re.match("[A-Z]+[a-z]", old.rpartition(".")[2])
            if (move := where.declared(old)) and move.old == old and (is_class or where.is_whole(old)):
                yield file.finding(node, move.code, f"shows {old} as a text: it is {move.new} now")


def _annotations(file: File, where: Renaming, *, is_renamed: bool) -> Iterator[Finding]:
    """Yield where types that a function or class of this file is annotated with are shown, or asked for as texts."""
    definitions = {node.name: node for node in file.tree.body if isinstance(node, _Defined)}
    shown = set(_shown_parts(file))
    for node in (*file.nodes.of(ast.Attribute), *file.nodes.of(ast.Call)):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr="__annotations__" as giver):
                pass
            case ast.Call(func=ast.Name(id=giver) | ast.Attribute(attr=giver), args=[ast.Name(id=name), *_]):
                pass
            case _:
                continue
        for old, is_text in dict.fromkeys(_noted(file, definitions[name])) if name in definitions else ():
            move = where.of(old)
            is_kept = is_text and giver != "get_type_hints"
            if move is None or giver not in _TYPE_GIVERS:
                continue
            if is_kept and is_renamed and move.old_name != move.new_name:
                yield file.finding(node, move.code, f"asks for a type of {name} as a text: {old} is {move.new} now")
            elif not is_kept and node in shown:
                yield file.finding(node, move.code, f"shows a type of {name}, {old}: it is {move.new} now")


def _noted(file: File, definition: _Defined) -> Iterator[tuple[str, bool]]:
    """Yield the dotted names in the annotations of a definition, each with whether it is kept as a text."""
    is_text = any(imported.name == "__future__.annotations" for imported in file.imports)
    local = {imported.local: imported.meaning for imported in file.imports}
    for inner in ast.walk(definition):
        for note in (getattr(inner, "annotation", None), getattr(inner, "returns", None)):
            for part in ast.walk(note) if isinstance(note, ast.expr) else ():
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    names = (name.partition(".") for name in re.findall(r"[^\W\d][\w.]*", part.value))
                    yield from ((local[first] + dot + rest, True) for first, dot, rest in names if first in local)
                elif isinstance(part, ast.expr):
                    yield from ((name, is_text) for name in file.meanings(part))


def _shown_parts(file: File) -> Iterator[ast.expr]:
    """Yield what is made a text, also what lies in a list that is."""
    pending: list[ast.expr] = [node.value for node in file.nodes.of(ast.FormattedValue)]
    for call in file.nodes.of(ast.Call):
        match call.func:
            case ast.Name(id=name) if name in _SHOWING:
                pending += call.args
            case ast.Attribute(attr=name) if name in _LOGGING or name == "format":
                pending += [*call.args, *(word.value for word in call.keywords)]
    for node in file.nodes.of(ast.BinOp):
        if isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant):
            pending.append(node.right)
    while pending:
        match pending.pop():
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts) | ast.Dict(values=parts):
                pending += parts
            case part:
                yield part


def _asked(file: File, where: Renaming) -> Iterator[Finding]:
    for node, of, attribute in _asking(file):
        for meaning in _meanings(file, of):
            is_home = isinstance(node, ast.Call) and where.whole(meaning)
            if (move := where.of(meaning)) and (is_home or attribute in _changing(move, meaning, where)):
                message = f"asks {meaning} for its {attribute}, which changes: it is {_new(move, attribute, where)} now"
                yield file.finding(node, move.code, message)
                continue
            # A method is of the module of its class, whose name stands before its own.
            owner = where.declared(meaning.rpartition(".")[0]) if attribute in _OF_METHODS else None
            if owner and attribute in _changing(owner, owner.old, where):
                is_name = attribute == "__qualname__"
                message = (
                    f"asks {meaning} for its {attribute}: its class is {owner.new_name if is_name else owner.new} now"
                )
                yield file.finding(node, owner.code, message)


def _asking(file: File) -> Iterator[tuple[ast.expr, ast.expr, str]]:
    """Yield each place that asks something for its own name or home, what it asks, and for which attribute."""
    for node in (*file.nodes.of(ast.Attribute), *file.nodes.of(ast.Call)):
        if asked := asked_in(node):
            yield node, *asked
        elif isinstance(node, ast.Attribute) and node.attr in _OF_MODULES:
            yield node, node.value, node.attr


def _given_to_askers(file: File, where: Renaming) -> Iterator[Finding]:
    """Yield what moves where it is given to a function that asks for its name, in this file or another one."""
    askers: dict[str, list[tuple[str, str]]] = defaultdict(list)
    own = find_askers(file.syntax) if any(name in file.source.text for name in OF_SYMBOLS) else ()
    for way, place, attribute in (*file.neighbours.askers, *own):
        askers[way].append((place, attribute))
    last = {way.rpartition(".")[2] for way in askers}
    last_or_local = last | {imported.local for imported in file.imports if imported.meaning.rpartition(".")[2] in last}
    for call in file.nodes.of(ast.Call) if askers else ():
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        for function in _called(file, call.func) if name in last_or_local else ():
            given = {str(at): arg for at, arg in enumerate(call.args)}
            given |= {word.arg: word.value for word in call.keywords if word.arg}
            for place, attribute in dict.fromkeys(askers.get(function, ())):
                for meaning in _meanings(file, given[place]) if place in given else ():
                    if (move := where.of(meaning)) and attribute in _changing(move, meaning, where):
                        new = _new(move, attribute, where)
                        message = f"{function} asks {meaning} for its {attribute}, which changes: it is {new} now"
                        yield file.finding(given[place], move.code, message)


def _given_beside_askers(file: File, where: Renaming) -> Iterator[Finding]:
    """Yield what moves where it is given to what asks for its name, or beside that, as to `map`."""
    for call in file.nodes.of(ast.Call):
        given = [*call.args, *(word.value for word in call.keywords)]
        asked = frozenset[str]().union(*(asked_by(file.value_of(part)) for part in (call.func, *given)))
        for meaning in (meaning for part in given for meaning in _meanings(file, part)) if asked else ():
            move = where.of(meaning)
            if move and (attributes := sorted(asked & _changing(move, meaning, where))):
                new = _new(move, attributes[0], where)
                message = f"asks {meaning} for its {attributes[0]}, which changes: it is {new} now"
                yield file.finding(call, move.code, message)
                break


def _called(file: File, func: ast.expr) -> Iterator[str]:
    """Yield the ways by which a call may go to an asker: by dotted name, in this file, or to a method of an object."""
    yield file.import_of(func)
    match func:
        case ast.Name(id=name) if not file.import_of(func):
            yield name
        case ast.Attribute(value=ast.Name() | ast.Call() as of, attr=name):
            made = file.value_of(of)
            home = file.import_of(made.func) or dotted(made.func) if isinstance(made, ast.Call) else ""
            yield from (f"{owner}.{name}" for owner in {home or dotted(of)} if not file.import_of(func))


def _new(move: Move, attribute: str, where: Renaming) -> str:
    return move.new_name if attribute in OF_NAMES and not where.whole(move.old) else move.new


def _meanings(file: File, node: ast.expr) -> Iterator[str]:
    """Yield the dotted names of what an expression may be, or may be an object of, or hold."""
    pending, seen = [node], set[ast.AST]()
    while pending:
        part = pending.pop()
        if part in seen:
            continue
        seen.add(part)
        found = file.meanings(part)
        yield from found
        yield from _by_other_files(file, part)
        if not found:
            pending += _behind(file, part)


def _by_other_files(file: File, node: ast.expr) -> Iterator[str]:
    """Yield the old names behind a name that another file hands on, or behind what a function there gives."""
    if not file.neighbours.aliases:
        return
    aliases = dict(file.neighbours.aliases)
    of, call = (node.func, "()") if isinstance(node, ast.Call) else (node, "")
    names = file.meanings(of)
    if isinstance(of, ast.Name) and not names:
        stars = (imported.name.removesuffix("*") for imported in file.imports if imported.alias.name == "*")
        names = [f"{star}{of.id}" for star in stars]
    yield from (aliases[name + call] for name in names if name + call in aliases)


def values_in(file: File) -> Iterator[tuple[str, str]]:
    """Yield the names of a module with the dotted names of what each may be; of a function `f`, of what `f()` gives."""
    for imported in file.imports:
        yield (
            ("*" if imported.alias.name == "*" else imported.local),
            (imported.name if imported.alias.name == "*" else imported.meaning),
        )
    for node in file.tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield from ((name, meaning) for meaning in _meanings(file, value))
            case ast.FunctionDef(name=name):
                given = (part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value)
                yield from ((f"{name}()", meaning) for value in given for meaning in _meanings(file, value))
            case ast.ClassDef(name=owner):
                kept = (statement for statement in node.body if isinstance(statement, ast.Assign))
                named = ((statement.targets[0], statement.value) for statement in kept)
                inner = ((target.id, value) for target, value in named if isinstance(target, ast.Name))
                yield from ((f"{owner}.{name}", meaning) for name, value in inner for meaning in _meanings(file, value))


def _behind(file: File, node: ast.expr) -> Iterator[ast.expr]:
    """Yield the expressions that tell what another one is: its class, its items, the value of a name."""
    yield from filter(None, [subject_of(node) if subject_of(node) is not node else None])
    match node:
        case (
            ast.Attribute(value=of, attr="__mro__" | "__bases__" | "__base__")
            | ast.Call(func=ast.Attribute(value=of, attr="mro"))
        ):
            yield from _bases(file, subject_of(of))
        case ast.Subscript(value=of):
            yield of
        case ast.Call(func=ast.Name(id=name) as func) if made := [
            function for function in file.tree.body if isinstance(function, _Function) and function.name == name
        ]:
            yield from (part.value for part in ast.walk(made[0]) if isinstance(part, ast.Return) and part.value)
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _SAME_ITEMS:
            yield first
        case ast.Call(func=func) if dotted(func).rpartition(".")[2][:1].isupper():
            # By convention: what a function gives is not of its name.
            yield func
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            stores = (
                statement for statement in file.nodes.of(ast.Assign) if dotted(statement.targets[0]) == f"self.{name}"
            )
            yield from (statement.value for statement in stores)
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts) | ast.Dict(values=parts):
            yield from parts
        case ast.Name(id=name) if (value := file.value_of(node)) is not node:
            yield value
        case ast.Name(id=name) if (scope := file.scope_of(node)) is not None:
            above = (file.parents.get(ref.node) for ref in file.scopes.bindings(name, scope))
            yield from (loop.iter for loop in above if isinstance(loop, ast.For | ast.comprehension))


def _bases(file: File, node: ast.expr) -> Iterator[ast.expr]:
    """Yield the bases of a class of this file, and those of its bases in this file."""
    above: ast.AST | None = node
    while ast.unparse(node) in ("self", "cls") and above is not None and not isinstance(above, ast.ClassDef):
        above = file.parents.get(above)
    owners = {inner.name: inner for inner in file.nodes.of(ast.ClassDef)}
    pending = [above if isinstance(above, ast.ClassDef) else owners.get(ast.unparse(node))]
    while pending:
        owner = pending.pop()
        yield from owner.bases if owner else ()
        pending += [owners.pop(ast.unparse(base), None) for base in owner.bases] if owner else []


def _changing(move: Move, meaning: str, where: Renaming) -> frozenset[str]:
    """Return the attributes of what moves that have another value afterwards."""
    if where.whole(meaning):
        return _OF_MODULES
    return OF_SYMBOLS if move.old_name != move.new_name else frozenset({"__module__"})


def _found_by_name(file: File, where: Renaming) -> Iterator[Finding]:
    """Yield texts that are an imported name, in a file that asks objects for their names, as a registry does."""
    asking = [node for node in file.nodes.of(ast.Attribute) if node.attr in OF_NAMES and not file.meanings(node.value)]
    of_any = [node for node in asking if not _is_of_class(node.value)]
    moves = {
        imported.name.rpartition(".")[2].lower(): where.declared(imported.name) for imported in file.imports if asking
    }
    for node in file.nodes.of(ast.Constant) if moves else ():
        # A registry may keep its names in small letters.
        move = moves.get(node.value.lower()) if isinstance(node.value, str) else None
        is_module = move is not None and where.is_whole(move.old)
        # A module is called by all of its name, and is the class of nothing.
        new = (move.new if is_module else move.new_name) if move else ""
        asker = next(iter(of_any if is_module else asking), None)
        if move and asker and new not in (move.old_name, node.value):
            message = f"a text names {move.old_name}, whose __name__ is {new} now; line {asker.lineno} asks for it"
            yield file.finding(node, move.code, message)


def _is_of_class(node: ast.expr) -> bool:
    """Tell whether what is asked for its name is certainly a class: that of an object."""
    match node:
        case ast.Attribute(attr="__class__") | ast.Call(func=ast.Name(id="type")):
            return True
    return False
