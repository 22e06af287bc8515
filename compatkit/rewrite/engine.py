"""One source file in, one outcome out. Pure: bytes in, a picklable value out, so that any executor can run it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from compatkit.migration import Migration, Move
from compatkit.rewrite.change import Change, Pass
from compatkit.rewrite.check import check
from compatkit.rewrite.errors import RewriteError
from compatkit.rewrite.ignored import Ignored
from compatkit.rewrite.imports.changes import change_imports
from compatkit.rewrite.imports.leftover import find_leftovers
from compatkit.rewrite.imports.modules import ModuleChanges, change_modules
from compatkit.rewrite.imports.reexports import find_named
from compatkit.rewrite.imports.stars import change_stars
from compatkit.rewrite.imports.whole_modules import change_whole_modules
from compatkit.rewrite.options import Options
from compatkit.rewrite.outcome import Edit, Finding, Outcome, Rewritten, Skipped, Unchanged
from compatkit.rewrite.place import FileModule, Site, find_sites, parse, walk_statements
from compatkit.rewrite.scan import can_be_modern, can_matter, mentions_elsewhere
from compatkit.rewrite.source import Source, read_source
from compatkit.rewrite.splice import splice
from compatkit.rewrite.strings.find import find_strings
from compatkit.rewrite.surroundings import ALONE, Surroundings


def rewrite_source(
    source: bytes,
    *,
    module: str,
    is_package: bool,
    moves: Iterable[Move],
    migrations: Iterable[Migration] = (),
    options: Options = Options(),  # noqa: B008 - immutable
    reexports: Iterable[Move] = (),
    surroundings: Surroundings = ALONE,
) -> Outcome:
    """Rewrite the imports and uses of moved names in one file, and report what else names an old home.

    `module` is the dotted name under which the file is imported, or "" if unknown: then relative imports are only
    reported. `migrations` bring fields and arguments, on which `options.modernize` acts. `reexports` are moves from
    modules that only hand a name on: imports follow them, uses through the module need not. `surroundings` is
    what other files tell of this one. Nothing is read, written, imported or executed.

    >>> move = Move("CK101", "pkg.old.Thing", "pkg.new.Thing2")
    >>> rewrite_source(b"from pkg.old import Thing", module="", is_package=False, moves=[move]).source
    b'from pkg.new import Thing2 as Thing'
    """
    all_moves = tuple(move for move in moves if options.acts_on(move.code))
    through = tuple(move for move in reexports if options.acts_on(move.code) and move.old_module != module)
    modern = tuple(migrations) if options.modernize else ()
    if not can_matter(source, all_moves) and not can_matter(source, through) and not can_be_modern(source, modern):
        return Unchanged()
    # The old home defines the names: there they are not imported, and its texts are about itself.
    relevant = tuple(move for move in all_moves if not _is_home(module, move))
    if not relevant and not through and not modern:
        return Skipped("this is the old home itself")
    try:
        wanted = _Wanted(relevant, through, modern, options, surroundings)
        return _rewrite(read_source(source), FileModule(module, is_package), wanted)
    except RewriteError as error:
        return error.as_outcome()


def _is_home(module: str, move: Move) -> bool:
    return move.of(module) is not None if move.is_module else move.old_module == module


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be done in this file."""

    moves: tuple[Move, ...]
    reexports: tuple[Move, ...]
    migrations: tuple[Migration, ...]
    options: Options
    surroundings: Surroundings


def _rewrite(source: Source, home: FileModule, wanted: _Wanted) -> Outcome:
    tree = parse(source.text)
    ignored = Ignored(source)
    changes: list[Change] = []
    findings: list[Finding] = []
    for found in _passes(source, tree, home, wanted, changes):
        made, left = _choose(found.changes, changes, ignored)
        changes += made
        findings += [each for each in (*found.findings, *left) if not ignored.holds(each.line, each.code)]
    reported = tuple(sorted(set(findings), key=lambda item: (item.line, item.column, item.code, item.message)))
    if not changes:
        return Unchanged(reported)
    changes.sort(key=lambda change: (change.start, change.end))
    result = splice(source, changes)
    check(source, tree, changes, result, binds_the_same=all(change.binds_the_same for change in changes))
    return Rewritten(result, tuple(_edits(source, changes)), reported)


def _passes(source: Source, tree: ast.Module, home: FileModule, wanted: _Wanted, made: list[Change]) -> Iterator[Pass]:
    """Yield the passes, in the order in which their changes have the right of way; `made` grows in between."""
    moves, through, options = wanted.moves, wanted.reexports, wanted.options
    statements = list(walk_statements(tree))
    if moves or through:
        every = (*moves, *through)
        sites = find_sites(statements, home, every)
        if not wanted.migrations and not mentions_elsewhere(source, [site.node for site in sites], every):
            yield change_imports(source, sites, statements, home)
            return
    nodes = list(ast.walk(tree))
    moving: set[str] = set()
    if moves or through:
        modules = change_modules(source, nodes, home, moves)
        sites = find_sites(statements, home, every, modules.from_imports)
        imports = change_imports(source, sites, statements, home, groups=modules.groups)
        whole = change_whole_modules(source, nodes, home, moves, first_group=len(nodes))
        # Uses whose from-import is left to a person must stay as they are.
        lost = {modules.groups.get(site.node, 0) for site in sites} - {each.group for each in imports.changes}
        changes = [*imports.changes, *(each for each in modules.changes if each.group not in lost), *whole.changes]
        stars = change_stars(source, tree, nodes, home, moves, wanted.surroundings)
        moved_stars = {alias for site in sites for alias, _ in site.moved if alias.name == "*"}
        handled = modules.handled | whole.handled | stars.handled | moved_stars
        leftovers = find_leftovers(source, nodes, home, moves, besides=handled)
        yield Pass([*changes, *stars.changes], [*imports.findings, *stars.findings, *leftovers])
        moving = _moving(sites, modules, made)
        yield find_strings(source, tree, nodes, home, moves, options)
        if through:
            yield Pass(findings=list(find_named(source, nodes, through)))
    if wanted.migrations:
        # Imported here: only --modernize needs to follow values through a file.
        from compatkit.rewrite.modernize import find_modern

        found = find_modern(source, tree, nodes, home, wanted.migrations, options, moving=moving)
        yield Pass(
            [each for each in found.changes if options.acts_on(each.code)],
            [each for each in found.findings if options.acts_on(each.code)],
        )


def _moving(sites: list[Site], modules: ModuleChanges, made: list[Change]) -> set[str]:
    """Return the old names of which every import in the file is being replaced."""
    lines, groups = {change.line for change in made}, {change.group for change in made}
    replaced = {move.old for site in sites if site.node.lineno in lines for _, move in site.moved}
    replaced |= {move.old for move, group in modules.uses if group in groups}
    left = {move.old for site in sites if site.node.lineno not in lines for _, move in site.moved}
    return replaced - left - {move.old for move, group in modules.uses if group not in groups}


def _choose(planned: list[Change], made: list[Change], ignored: Ignored) -> tuple[list[Change], list[Finding]]:
    """Sort out the changes that must not be made: on ignored lines, in the way of others, and all of their groups."""
    out = [
        change
        for change in planned
        if ignored.holds(change.line, change.code) or any(_overlap(change, other) for other in made)
    ]
    groups = {change.group for change in out} - {0}
    left = [change for change in planned if change in out or change.group in groups]
    # Where a mark stands on the first of a group, its import, the rest is ignored with it.
    quiet = {group for group in groups if _is_marked(min(_of(planned, group), key=lambda each: each.start), ignored)}
    told = [_not_made(each) for each in left if each.message and each.group not in quiet]
    return [change for change in planned if change not in left], told


def _of(changes: list[Change], group: int) -> list[Change]:
    return [change for change in changes if change.group == group]


def _is_marked(change: Change, ignored: Ignored) -> bool:
    return ignored.holds(change.line, change.code)


def _overlap(one: Change, other: Change) -> bool:
    # An insertion at the edge of a change is beside it.
    return one.start < other.end and other.start < one.end


def _not_made(change: Change) -> Finding:
    message = f"not made, because a line or another change is in its way: {change.message}"
    return Finding(change.code, change.line, change.column, message)


def _edits(source: Source, changes: list[Change]) -> Iterator[Edit]:
    """Yield an edit for each place; a change without a message belongs to the one before it on its line."""
    for index, change in enumerate(changes):
        if change.message:
            added = sum(_added(source, other) for other in _parts(changes, index))
            yield Edit(change.code, change.line, change.column, change.message, added)


def _parts(changes: list[Change], index: int) -> Iterator[Change]:
    yield changes[index]
    for change in changes:
        if not change.message and change.line == changes[index].line and change.code == changes[index].code:
            yield change


def _added(source: Source, change: Change) -> int:
    return _lines(change.text) - _lines(source.text[change.start : change.end])


def _lines(text: str) -> int:
    return len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
