"""Moved names and modules: all forms of import, and what is used through them, in one plan."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from dataclasses import replace

from compatkit.migration import Move
from compatkit.rewrite.edit.edit import Found
from compatkit.rewrite.edit.import_plan import Site
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import Imported
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.prefilter.words import mentions_elsewhere
from compatkit.rewrite.rules.module_use_edits import ModuleChanges
from compatkit.rewrite.rules.moved_from_imports import Together, change_imports
from compatkit.rewrite.rules.moved_module_uses import change_modules
from compatkit.rewrite.rules.moved_modules import change_whole_modules
from compatkit.rewrite.rules.moved_names import destinations_of, find_sites
from compatkit.rewrite.rules.moved_star_imports import change_stars
from compatkit.rewrite.rules.rename import Renames, find_renames
from compatkit.rewrite.run_plan import RunPlan

# Of what a star may bring and nothing uses, so many names are told.
_NAMED = 5


def rewrite_moves(file: File, run: RunPlan) -> Found:
    """Rewrite what leads to an old home, and report all of it that stays."""
    if not run.every_move:
        return Found()
    run = _without_clashes(file, run)
    modules = change_modules(file, run) if run.moves else ModuleChanges()
    sites = find_sites(file, run.every_move, modules.from_imports)
    # A statement that also brings a module has changes of its own that depend on it.
    free = [site for site in sites if site.node not in modules.groups]
    renames = find_renames(file, free) if run.options.rename else Renames()
    groups = {**modules.groups, **renames.groups}
    imports = change_imports(file, sites, Together(groups, modules.from_imports, renames.aliases))
    whole = change_whole_modules(file, run)
    # Uses whose from-import is left to a person must stay as they are.
    lost = {groups.get(site.node, 0) for site in sites} - {each.group for each in imports.changes}
    uses = [each for each in (*modules.changes, *renames.changes) if each.group not in lost]
    stars = change_stars(file, run.moves)
    # What these sites are, or why they are left, is said already.
    placed = {alias for site in sites for alias, _ in site.moved}
    handled = modules.handled | whole.handled | stars.handled | placed
    leftovers = find_leftovers(file, run.moves, handled)
    findings = [*imports.findings, *renames.findings, *modules.findings, *whole.findings, *stars.findings]
    changes = [*imports.changes, *uses, *whole.changes, *stars.changes]
    return Found(changes, [*findings, *leftovers], _replaces(sites, modules))


def _names(file: File, node: ast.ImportFrom) -> Iterator[str]:
    return (f"{file.home.resolve(node)}.{alias.name}" for alias in node.names)


def _without_clashes(file: File, run: RunPlan) -> RunPlan:
    """Leave names to a person that would give a class the same base twice, which Python refuses."""
    destinations = destinations_of(run.every_move)
    lines: dict[str, int] = {}
    for node in file.nodes.of(ast.ClassDef):
        meanings = [meaning for base in node.bases if len(node.bases) > 1 for meaning in file.meanings(base)]
        goes = {old: destinations.of(old) for old in meanings}
        new = [move.new if move else old for old, move in goes.items()]
        lines |= {old: node.lineno for old, move in goes.items() if move and new.count(move.new) > 1}
    if not lines:
        return run
    why = "two bases of the class in line {} would become one"
    moves = tuple(
        replace(move, confidence="manual", why=why.format(lines[move.old])) if move.old in lines else move
        for move in run.moves
    )
    return replace(run, moves=moves)


def is_imports_only(file: File, run: RunPlan) -> bool:
    """Tell whether nothing but from-imports of moved names can matter in a file, as in most that matter at all."""
    if run.migrations or run.calling or run.options.rename or not run.every_move:
        return False
    if any(move.inventory for move in run.moves):
        return False
    sites = find_sites(file, run.every_move)
    new = [move.new for site in sites for _, move in site.moved]
    brought = {name for node in file.statements if isinstance(node, ast.ImportFrom) for name in _names(file, node)}
    if len(set(new)) < len(new) or not brought.isdisjoint(new):
        # Two names of one thing may meet, as bases of one class.
        return False
    return not mentions_elsewhere(file.source, [site.node for site in sites], run.every_move)


def rewrite_imports_only(file: File, run: RunPlan) -> Found:
    """Rewrite the from-imports of moved names, without a look at any expression."""
    return change_imports(file, find_sites(file, run.every_move))


def _replaces(sites: list[Site], modules: ModuleChanges) -> list[tuple[str, ast.stmt | int]]:
    """Return the old names that go, each with the import that brings it, or the group of its uses."""
    imported = [(move.old, site.node) for site in sites for _, move in site.moved]
    return [*imported, *((move.old, group) for move, group in modules.uses)]


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
        for move in _homes(moves, module):
            brought = f"names of {move.old}" if move.is_module else _brought_by_star(file, moves, module)
            message = f"a star import of {module} may bring {brought}; import the names themselves"
            yield file.finding(node, move.code, message)
        return
    for move in _homes(moves, imported.name):
        if move.is_module:
            message = f"imports {move.old}, which is {move.new} now, and its uses cannot be told for certain"
        else:
            new = f"import {move.new} instead, and change its uses"
            message = f"imports the old home {move.old_module} as a module; {new}"
        yield file.finding(alias, move.code, message)


def _brought_by_star(file: File, moves: tuple[Move, ...], module: str) -> str:
    """Name what a star may bring: what the file uses of it, or else what comes first."""
    names = list(dict.fromkeys(move.old_name for move in moves if not move.is_module and move.old_module == module))
    used = [name for name in names if file.scopes.of(name)] or names[:_NAMED]
    last = f"{len(names) - len(used)} more" if not file.scopes.of(used[0]) and len(names) > len(used) else used.pop()
    return " and ".join(filter(None, [", ".join(used), last]))


def _looking_alike(file: File, imported: Imported, moves: tuple[Move, ...]) -> Iterator[Finding]:
    assert isinstance(imported.node, ast.ImportFrom)
    module = file.home.resolve(imported.node)
    for move in moves:
        if imported.alias.name != move.old_name:
            continue
        written = module or imported.node.module or ""
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


def _homes(moves: tuple[Move, ...], module: str) -> Iterator[Move]:
    """Yield the first move out of this module: one finding a place is enough."""
    homes = [move for move in moves if (move.of(module) if move.is_module else move.old_module == module)]
    # A module into which names move is there in v2, and may be imported.
    if module and homes and not any(f"{move.new}.".startswith(f"{module}.") for move in homes[:1]):
        yield homes[0]


def _uses(file: File, moves: tuple[Move, ...], besides: Set[ast.AST]) -> Iterator[Finding]:
    names = {move.old_name for move in moves}
    told: set[ast.AST] = set()
    for node in file.nodes.of(ast.Attribute):
        if node.attr not in names or node in besides or node in told:
            continue
        meanings = file.meanings(node)
        for move in moves:
            if move.old in meanings:
                # A walk meets the whole of a dotted name before its parts: the module is not told again.
                told |= set(ast.walk(node.value))
                yield file.finding(node, move.code, f"uses {move.old} through its module; {move.new} is the new home")
