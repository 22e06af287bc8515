"""Modules that move with all that is in them: `import a.b.c` with uses of `a.b.c.N`, and `import a.b.c as x`.

From-imports are left to `change_imports`. All imports that bind one top-level package go together: a use `a.b.c.N`
needs its package whichever of them it came by.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from compatkit.migration import Move
from compatkit.rewrite.edit.edit import Change
from compatkit.rewrite.file.bindings import bound_names, texts_of_types
from compatkit.rewrite.file.module_name import FileModule
from compatkit.rewrite.file.parse import import_froms, local_name
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import Nodes, Scope, dotted, is_inside, nodes_of, scope_of, span
from compatkit.rewrite.rules.moved_names import Destinations


@dataclass(slots=True)
class WholeModules:
    """What is changed, and the imports and uses that are dealt with."""

    changes: list[Change] = field(default_factory=list)
    handled: set[ast.AST] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Import:
    """One alias of a module that moves; `move` is that module's own, derived from the declared one."""

    node: ast.Import
    alias: ast.alias
    move: Move
    scope: Scope | None

    @property
    def root(self) -> str:
        return _root(self.alias.asname or self.alias.name)


@dataclass(frozen=True, slots=True)
class _Use:
    """The longest dotted name that begins with a package; `move` is declared for the module in which it lies."""

    node: ast.expr
    move: Move | None

    @property
    def name(self) -> str:
        return dotted(self.node)


class _File:
    """What is asked of the file more than once."""

    def __init__(self, source: Source, nodes: Nodes, home: FileModule, moves: tuple[Move, ...]) -> None:
        self.source, self.nodes, self.home = source, nodes, home
        self.destinations = Destinations(move for move in moves if move.is_module)
        self._taken_apart = {move.old_module for move in moves if not move.is_module}
        self.bound = bound_names(nodes)
        self.quoted = texts_of_types(source, nodes)
        self._aliases = [(node, alias) for node in nodes_of(nodes, ast.Import) for alias in node.names]
        self._plain_roots = {_root(alias.name) for _, alias in self._aliases if not alias.asname}

    def imports(self) -> Iterator[_Import]:
        for node, alias in self._aliases:
            if move := self.destinations.of(alias.name):
                yield _Import(node, alias, move, scope_of(node, self.nodes))

    def resting(self, root: str) -> list[str]:
        """Return what is imported of a package besides the modules that move."""
        plain = [alias.name for _, alias in self._aliases if not alias.asname and _root(alias.name) == root]
        return [name for name in plain if not self.destinations.of(name)]

    def is_certain(self, each: _Import) -> bool:
        """Tell whether an import can simply name the new module, as far as it can be seen from the import alone."""
        # Where the new module is imported too, a `try` may choose between the two.
        brings_new = any(alias.name == each.move.new for _, alias in self._aliases) or any(
            f"{self.home.resolve(node)}.{alias.name}" == each.move.new and local_name(alias) == each.root
            for node in import_froms(self.nodes)
            for alias in node.names
        )
        return not brings_new and each.alias.name not in self._taken_apart and self.home.name != each.move.new

    def is_free(self, root: str) -> bool:
        """Tell whether an import of a package binds a name that means nothing else here."""
        return self.bound[root] == 0 or (self.bound[root] == 1 and root in self._plain_roots)


def change_whole_modules(
    source: Source, nodes: Nodes, home: FileModule, moves: tuple[Move, ...], *, first_group: int = 1
) -> WholeModules:
    """Plan the plain imports of modules that move as a whole; what is not certain is left out, and so reported."""
    done = WholeModules()
    if not any(move.is_module for move in moves):
        return done
    file = _File(source, nodes, home, moves)
    imports = list(file.imports())
    for each in imports:
        if each.alias.asname and file.is_certain(each):
            text = f"{each.move.new} as {each.alias.asname}"
            said = f"import {each.move.old} as {each.alias.asname} -> {text}"
            done.changes.append(_change(source, each.alias, text, each.move, said))
            done.handled.add(each.alias)
    plain = [each for each in imports if not each.alias.asname]
    for group, root in enumerate(sorted({each.root for each in plain}), start=first_group):
        _change_root(file, [each for each in plain if each.root == root], group, done)
    return done


def _change_root(file: _File, imports: list[_Import], group: int, done: WholeModules) -> None:
    """Plan all imports that bind one top-level package, and every use of it; or none of them."""
    root = imports[0].root
    uses = list(_uses(file, root))
    resting = file.resting(root)
    if (
        file.bound[root] != 1
        or f"{root}." in file.quoted
        or any(isinstance(each.scope, ast.ClassDef) for each in imports)
        or not all(file.is_certain(each) and file.is_free(_root(each.move.new)) for each in imports)
        or not all(_is_served(use, imports, resting) for use in uses)
    ):
        return
    for each in imports:
        said = f"import {each.move.old} -> import {each.move.new}"
        done.changes.append(_change(file.source, each.alias, each.move.new, each.move, said, group))
        done.handled.add(each.alias)
    for use in uses:
        if use.move:
            said = f"{use.name} -> {use.move.new}{use.name[len(use.move.old) :]}"
            done.changes.append(
                _change(file.source, _part(use.node, use.move.old), use.move.new, use.move, said, group)
            )
            done.handled.update(ast.walk(use.node))


def _uses(file: _File, root: str) -> Iterator[_Use]:
    inner = {id(node.value) for node in nodes_of(file.nodes, ast.Attribute)}
    for node in file.nodes:
        if isinstance(node, ast.Attribute | ast.Name) and id(node) not in inner and _root(dotted(node)) == root:
            yield _Use(node, file.destinations.around(dotted(node)))


def _is_served(use: _Use, imports: list[_Import], resting: list[str]) -> bool:
    """Tell whether what a use needs is still imported afterwards where it stands."""
    if use.move:
        roots = {_root(each.move.new) for each in imports if is_inside(use.node, each.scope)}
        return _root(use.move.new) in roots
    # Whatever holds the old module may be asked for it in ways that are not seen.
    leads_to_old = any(f"{each.move.old}.".startswith(f"{use.name}.") for each in imports)
    return not leads_to_old and any(_meet(use.name, name) for name in resting)


def _meet(one: str, other: str) -> bool:
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def _part(node: ast.expr, name: str) -> ast.expr:
    """Return the part of a dotted name that is `name`."""
    while isinstance(node, ast.Attribute) and dotted(node) != name:
        node = node.value
    return node


def _root(name: str) -> str:
    return name.partition(".")[0]


def _change(source: Source, node: ast.expr | ast.alias, text: str, move: Move, message: str, group: int = 0) -> Change:
    start, end = span(source, node)
    return Change(
        start, end, text, move.code, node.lineno, source.column(node.lineno, node.col_offset), message, group=group
    )
