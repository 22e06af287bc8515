"""Report every use of an old home that is not rewritten, so that a clean report means there is none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Set
from operator import itemgetter

from compatkit.migration import Move
from compatkit.migration.renaming import renaming_of
from compatkit.migration.value import cached_by_identity
from compatkit.rewrite.file.file import File, root_of
from compatkit.rewrite.file.imports import Imported
from compatkit.rewrite.file.tree import dotted, nodes_of
from compatkit.rewrite.outcome import Finding

# Builtins that take an attribute by its name.
_BY_NAME = frozenset({"delattr", "getattr", "hasattr", "setattr"})
# Of what a star may bring and nothing uses, so many names are told.
_NAMED = 5


def find_leftovers(file: File, moves: tuple[Move, ...], besides: Set[ast.AST]) -> list[Finding]:
    """Return what is left to a person, apart from the from-imports of a moved name, and the nodes `besides`."""
    found: list[Finding] = []
    for imported in file.imports:
        if imported.alias not in besides:
            found += _in_import(file, imported, moves)
        if isinstance(imported.node, ast.ImportFrom):
            found += _looking_alike(file, imported, moves)
    return [*found, *_uses(file, moves, besides)]


def _in_import(file: File, imported: Imported, moves: tuple[Move, ...]) -> Iterator[Finding]:
    node, alias = imported.node, imported.alias
    if alias.name == "*":
        module = imported.name.removesuffix(".*")
        left = [move for move in Move.symbols(moves) if move.old_module == module and file.scopes.of(move.old_name)]
        # From a module that v2 has too, what the file uses is missing.
        for move in [*_homes(moves, module)] or left[:1]:
            brought = (
                f"names of {move.old}"
                if renaming_of(moves).is_whole(move.old)
                else _brought_by_star(file, moves, module)
            )
            message = f"a star import of {module} may bring {brought}; import the names themselves"
            yield file.finding(node, move.code, message)
        return
    for move in _homes(moves, imported.name):
        if renaming_of(moves).is_whole(move.old):
            here, there = imported.name, renaming_of(moves).apply(imported.name)
            message = (
                f"imports {here}, which is {there} now; change it with its uses, some of which moved elsewhere, or may"
            )
        else:
            new = f"import {move.new} instead, and change its uses"
            message = f"imports the old home {move.old_module} as a module; {new}"
        yield file.finding(alias, move.code, message)


def _brought_by_star(file: File, moves: tuple[Move, ...], module: str) -> str:
    """Name what a star may bring: what the file spells of it, in a text too, or else what comes first."""
    names = list(dict.fromkeys(move.old_name for move in Move.symbols(moves) if move.old_module == module))
    words = frozenset(re.findall(r"\w+", file.source.text))
    if used := [name for name in names if name in words]:
        *named, last = used
    else:
        *named, last = names if len(names) <= _NAMED else [*names[:_NAMED], f"{len(names) - _NAMED} more"]
    return " and ".join(filter(None, [", ".join(named), last]))


def _looking_alike(file: File, imported: Imported, moves: tuple[Move, ...]) -> Iterator[Finding]:
    assert isinstance(imported.node, ast.ImportFrom)
    module = file.home.resolve(imported.node)
    written = module or imported.node.module or ""
    if renaming_of(moves).whole(written):
        # It is a declared module itself, whose names are told of where they lie.
        return
    for move in _index_of(moves).by_name.get(imported.alias.name, ()):
        if _looks_like(written, move.old_module):
            message = f"looks like {move.old}, but the module is {module or 'unknown'}; {move.new} is the new home"
            yield file.finding(imported.node, move.code, message)
        elif _is_elsewhere(written, move.old_module):
            here, there = (name.rpartition(".")[0] for name in (move.old_module, written))
            message = f"looks like {move.old}; if it is, set homes = {{ {here!r} = {there!r} }}"
            yield file.finding(imported.node, move.code, message)


def _looks_like(module: str, old_module: str) -> bool:
    """Tell whether one dotted name ends with the other: the same module, seen from another root."""
    return module != old_module and (f".{old_module}".endswith(f".{module}") or module.endswith(f".{old_module}"))


def _is_elsewhere(module: str, old_module: str) -> bool:
    """Tell whether a project may keep a declared module, if its name is one of several words, in another package.

    A name of one word is that of much else.
    """
    last = old_module.rpartition(".")[2]
    is_same = module.rpartition(".")[2] == last and module.partition(".")[0] != old_module.partition(".")[0]
    return is_same and "_" in last.strip("_") and "." in module and "." in old_module


class _Index:
    """The moves by what every import and attribute of a file is held against."""

    def __init__(self, moves: tuple[Move, ...]) -> None:
        self._whole = [(number, move) for number, move in enumerate(moves) if move.is_module]
        self._first: dict[str, tuple[int, Move]] = {}
        self._emptied: dict[str, Move | None] = {}
        for number, move in enumerate(moves):
            if not move.is_module:
                self._first.setdefault(move.old_module, (number, move))
        self.by_old = {move.old: move for move in moves}
        self.by_name: dict[str, list[Move]] = {}
        for move in moves:
            self.by_name.setdefault(move.old_name, []).append(move)
        self.homes = {move.old_module: move for move in Move.symbols(moves)}
        self.lasts = {home.rpartition(".")[2] for home in self.homes if "." in home}

    def first_out_of(self, module: str) -> Move | None:
        """Return the first move that takes something out of a module."""
        if module not in self._emptied:
            found = [numbered for numbered in self._whole if numbered[1].empties(module)]
            found += [self._first[module]] if module in self._first else []
            self._emptied[module] = min(found, key=itemgetter(0))[1] if found else None
        return self._emptied[module]


@cached_by_identity
def _index_of(moves: tuple[Move, ...]) -> _Index:
    return _Index(moves)


def _homes(moves: tuple[Move, ...], module: str) -> Iterator[Move]:
    """Yield the first move out of this module: one finding a place is enough."""
    first = _index_of(moves).first_out_of(module) if module else None
    # A module into which names move is there in v2, and may be imported.
    if first is not None and not f"{first.new}.".startswith(f"{module}."):
        yield first


def _uses(file: File, moves: tuple[Move, ...], besides: Set[ast.AST]) -> Iterator[Finding]:
    index = _index_of(moves)
    told: set[ast.AST] = set()
    for node in file.nodes.of(ast.Attribute):
        if node.attr not in index.by_name or node in besides or node in told:
            continue
        meanings = file.meanings(node) if not file.neighbours.modules else [*file.meanings(node), *_far(file, node)]
        for move in index.by_name[node.attr]:
            if move.old in meanings:
                # A walk meets the whole of a dotted name before its parts: the module is not told again.
                told |= set(ast.walk(node.value))
                yield file.finding(node, move.code, f"uses {move.old} through its module; {move.new} is the new home")
    for node, move in _whole_homes(file, moves):
        message = f"takes the old home {move.old_module} as a whole; names have moved, as {move.old} to {move.new}"
        yield file.finding(node, move.code, message)
    for key, name in looked_up(file):
        found = index.by_old.get(name) or next(_homes(moves, name), None)
        if found and not (found.is_module and found.of(name) and _goes_along(file, key)):
            yield file.finding(key, found.code, f"looks {name} up by its name; {found.new} is the new home")


def _far(file: File, node: ast.Attribute) -> Iterator[str]:
    """Yield what a dotted name may stand for that goes through a module which another file hands on."""
    written = dotted(node)
    stars = [imported.name.removesuffix(".*") for imported in file.imports if imported.alias.name == "*"]
    root = root_of(node) if stars else None
    is_free = root is not None and file.scope_of(root) is None
    starred = [f"{module}.{written}" for module in stars] if is_free else []
    for meaning in (*file.meanings(node), *starred):
        for place, name in file.neighbours.modules:
            _, found, behind = f".{meaning}".partition(f".{place}.")
            if found:
                yield f"{name}.{behind}"


def _whole_homes(file: File, moves: tuple[Move, ...]) -> Iterator[tuple[ast.Attribute, Move]]:
    """Yield where a module that is reached through one above it is used as an object, and for more than what stays."""
    homes, lasts = _index_of(moves).homes, _index_of(moves).lasts
    imported = {entry.name for entry in file.imports}
    for node in file.nodes.of(ast.Attribute):
        above = file.parents.get(node)
        if node.attr not in lasts or isinstance(above, ast.Attribute) or not isinstance(node.ctx, ast.Load):
            continue
        for home in {*file.meanings(node)} - imported:
            moved = {move.old_name for move in moves if move.old_module == home}
            if home in homes and next(_homes(moves, home), None) and not _is_for_others(file, above, moved):
                yield node, homes[home]


def _is_for_others(file: File, above: ast.AST | None, moved: Set[str]) -> bool:
    """Tell whether a statement names a module, of which nothing is used by that name but what has not moved."""
    match above:
        case ast.Assign(targets=[ast.Name() as local]) if (scope := file.scope_of(local)) is not None:
            parents = [file.parents.get(ref.node) for ref in file.scopes.readers(local.id, scope)]
            return bool(parents) and all(
                isinstance(parent, ast.Attribute) and parent.attr not in moved for parent in parents
            )
    return False


def looked_up(file: File) -> Iterator[tuple[ast.expr, str]]:
    """Yield the texts by which a name is asked of a module, as in `hasattr(a.b, "N")` and `vars(a.b)["N"]`."""
    for node in nodes_of(file.nodes, ast.Subscript, ast.Call, ast.Compare):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[module, ast.Constant() as key, *_]) if name in _BY_NAME:
                pass
            case (
                ast.Subscript(value=held, slice=ast.Constant() as key)
                | ast.Compare(left=ast.Constant() as key, ops=[ast.In() | ast.NotIn()], comparators=[held])
            ) if listed := _listed(held):
                module = listed
            case _:
                continue
        if isinstance(key.value, str) and key.value.isidentifier():
            yield from ((key, f"{meaning}.{key.value}") for meaning in file.meanings(module))


def _goes_along(file: File, key: ast.expr) -> bool:
    """Tell whether a text is asked of a name that an import binds by itself, and that is another thing afterwards."""
    match file.parents.get(key):
        case ast.Call(args=[ast.Name(id=name), *_]):
            return name in {imported.local for imported in file.imports if not imported.is_plain}
    return False


def _listed(node: ast.expr) -> ast.expr | None:
    """Return the module whose names a mapping or list is."""
    match node:
        case ast.Call(func=ast.Name(id="dir" | "vars"), args=[module]) | ast.Attribute(value=module, attr="__dict__"):
            return module
    return None
