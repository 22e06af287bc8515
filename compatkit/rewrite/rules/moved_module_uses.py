"""Moved names that are used through their module, as `a.b.c.N` or, by `import a.b.c as x` and its like, as `x.N`.

The uses are pointed to the new home, and the import with them. Where the old module is used for something else as
well, its import stays, and one of the new home is added. A use is changed only if its first name can be nothing but
what the import binds: with one other binding of that name anywhere in the file, all is reported instead.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from compatkit.migration import Move
from compatkit.rewrite.edit.edit import Change
from compatkit.rewrite.edit.splice import indentation, stands_alone
from compatkit.rewrite.file.bindings import bound_names, texts_of_types
from compatkit.rewrite.file.module_name import FileModule
from compatkit.rewrite.file.parse import local_name
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import Nodes, dotted, is_inside, nodes_of, scope_of, span
from compatkit.rewrite.rules.moved_names import Destinations


@dataclass(slots=True)
class ModuleChanges:
    """What is changed, and the nodes that are dealt with.

    Attributes:
        from_imports: the module names among from-imports, and where they go; these are left to `change_imports`.
        uses: the moves that are made, with the group of each.
        groups: by import statement, the group of the changes that depend on it.
    """

    changes: list[Change] = field(default_factory=list)
    handled: set[ast.AST] = field(default_factory=set)
    from_imports: dict[ast.alias, Move] = field(default_factory=dict)
    groups: dict[ast.stmt, int] = field(default_factory=dict)
    uses: list[tuple[Move, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Use:
    """A moved name that is read through its module."""

    node: ast.Attribute
    move: Move


@dataclass(frozen=True, slots=True)
class _Import:
    """One alias that binds an old module; `spelled` is how a use of it begins, such as `a.b.c` or `x`."""

    node: ast.Import | ast.ImportFrom
    alias: ast.alias
    module: str
    spelled: str

    @property
    def root(self) -> str:
        return self.spelled.partition(".")[0]

    @property
    def is_renamed(self) -> bool:
        """True where a use says nothing of the module's own name, which can then change behind it."""
        return isinstance(self.node, ast.ImportFrom) or self.alias.asname is not None


def change_modules(source: Source, nodes: Nodes, home: FileModule, moves: tuple[Move, ...]) -> ModuleChanges:
    """Plan all that goes through an old module, import by import."""
    done = ModuleChanges()
    # Modules that move as a whole are not taken apart here.
    whole = Destinations(move for move in moves if move.is_module)
    moves = tuple(move for move in moves if not move.is_module)
    imports = list(_imports(nodes, home, {move.old_module for move in moves}))
    if not imports or any(alias.name == "*" for node in nodes_of(nodes, ast.ImportFrom) for alias in node.names):
        # A star import may bind any name anew.
        return done
    bound = bound_names(nodes)
    quoted = texts_of_types(source, nodes)
    for number, each in enumerate(imports, start=1):
        by_name = {move.old_name: move for move in moves if move.old_module == each.module}
        scope = scope_of(each.node, nodes)
        if (
            bound[each.root] != 1
            or isinstance(scope, ast.ClassDef)
            or f"{each.spelled}." in quoted
            or (each.is_renamed and len(_same(imports, each)) > 1)
        ):
            continue
        uses, others = _uses(each, nodes, by_name)
        if not all(is_inside(name, scope) for name in (*others, *(use.node for use in uses))):
            continue
        planned = len(done.changes)
        is_changed = bool(uses) and _change(source, each, uses, others, bound, home, done)
        # An import without its uses, or the uses without their import, would be wrong.
        group = done.groups.setdefault(each.node, number)
        done.changes[planned:] = [replace(change, group=group) for change in done.changes[planned:]]
        if is_changed:
            done.uses += [(use.move, group) for use in uses]
        chains = _chains(others, nodes)
        serves = any(chain.startswith(f"{each.spelled}.") for chain in chains)
        is_served = (is_changed or (serves and not uses)) and whole.of(each.module) is None
        if is_served and all(_is_settled(chain, each, by_name) for chain in chains):
            # The module serves names only that did not move.
            done.handled.add(each.alias)
    return done


def _imports(nodes: Nodes, home: FileModule, old_modules: set[str]) -> Iterator[_Import]:
    for node in nodes_of(nodes, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in old_modules:
                    yield _Import(node, alias, alias.name, alias.asname or alias.name)
        elif module := home.resolve(node):
            for alias in node.names:
                if f"{module}.{alias.name}" in old_modules:
                    yield _Import(node, alias, f"{module}.{alias.name}", local_name(alias))


def _same(imports: Iterable[_Import], one: _Import) -> list[_Import]:
    return [other for other in imports if other.root == one.root]


def _uses(each: _Import, nodes: Nodes, by_name: dict[str, Move]) -> tuple[list[_Use], list[ast.Name]]:
    """Return the uses of moved names, and every other place that reads the first name."""
    uses: list[_Use] = []
    inside: set[ast.AST] = set()
    for node in nodes_of(nodes, ast.Attribute):
        if node.attr in by_name and dotted(node.value) == each.spelled:
            move = by_name[node.attr]
            if isinstance(node.ctx, ast.Load) and move.confidence == "safe":
                uses.append(_Use(node, move))
                inside.update(ast.walk(node))
    names = (node for node in nodes_of(nodes, ast.Name) if node.id == each.root)
    return uses, [name for name in names if name not in inside]


def _chains(names: list[ast.Name], nodes: Nodes) -> list[str]:
    """Return, for each of these names, the longest dotted name that begins with it."""
    longest: dict[ast.AST, str] = {name: name.id for name in names}
    for node in nodes_of(nodes, ast.Attribute):
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        if inner in longest:
            longest[inner] = max(longest[inner], dotted(node), key=len)
    return list(longest.values())


def _is_settled(chain: str, each: _Import, by_name: dict[str, Move]) -> bool:
    """True for a use that reads a name which did not move, or that leads elsewhere below the same package."""
    if chain.startswith(f"{each.spelled}."):
        return chain[len(each.spelled) + 1 :].partition(".")[0] not in by_name
    return not each.spelled.startswith(chain)


def _change(
    source: Source,
    each: _Import,
    uses: list[_Use],
    others: list[ast.Name],
    bound: Counter[str],
    home: FileModule,
    done: ModuleChanges,
) -> bool:
    """Plan the change of one import and its uses; return whether there is one."""
    targets = sorted({use.move.new_module for use in uses})
    if home.name in targets:
        return False
    if each.is_renamed and not others and len(targets) == 1:
        _redirect(source, each, uses, targets[0], done)
        done.handled |= {use.node for use in uses} | {each.alias}
        return True
    if not all(_is_free(target, each, bound) for target in targets):
        return False
    added = _add_imports(source, each, targets, uses[0].move.code, stays=bool(others) or each.is_renamed)
    if added is None:
        return False
    done.changes += [added, *(_of_use(source, use, whole=True) for use in uses)]
    done.handled |= {use.node for use in uses}
    return True


def _is_free(target: str, each: _Import, bound: Counter[str]) -> bool:
    """Tell whether `import target` binds a name that means nothing else here."""
    root = target.partition(".")[0]
    return bound[root] == 0 or (root == each.root and not each.is_renamed)


def _redirect(source: Source, each: _Import, uses: list[_Use], target: str, done: ModuleChanges) -> None:
    """Let the same local name stand for the new module."""
    move = uses[0].move
    if isinstance(each.node, ast.ImportFrom):
        done.from_imports[each.alias] = Move(move.code, each.module, target)
    else:
        start, end = span(source, each.alias)
        text = f"{target} as {each.alias.asname}"
        message = f"import {each.module} as {each.alias.asname} -> {text}"
        done.changes.append(_at(source, each.alias, start, end, text, move.code, message))
    for use in uses:
        if use.move.new_name != use.move.old_name:
            done.changes.append(_of_use(source, use, whole=False))


def _add_imports(source: Source, each: _Import, targets: list[str], code: str, *, stays: bool) -> Change | None:
    """Import the new homes in place of the old one, or below it; None where there is no room."""
    node_start, node_end = span(source, each.node)
    start, end = span(source, each.alias)
    names = ", ".join(targets)
    if isinstance(each.node, ast.Import) and not stays:
        # Where a name stays in its package, its uses say what changes.
        message = f"import {each.module} -> import {names}" if names != each.module else ""
        return _at(source, each.alias, start, end, names, code, message)
    if not stands_alone(source, node_start, node_end):
        if isinstance(each.node, ast.ImportFrom):
            return None
        return _at(source, each.alias, end, end, f", {names}", code, f"import {names} added")
    opening = source.newline_at(node_end) + indentation(source, node_start)
    text = "".join(f"{opening}import {target}" for target in targets)
    at = source.line_end(node_end)
    return _at(source, each.alias, at, at, text, code, f"import {names} added")


def _of_use(source: Source, use: _Use, *, whole: bool) -> Change:
    start, end = span(source, use.node)
    if not whole:
        start = end - len(use.move.old_name)
    text = use.move.new if whole else use.move.new_name
    message = f"{dotted(use.node)} -> {text if whole else f'{dotted(use.node.value)}.{text}'}"
    return _at(source, use.node, start, end, text, use.move.code, message)


def _at(source: Source, node: ast.expr | ast.alias, start: int, end: int, text: str, code: str, message: str) -> Change:
    return Change(start, end, text, code, node.lineno, source.column(node.lineno, node.col_offset), message)
