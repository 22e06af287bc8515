"""The dotted ways by which other files reach a function of a module: what they give on them arrives at its parameters.

A function that another one makes is `register()`, one that lies in a list or table is `CHECKS[]`, and the methods of a
class also go by the names of its objects: `REGISTRY.add`. A method of an object of which nothing is known is `*.add`.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence

ANY = "*"
# Names of methods that say nothing of the object that is asked.
COMMON = frozenset(
    {"apply", "build", "call", "create", "evaluate", "execute", "fit", "forward", "handle", "load", "main", "make"}
    | {"predict", "process", "run", "save", "start", "step", "test", "train", "transform", "validate"}
    | {name for kind in (bytes, dict, int, list, set, str, tuple) for name in dir(kind)}
)
_Functions = (ast.FunctionDef, ast.AsyncFunctionDef)


def ways_into(tree: ast.Module) -> dict[ast.AST, list[str]]:
    """Return the ways to each function of a module, below its name."""
    found: dict[ast.AST, list[str]] = defaultdict(list)
    for owners, function in _functions(tree.body, [""], objects_of(tree)):
        ways = [f"{owner}{function.name}" for owner in owners]
        if owners != [""]:
            found[function].append(f"{ANY}.{function.name}")
        found[function] += ways
        if function.name == "__init__":
            found[function] += [owner.rstrip(".") for owner in owners]
        for inner in _made_in(function):
            found[inner] += [f"{way}()" for way in ways]
    by_name = {node.name: node for node in tree.body if isinstance(node, _Functions)}
    for name, value in _bound(tree):
        for part in _items(value):
            function_of = part if isinstance(part, ast.Lambda) else by_name.get(getattr(part, "id", ""))
            if function_of is not None:
                found[function_of].append(f"{name}[]")
        if isinstance(value, ast.Lambda):
            found[value].append(name)
    return found


def _functions(
    body: Sequence[ast.stmt], owners: list[str], objects: dict[str, list[str]]
) -> Iterator[tuple[list[str], ast.FunctionDef | ast.AsyncFunctionDef]]:
    for item in body:
        match item:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield owners, item
            case ast.ClassDef(name=name):
                inside = [f"{owner}{each}." for owner in owners for each in (name, *objects.get(name, ()))]
                yield from _functions(item.body, inside, objects)
            case ast.If() | ast.Try():
                yield from _functions([*item.body, *item.orelse], owners, objects)


def _made_in(function: ast.AST) -> Iterator[ast.AST]:
    """Yield the functions that a function returns and are defined in it."""
    inside = list(ast.walk(function))
    returned = [node.value for node in inside if isinstance(node, ast.Return)]
    names = {value.id for value in returned if isinstance(value, ast.Name)}
    yield from (value for value in returned if isinstance(value, ast.Lambda))
    yield from (node for node in inside if isinstance(node, _Functions) and node.name in names and node is not function)


def objects_of(tree: ast.Module) -> dict[str, list[str]]:
    """Return by class the names of its objects in a module."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, value in _bound(tree):
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            found[value.func.id].append(name)
    return found


def _bound(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value


def _items(value: ast.expr) -> list[ast.expr]:
    match value:
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items) | ast.Dict(values=items):
            return items
    return []
