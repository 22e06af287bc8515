"""Find the functions of a file that read the `__name__` of their arguments, as registries and loggers do."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

from compatkit.rewrite.file.syntax import Syntax
from compatkit.rewrite.file.tree import walk
from compatkit.rewrite.flow.ways_into import ways_into

OF_NAMES = frozenset({"__name__", "__qualname__"})
OF_SYMBOLS = OF_NAMES | {"__module__"}
# Functions of `inspect` that give the module of something, or its file.
_HOME_GIVERS = frozenset({"getabsfile", "getfile", "getmodule", "getsourcefile"})

# The way to a function, the place or name of a parameter, and the attribute that it is asked for.
Asker = tuple[str, str, str]
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def find_askers(syntax: Syntax) -> Iterator[Asker]:
    """Yield each by its ways; a method also for what `__init__` keeps, and a function for what it hands to another."""
    asking = _lines(node for kind in (ast.Attribute, ast.Call) for node in syntax.nodes.of(kind) if asked_in(node))
    if not asking:
        return
    owners = {item: owner for owner in syntax.nodes.of(ast.ClassDef) for item in owner.body}
    functions = {node: ways for node, ways in ways_into(syntax.tree).items() if isinstance(node, _Function)}
    # Few functions ask, and only these are walked.
    asked: dict[ast.AST, set[tuple[str, str]]] = {
        node: set(_asked(node)) if _is_within(node, asking) else set() for node in functions
    }
    for node in functions:
        if node.name == "__init__" and (owner := owners.get(node)):
            inside = {pair for item in owner.body for pair in asked.get(item, ())}
            kept = _kept(owner) if inside else {}
            asked[node] |= {(kept[name], attr) for name, attr in inside if name in kept}
    every = {node.name: asked[node] for node in functions if "." not in functions[node][-1]}
    by_name = {name: pairs for name, pairs in every.items() if pairs}
    handing = _lines(node for node in syntax.nodes.of(ast.Call) if getattr(node.func, "id", "") in by_name)
    for node, ways in functions.items():
        is_method = node in owners
        names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)][is_method:]
        handed = _handed(node, names, by_name) if _is_within(node, handing) else ()
        for name, attr in asked[node].union(handed):
            places = [str(names.index(name)), name] if name in names else [name]
            yield from ((way, place, attr) for way in ways for place in places)


def subject_of(node: ast.expr) -> ast.expr:
    """Return what is asked where an object is asked for its class: `x` of `type(x)` and `x.__class__`."""
    match node:
        case ast.Attribute(value=of, attr="__class__") | ast.Call(func=ast.Name(id="type"), args=[of]):
            return of
    return node


def asked_in(node: ast.AST) -> tuple[ast.expr, str] | None:
    """Return what an attribute, or a call of `inspect`, asks for its own name or home, and the attribute that is it."""
    match node:
        case ast.Attribute(value=of, attr=attribute) if attribute in OF_SYMBOLS:
            return of, attribute
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[of]) if name in _HOME_GIVERS:
            return of, "__module__"
        case ast.Call(func=ast.Name(id="getattr"), args=[of, ast.Constant(value=attribute), *_]) if (
            attribute in OF_SYMBOLS
        ):
            return of, attribute
    return None


def asked_by(node: ast.expr) -> frozenset[str]:
    """Return the own names for which a lambda asks its parameter, or an `attrgetter` what it is given."""
    match node:
        case ast.Lambda(args=ast.arguments(args=[first, *_]), body=body):
            pairs = (asked_in(part) for part in walk(body))
            return frozenset(name for of, name in filter(None, pairs) if ast.unparse(subject_of(of)) == first.arg)
        case ast.Call(func=ast.Name(id="attrgetter") | ast.Attribute(attr="attrgetter"), args=args):
            texts = (str(getattr(arg, "value", "")).rpartition(".")[2] for arg in args)
            return OF_SYMBOLS.intersection(texts)
    return frozenset()


def _lines(nodes: Iterable[ast.expr]) -> list[int]:
    return sorted({node.lineno for node in nodes})


def _is_within(function: _Function, lines: list[int]) -> bool:
    """Tell whether a function, its decorators included, has one of these lines, which are in order."""
    first = min(part.lineno for part in (function, *function.decorator_list))
    at = bisect_left(lines, first)
    return at < len(lines) and lines[at] <= (function.end_lineno or 0)


def _asked(function: _Function) -> Iterator[tuple[str, str]]:
    """Yield the names, or `self.x`, that a function asks for an attribute, one in whose items it does so included."""
    every = [node for item in function.body for node in walk(item)]
    loops = [(node.target, node.iter) for node in every if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension)]
    items = {target.id: ast.unparse(of) for target, of in loops if isinstance(target, ast.Name)}
    for node in every:
        if asked := asked_in(node):
            name = ast.unparse(subject_of(asked[0]))
            yield items.get(name, name), asked[1]


def _kept(owner: ast.ClassDef) -> dict[str, str]:
    """Return the parameters of `__init__` that a class keeps, by what they are called then."""
    made = (item for item in owner.body if isinstance(item, _Function) and item.name == "__init__")
    stores = (node for item in made for node in walk(item) if isinstance(node, ast.Assign))
    return {ast.unparse(node.targets[0]): node.value.id for node in stores if isinstance(node.value, ast.Name)}


def _handed(
    function: _Function, names: list[str], asked: Mapping[str, set[tuple[str, str]]]
) -> Iterator[tuple[str, str]]:
    """Yield the parameters that a function hands to one of the same file that asks for their names."""
    for call in walk(function):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in asked:
            given = {arg.id for arg in call.args if isinstance(arg, ast.Name)} & set(names)
            yield from ((name, attr) for _, attr in asked[call.func.id] for name in given)
