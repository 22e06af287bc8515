"""List the rules in the order of precedence of their edits.

A rule takes a file and what the run wants of it, and returns what it found: `rule(file, run) -> Found`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from compatkit.migration import Move
from compatkit.migration.renaming import prefixes, renaming_of
from compatkit.migration.value import cached_by_identity
from compatkit.rewrite.edit.edit import Found
from compatkit.rewrite.edit.import_plan import Site
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.tree import span
from compatkit.rewrite.prefilter.words import mentions_elsewhere
from compatkit.rewrite.rules.flags import find_flags
from compatkit.rewrite.rules.module_use_edits import ModuleChanges
from compatkit.rewrite.rules.moved_from_imports import DependentChanges, change_imports
from compatkit.rewrite.rules.moved_module_uses import change_modules
from compatkit.rewrite.rules.moved_modules import change_whole_modules
from compatkit.rewrite.rules.moved_names import find_sites
from compatkit.rewrite.rules.moved_star_imports import change_stars
from compatkit.rewrite.rules.own_names import find_own_names, may_show
from compatkit.rewrite.rules.reexports import find_named
from compatkit.rewrite.rules.removed import find_absent
from compatkit.rewrite.rules.rename import Renames, find_renames
from compatkit.rewrite.rules.report_leftovers import find_leftovers
from compatkit.rewrite.rules.strings.patched_globals import find_patched_globals
from compatkit.rewrite.rules.strings.strings import find_strings
from compatkit.rewrite.run_plan import RunPlan

Rule: TypeAlias = Callable[[File, RunPlan], Found]


def rewrite_calls(file: File, run: RunPlan) -> Found:
    """Rewrite calls, members and names of which a library changed the interface."""
    if not run.calling:
        return Found()
    # Imported here: most runs over most files meet no changed interface.
    from compatkit.rewrite.call_rules import find_calls

    return find_calls(file, run)


def rewrite_records(file: File, run: RunPlan) -> Found:
    """Rewrite what follows from the values that flow through a file."""
    if not run.migrations:
        return Found()
    # Imported here: few runs need to follow values.
    from compatkit.rewrite.record_rules import rewrite_records_and_arguments

    return rewrite_records_and_arguments(file, run)


def rewrite_docstrings(file: File, run: RunPlan) -> Found:
    """Rewrite the doctests of docstrings."""
    if ">>>" not in file.source.text or not run.moves:
        return Found()
    # Imported here: few files have doctests, and these are read as documents are.
    from compatkit.rewrite.documents.docstrings import find_in_docstrings

    return find_in_docstrings(file, run)


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
    imports = change_imports(file, sites, DependentChanges(groups, modules.from_imports, renames.aliases))
    whole = change_whole_modules(file, run)
    # Uses whose from-import is left to a person must stay as they are.
    lost = {groups.get(site.node, 0) for site in sites} - {edit.group for edit in imports.changes}
    uses = [edit for edit in (*modules.changes, *renames.changes) if edit.group not in lost]
    stars = change_stars(file, run.moves)
    # What these sites are, or why they are left, is said already.
    placed = {alias for site in sites for alias, _ in site.moved}
    handled = modules.handled | whole.handled | stars.handled | placed
    leftovers = find_leftovers(file, run.moves, handled)
    findings = [*imports.findings, *renames.findings, *modules.findings, *whole.findings, *stars.findings]
    changes = [*imports.changes, *uses, *whole.changes, *stars.changes]
    return Found(changes, [*findings, *leftovers], _replaces(sites, modules))


def _names_of(alias: ast.alias) -> tuple[str, ...]:
    return (alias.name, alias.asname) if alias.asname else (alias.name,)


def _names(file: File, node: ast.ImportFrom) -> Iterator[str]:
    return (f"{file.home.resolve(node)}.{alias.name}" for alias in node.names)


def _without_clashes(file: File, run: RunPlan) -> RunPlan:
    """Leave names to a person that would give a class the same base twice, which Python refuses."""
    renaming = renaming_of(run.every_move)
    lines: dict[str, int] = {}
    for node in file.nodes.of(ast.ClassDef):
        meanings = [meaning for base in node.bases if len(node.bases) > 1 for meaning in file.meanings(base)]
        goes = {old: renaming.of(old) for old in meanings}
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
    brings = {name for site in sites for alias, _ in site.moved for name in _names_of(alias)}
    is_used = file.neighbours.aliases or _is_spelled_again(file, sites, brings)
    if is_used and (file.neighbours.aliases or file.neighbours.askers or may_show(file.source, brings)):
        return False
    new = [move.new for site in sites for _, move in site.moved]
    brought = {
        name for node in file.import_statements if isinstance(node, ast.ImportFrom) for name in _names(file, node)
    }
    if len(set(new)) < len(new) or not brought.isdisjoint(new):
        # Two names of one thing may meet, as bases of one class.
        return False
    moved = {move.old for site in sites for _, move in site.moved}
    if not (brought - moved).isdisjoint(_homes(run.every_move)):
        # A module is brought beside a moved name, and another file may read what has moved of it.
        return False
    return not mentions_elsewhere(file.source, [site.node for site in sites], run.every_move)


@cached_by_identity
def _homes(moves: tuple[Move, ...]) -> frozenset[str]:
    """Return the modules that hold a moved name, and the packages above them."""
    homes = {move.old_home for move in moves} | {move.old_module for move in Move.symbols(moves)}
    return frozenset(name for home in homes for name in (home, *prefixes(home)))


def _is_spelled_again(file: File, sites: list[Site], names: set[str]) -> bool:
    """Tell whether a text has one of the names of these imports anywhere else, in small letters too."""
    text = file.source.text
    if not text.isascii():
        # One name is spelled in several ways then.
        return True
    inside = [text[start:end].lower() for start, end in (span(file.source, site.node) for site in sites)]
    low = text.lower()
    return any(low.count(name.lower()) > sum(part.count(name.lower()) for part in inside) for name in names)


def rewrite_imports_only(file: File, run: RunPlan) -> Found:
    """Rewrite the from-imports of moved names, without a look at any expression."""
    return change_imports(file, find_sites(file, run.every_move))


def _replaces(sites: list[Site], modules: ModuleChanges) -> list[tuple[str, ast.stmt | int]]:
    """Return the old names that go, each with the import that brings it, or the group of its uses."""
    imported = [(move.old, site.node) for site in sites for _, move in site.moved]
    return [*imported, *((move.old, group) for move, group in modules.uses)]


RULES: tuple[Rule, ...] = (
    rewrite_moves,
    find_absent,
    find_own_names,
    find_strings,
    rewrite_docstrings,
    find_named,
    find_patched_globals,
    find_flags,
    rewrite_calls,
    rewrite_records,
)
