"""The passes over one file, in the order in which their changes have the right of way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from compatkit.migration import Migration, Move
from compatkit.rewrite.edit.edit import Change, Pass
from compatkit.rewrite.edit.import_plan import Site
from compatkit.rewrite.file.module_name import FileModule
from compatkit.rewrite.file.neighbours import Surroundings
from compatkit.rewrite.file.parse import walk_statements
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import AllNodes
from compatkit.rewrite.options import Options
from compatkit.rewrite.prefilter.words import mentions_elsewhere
from compatkit.rewrite.rules.moved_from_imports import change_imports
from compatkit.rewrite.rules.moved_module_uses import ModuleChanges, change_modules
from compatkit.rewrite.rules.moved_modules import change_whole_modules
from compatkit.rewrite.rules.moved_names import find_sites
from compatkit.rewrite.rules.moved_star_imports import change_stars
from compatkit.rewrite.rules.reexports import find_named
from compatkit.rewrite.rules.rename import Renames, find_renames
from compatkit.rewrite.rules.report_leftovers import find_leftovers
from compatkit.rewrite.rules.strings.strings import find_strings


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done in this file."""

    moves: tuple[Move, ...]
    reexports: tuple[Move, ...]
    migrations: tuple[Migration, ...]
    options: Options
    surroundings: Surroundings
    calling: tuple[Migration, ...] = ()
    loads: frozenset[str] = frozenset()


def find_passes(
    source: Source, tree: ast.Module, home: FileModule, wanted: Wanted, made: list[Change]
) -> Iterator[Pass]:
    """Yield the passes, in the order in which their changes have the right of way; `made` grows in between."""
    moves, through, options = wanted.moves, wanted.reexports, wanted.options
    statements = list(walk_statements(tree))
    if moves or through:
        every = (*moves, *through) if through else moves
        sites = find_sites(statements, home, every)
        if (
            not wanted.migrations
            and not wanted.calling
            and not options.rename
            and not mentions_elsewhere(source, [site.node for site in sites], every)
        ):
            yield change_imports(source, sites, statements, home)
            return
    nodes = AllNodes(tree)
    moving: set[str] = set()
    if moves or through:
        modules = change_modules(source, nodes, home, moves)
        sites = find_sites(statements, home, every, modules.from_imports)
        renames = _renames(source, tree, nodes, home, sites, modules, wanted)
        groups = {**modules.groups, **renames.groups}
        imports = change_imports(source, sites, statements, home, groups=groups, renamed=renames.aliases)
        whole = change_whole_modules(source, nodes, home, moves, first_group=len(nodes))
        # Uses whose from-import is left to a person must stay as they are.
        lost = {groups.get(site.node, 0) for site in sites} - {each.group for each in imports.changes}
        uses = [each for each in (*modules.changes, *renames.changes) if each.group not in lost]
        changes = [*imports.changes, *uses, *whole.changes]
        stars = change_stars(source, tree, nodes, home, moves, wanted.surroundings)
        # What these sites are, or why they are left, is said already.
        placed = {alias for site in sites for alias, _ in site.moved}
        handled = modules.handled | whole.handled | stars.handled | placed
        leftovers = find_leftovers(source, nodes, home, moves, besides=handled)
        findings = [*imports.findings, *renames.findings, *stars.findings, *leftovers]
        yield Pass([*changes, *stars.changes], findings)
        moving = _moving(sites, modules, made)
        if moves:
            yield find_strings(source, tree, nodes, home, moves, options, wanted.calling, wanted.loads)
        if through:
            yield Pass(findings=list(find_named(source, nodes, through)))
    if wanted.calling:
        # Imported here: most runs over most files meet no changed interface.
        from compatkit.rewrite.rules.calls.changed_calls import find_calls

        if not moves:
            yield find_strings(source, tree, nodes, home, (), options, wanted.calling)
        yield find_calls(source, tree, nodes, home, wanted.calling, options, wanted.surroundings)
    if wanted.migrations:
        # Imported here: only --modernize needs to follow values through a file.
        from compatkit.rewrite.modernize import find_modern

        found = find_modern(source, tree, nodes, home, wanted.migrations, options, moving=moving)
        yield Pass(
            [each for each in found.changes if options.acts_on(each.code)],
            [each for each in found.findings if options.acts_on(each.code)],
        )


def _renames(
    source: Source,
    tree: ast.Module,
    nodes: AllNodes,
    home: FileModule,
    sites: list[Site],
    modules: ModuleChanges,
    wanted: Wanted,
) -> Renames:
    if not wanted.options.rename:
        return Renames()
    # A statement that also brings a module has changes of its own that depend on it.
    free = [site for site in sites if site.node not in modules.groups]
    return find_renames(source, tree, nodes, home, free, wanted.surroundings, first_group=3 * len(nodes))


def _moving(sites: list[Site], modules: ModuleChanges, made: list[Change]) -> set[str]:
    """Return the old names of which every import in the file is being replaced."""
    lines, groups = {change.line for change in made}, {change.group for change in made}
    replaced = {move.old for site in sites if site.node.lineno in lines for _, move in site.moved}
    replaced |= {move.old for move, group in modules.uses if group in groups}
    left = {move.old for site in sites if site.node.lineno not in lines for _, move in site.moved}
    return replaced - left - {move.old for move, group in modules.uses if group not in groups}
