"""Name the ways on which other files reach the functions of a module: what they give on them arrives there.

A function that another one makes is `register()`, one that lies in a list or table is `CHECKS[]`, and the methods of a
class also go by the names of its objects: `REGISTRY.add`. A method of an object of which nothing is known is `*.add`.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence

from compatkit.rewrite.file.tree import made_in
from compatkit.rewrite.flow.method_names import ANY, CALLED

_Functions = (ast.FunctionDef, ast.AsyncFunctionDef)


def ways_into(tree: ast.Module) -> dict[ast.AST, list[str]]:
    """Return the ways to each function of a module, below its name."""
    found: dict[ast.AST, list[str]] = defaultdict(list)
    objects = objects_of(tree)
    named = {f"{name}." for names in objects.values() for name in names}
    for owners, function in _functions(tree.body, [""], objects):
        ways = [f"{owner}{function.name}" for owner in owners]
        if owners != [""]:
            found[function].append(f"{ANY}.{function.name}")
        found[function] += ways
        if function.name == "__init__":
            found[function] += [owner.rstrip(".") for owner in owners]
        if function.name in CALLED and owners != [""]:
            found[function] += [owner.rstrip(".") + ("" if owner in named else "()") for owner in owners]
        for inner in made_in(function):
            found[inner] += [f"{way}()" for way in ways]
    for way, kept in kept_functions(tree):
        found[kept].append(way)
    return found


def kept_functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda]]:
    """Yield the functions that lie in a table or list of a module as `TABLE[]`, and lambdas that have a name."""
    by_name = {node.name: node for node in tree.body if isinstance(node, _Functions)}
    for name, value in _bound(tree):
        for part in _items(value):
            function = part if isinstance(part, ast.Lambda) else by_name.get(getattr(part, "id", ""))
            if function is not None:
                yield f"{name}[]", function
        if isinstance(value, ast.Lambda):
            yield name, value


def _functions(
    body: Sequence[ast.stmt], owners: list[str], objects: dict[str, list[str]]
) -> Iterator[tuple[list[str], ast.FunctionDef | ast.AsyncFunctionDef]]:
    for item in body:
        match item:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield owners, item
            case ast.ClassDef(name=name):
                inside = [f"{owner}{part}." for owner in owners for part in (name, *objects.get(name, ()))]
                yield from _functions(item.body, inside, objects)
            case ast.If() | ast.Try():
                yield from _functions([*item.body, *item.orelse], owners, objects)


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
