"""Find the plain dicts that a mock hands out in place of a producer's records."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from compatkit.migration import Each, Item
from compatkit.rewrite.file.file import File
from compatkit.rewrite.flow.declared_names import DeclaredNames
from compatkit.rewrite.flow.flow_facts import Key
from compatkit.rewrite.flow.values import TOP, Local, Mock, Named, RecordValue, Value, take

# What a name or a call stands for where that is written out in the file: what it is bound to, or what it returns.
Written = Callable[[ast.expr], Sequence[ast.expr]]

_RETURNED = "return_value"
_PATCHES = frozenset({"unittest.mock.patch", "mock.patch", "mocker.patch"})


def mock_of(node: ast.Call, callee: Value, found: Mapping[ast.AST, Value], known: DeclaredNames) -> Value:
    """Return the mock that `mock.patch("a.b.N")` or `patch.object` puts in the place of a class or producer."""
    name = _name_of(node.func, callee)
    is_bare = not any(word.arg in ("new", "new_callable") for word in node.keywords)
    count = 2 if name.endswith("object") else 1
    if is_bare and len(node.args) == count and name.removesuffix(".object") in _PATCHES:
        return _mock(patched_mock(node, found, known), known)
    return TOP


def patched_mock(node: ast.Call, found: Mapping[ast.AST, Value], known: DeclaredNames) -> Mock:
    """Return what a patch by a text, or by an owner and an attribute, is in the place of, if that is declared."""
    match node.args:
        case [ast.Constant(value=str(text)), *_]:
            return _like(known.settle_text(text), known)
        case [owner, ast.Constant(value=str(attribute)), *_] if isinstance(named := found[owner], Named):
            handed = known.handed.get(f"{named.name}.{attribute}")
            is_name = handed is not None and handed.kind == "name"
            return _like(handed.names[0] if handed and is_name else f"{named.name}.{attribute}", known)
    return Mock("")


def configured(
    mock: Value, node: ast.Call, known: DeclaredNames, written: Written
) -> Iterator[tuple[Key, RecordValue]]:
    """Yield the keys that a mock hands out by the keywords of its patch, `return_value=` and `**{"a.b": …}`."""
    if not isinstance(mock, Mock):
        return
    for word in node.keywords:
        if word.arg:
            yield from stand_ins(mock, word.arg, word.value, known, written)
        elif isinstance(word.value, ast.Dict):
            for key, value in zip(word.value.keys, word.value.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield from _at(mock, key.value.split("."), value, known, written)


def _at(
    mock: Mock, path: list[str], given: ast.expr, known: DeclaredNames, written: Written
) -> Iterator[tuple[Key, RecordValue]]:
    value: Value = mock
    for name in path[:-1]:
        value = attribute_of(value, name, known) if isinstance(value, Mock) else TOP
    if isinstance(value, Mock):
        yield from stand_ins(value, path[-1], given, known, written)


def attribute_of(mock: Mock, name: str, known: DeclaredNames) -> Value:
    """Return the value of an attribute of a mock; for `return_value`, the result of a call."""
    if name == _RETURNED:
        is_class = not mock.is_called and mock.of in known.classes
        return replace(mock, is_called=True) if is_class else TOP
    return _mock(Mock(f"{mock.of}.{name}", sure=mock.sure), known)


def stand_ins(
    mock: Mock, name: str, given: ast.expr, known: DeclaredNames, written: Written
) -> Iterator[tuple[Key, RecordValue]]:
    """Yield the keys of the displays that a mock returns as records once `mock.name` is `given`."""
    if mock.is_called or mock.of not in known.producers:
        return
    if name == _RETURNED:
        yield from _of_producer(mock, [given], known, written)
    elif name == "side_effect":
        # One of the list a call; else it is called itself.
        results = given.elts if isinstance(given, ast.List | ast.Tuple) else _returned(given, TOP)
        yield from _of_producer(mock, results, known, written)


def doubles(
    node: ast.Call, callee: Value, found: Mapping[ast.AST, Value], known: DeclaredNames, written: Written
) -> Iterator[tuple[Key, RecordValue]]:
    """Yield the keys that a double hands out that `patch`, `patch.object` or `setattr` puts in a producer's place."""
    name = _name_of(node.func, callee)
    if not name.endswith(("patch", "patch.object", "setattr")):
        return
    mock = patched_mock(node, found, known)
    others = node.args[1:] if node.args and isinstance(node.args[0], ast.Constant) else node.args[2:]
    given = {word.arg: word.value for word in node.keywords}
    double = others[0] if others else given.get("new")
    if double is None:
        return
    yield from handed_out(mock, double, found[double], known, written)


def handed_out(
    mock: Mock, double: ast.expr, value: Value, known: DeclaredNames, written: Written
) -> Iterator[tuple[Key, RecordValue]]:
    """Yield the keys that a double hands out in the place of a producer, or of the class that has it."""
    if mock.of in known.producers:
        yield from _of_producer(mock, _returned(double, value), known, written)
    elif isinstance(value, Local) and isinstance(value.node, ast.ClassDef):
        for item in value.node.body:
            if isinstance(item, ast.FunctionDef) and f"{mock.of}.{item.name}" in known.producers:
                yield from _of_producer(replace(mock, of=f"{mock.of}.{item.name}"), _returns_of(item), known, written)


def _returned(double: ast.expr, value: Value) -> list[ast.expr]:
    """Return the expression that a function in the place of another returns."""
    if isinstance(double, ast.Lambda):
        return [double.body]
    return _returns_of(value.node) if isinstance(value, Local) and isinstance(value.node, ast.FunctionDef) else []


def written_in(file: File, node: ast.expr) -> list[ast.expr]:
    """Return what a name is bound to, or what a function of the file returns, through one of each."""
    value = file.value_of(node)
    match value:
        case ast.Call(func=ast.Name(id=name)):
            made = [function for function in file.nodes.of(ast.FunctionDef) if function.name == name]
            return [file.value_of(given) for given in _returns_of(made[0])] if len(made) == 1 else []
        case _:
            return [] if value is node else [value]


def _nothing(_: ast.expr) -> Sequence[ast.expr]:
    return ()


def _returns_of(function: ast.FunctionDef) -> list[ast.expr]:
    inside = list(ast.walk(function))
    bound = {
        target.id: node.value
        for node in inside
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    returned = [node.value for node in inside if isinstance(node, ast.Return) and node.value is not None]
    return [bound.get(value.id, value) if isinstance(value, ast.Name) else value for value in returned]


def _of_producer(
    mock: Mock, given: Sequence[ast.expr], known: DeclaredNames, written: Written
) -> Iterator[tuple[Key, RecordValue]]:
    table, paths = known.producers[mock.of]
    for display in given:
        yield from _keys(display, RecordValue(paths, table, sure=mock.sure), written)


def _name_of(function: ast.expr, callee: Value) -> str:
    """Return the dotted name of what is called; for one that is not sure, as it is spelled, if that is short."""
    if isinstance(callee, Named):
        return callee.name if callee.sure else ""
    inner = function
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    return ast.unparse(function) if isinstance(inner, ast.Name) else ""


def _like(target: str, known: DeclaredNames) -> Mock:
    """Return the declared name that is patched: itself, or one that a module of the project goes by in its own way."""
    if _is_on_the_way(target, known):
        return Mock(target)
    for declared in known.producers:
        owner, _, name = declared.rpartition(".")
        last = owner.rpartition(".")[2]
        if target.endswith(f".{last}.{name}") or (target.endswith(f".{name}") and owner not in known.owners):
            return Mock(declared, sure=False)
        if target.endswith(f".{last}") and owner in known.owners:
            return Mock(owner, sure=False)
    return Mock("")


def _mock(mock: Mock, known: DeclaredNames) -> Value:
    return mock if _is_on_the_way(mock.of, known) else TOP


def _is_on_the_way(name: str, known: DeclaredNames) -> bool:
    return bool(name) and any(declared == name or declared.startswith(f"{name}.") for declared in known.producers)


def _keys(node: ast.expr, held: RecordValue, written: Written) -> Iterator[tuple[Key, RecordValue]]:
    match node:
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if key is not None and held.is_record:
                    yield key, held
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield from _below(value, take(held, Item(key.value)), written)
        case ast.List(elts=items):
            for item in items:
                yield from _below(item, take(held, Each()), written)
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=words):
            for word in words:
                if word.arg is not None and held.is_record:
                    yield word, held
                if word.arg is not None:
                    yield from _below(word.value, take(held, Item(word.arg)), written)
        case ast.Name() | ast.Call() if displays := written(node):
            for display in displays:
                yield from _keys(display, held, _nothing)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name.islower():
            # What a function of the tests makes, perhaps in another file.
            yield node, held


def _below(node: ast.expr, value: Value, written: Written) -> Iterator[tuple[Key, RecordValue]]:
    if isinstance(value, RecordValue):
        yield from _keys(node, value, written)
