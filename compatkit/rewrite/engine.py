"""Rewrite one source file: bytes in, a picklable outcome out, without I/O, so that any executor can run it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from compatkit.migration import Migration, Move
from compatkit.options import Options
from compatkit.rewrite.edit.edit import Edit, Found, PlacesBefore, choose, is_held_up
from compatkit.rewrite.edit.splice import splice
from compatkit.rewrite.edit.verify import check
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.neighbours import ALONE, Neighbours
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import walk_statements
from compatkit.rewrite.ordered_rules import RULES, is_imports_only, rewrite_imports_only
from compatkit.rewrite.outcome import Finding, Outcome, Rewrite, RewriteError, Rewritten, Skipped, Unchanged
from compatkit.rewrite.prefilter.interfaces import can_call, changes_interface, flags_in
from compatkit.rewrite.prefilter.words import (
    can_be_modern,
    can_matter,
    is_spelled_outside,
    modern_names,
    modern_of,
    wanted_of,
)
from compatkit.rewrite.run_plan import RunPlan, consented, with_advice

Told = TypeVar("Told", Rewrite, Finding)


def rewrite_source(
    source: bytes,
    *,
    module: str,
    is_package: bool,
    moves: Iterable[Move],
    migrations: Iterable[Migration] = (),
    options: Options = Options(),  # noqa: B008 - immutable
    reexports: Iterable[Move] = (),
    neighbours: Neighbours = ALONE,
) -> Outcome:
    """Rewrite the imports and uses of moved names in one file, and report what else names an old home.

    `module` is the dotted name under which the file is imported, or "" if unknown: then relative imports are only
    reported. `migrations` bring changed interfaces, and fields and arguments, on which only `options.modernize` acts.
    `reexports` are moves from modules that only hand a name on: imports follow them, uses through the module need not.
    `neighbours` is what other files tell of this one. Nothing of the code is imported or executed; only the
    `transform.py` of a migration that has one is, for a file with one of its words.

    >>> move = Move("CK101", "pkg.old.Thing", "pkg.new.Thing2")
    >>> rewrite_source(b"from pkg.old import Thing", module="", is_package=False, moves=[move]).source
    b'from pkg.new import Thing2 as Thing'
    """
    declared = tuple(migrations)
    home = FileModule(module, is_package)
    outcome = rewrite_by_tables(source, home, tuple(moves), declared, options, tuple(reexports), neighbours)
    if not any(migration.transform for migration in declared):
        return outcome
    # Imported here: few migrations bring code, and LibCST costs more than all else.
    from compatkit.rewrite.transforms import transform_after

    return transform_after(outcome, source, home, declared, options)


def rewrite_by_tables(
    source: bytes,
    home: FileModule,
    moves: tuple[Move, ...],
    declared: tuple[Migration, ...],
    options: Options,
    reexports: tuple[Move, ...] = (),
    neighbours: Neighbours = ALONE,
) -> Outcome:
    """Rewrite as `rewrite_source` does, without the code that migrations bring."""
    all_moves = _selected(moves, options)
    if options.confidence == "review":
        all_moves = consented(all_moves)
    through = tuple(move for move in _selected(reexports, options) if move.old_module != home.name)
    modern = modern_of(declared, options)
    calling = tuple(migration for migration in declared if _is_called(migration, source, home, neighbours))
    flags = flags_in(source, declared, options)
    if not (
        can_matter(source, all_moves)
        or can_matter(source, through)
        or calling
        or flags
        or can_be_modern(source, modern)
        or neighbours.aliases
        or (neighbours.is_told and any(migration.has_objects for migration in modern))
    ):
        return Unchanged()
    # The old home defines the names: there they are not imported, and its texts are about itself.
    relevant = _from_elsewhere(all_moves, home.name)
    if not (relevant or through or modern or calling or flags):
        return Skipped("this is the old home itself")
    loads = frozenset(name for migration in declared for name in migration.loads)
    run = RunPlan(relevant, through, modern, options, calling, loads, flags, engine=rewrite_by_tables)
    try:
        # As a neighbour, it has been asked before.
        file = File.of(source, home, neighbours, is_last=True)
        outcome = _in_two_steps(file, run) if options.rename and modern else _rewrite(file, run)
        return replace(outcome, findings=with_advice(outcome.findings, declared, moves))
    except RewriteError as error:
        return error.as_outcome()


def _is_called(migration: Migration, source: bytes, home: FileModule, neighbours: Neighbours) -> bool:
    """Tell whether a file may use an interface that changed, by itself or through what other files hand to it."""
    if not changes_interface(migration):
        return False
    return neighbours.is_told or can_call(source, [migration]) or can_call(source, [migration], path=home.name)


def _selected(moves: tuple[Move, ...], options: Options) -> tuple[Move, ...]:
    """Return the moves to act on; where these are all, the same tuple, of which it is known what follows from it."""
    return moves if options.acts_on_all else tuple(move for move in moves if options.acts_on(move.code))


def _from_elsewhere(moves: tuple[Move, ...], module: str) -> tuple[Move, ...]:
    if module.partition(".")[0].encode() not in wanted_of(moves).tops:
        return moves
    left = tuple(move for move in moves if not move.empties(module))
    return moves if len(left) == len(moves) else left


def _in_two_steps(file: File, run: RunPlan) -> Rewritten | Unchanged:
    """Rename first: what is modernised afterwards contains names that were renamed."""
    changes, findings = _plan(file, replace(run, migrations=(), made=[]))
    if not _may_follow(file, run):
        return _apply(file.source, changes, findings)
    first = _apply(file.source, changes, findings)
    again = File.of(first.source, file.home, file.neighbours, is_last=True) if isinstance(first, Rewritten) else file
    second = _rewrite(again, replace(run, moves=(), reexports=(), calling=(), flags=(), made=[]))
    if isinstance(first, Unchanged):
        return replace(second, findings=_in_order((*findings, *second.findings)))
    return _joined(first, second, PlacesBefore(file.source, changes, again.source))


def _joined(first: Rewritten, second: Rewritten | Unchanged, before: PlacesBefore) -> Rewritten:
    """Return what two rewrites, one after the other, made of the source of the first."""
    reported = _in_order((*first.findings, *(_moved_back(finding, before) for finding in second.findings)))
    if isinstance(second, Unchanged):
        return replace(first, findings=reported)
    more = (replace(_moved_back(rewrite, before), behind=before.of(rewrite.behind, 1)[0]) for rewrite in second.edits)
    edits = sorted((*first.edits, *more), key=_by_place)
    return Rewritten(second.source, tuple(edits), reported)


def _moved_back(found: Told, before: PlacesBefore) -> Told:
    line, column = before.of(found.line, found.column)
    return replace(found, line=line, column=column)


def _by_place(edit: Rewrite) -> tuple[int, int]:
    return edit.line, edit.column


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(set(findings), key=lambda item: (item.line, item.column, item.code, item.message)))


def _rewrite(file: File, run: RunPlan) -> Rewritten | Unchanged:
    if run.migrations and not _may_follow(file, run):
        run = replace(run, migrations=())
    changes, findings = _plan(file, run)
    first = _apply(file.source, changes, findings)
    held_up = [finding for finding in findings if is_held_up(finding)]
    if not (held_up and isinstance(first, Rewritten)):
        return first
    # Two rules change one import: what was in the way is made now.
    again = File.of(first.source, file.home, file.neighbours, is_last=True)
    changed, found = _plan(again, replace(run, made=[], moving=frozenset()))
    second = _apply(again.source, changed, tuple(finding for finding in found if is_held_up(finding)))
    done = replace(first, findings=tuple(finding for finding in findings if finding not in held_up))
    return _joined(done, second, PlacesBefore(file.source, changes, again.source))


def _may_follow(file: File, run: RunPlan) -> bool:
    """Tell whether a file may have values to follow: what others hand to it, or what it uses by name itself."""
    return file.neighbours.is_told or uses_any(file.source, file.tree, run.migrations, run.reexports)


def _plan(file: File, run: RunPlan) -> tuple[list[Edit], tuple[Finding, ...]]:
    """Return the changes, in order and checked, and what is only reported."""
    findings: list[Finding] = []
    for rule in (rewrite_imports_only,) if is_imports_only(file, run) else RULES:
        found = rule(file, run)
        made, left = choose(file, found.changes, run.made)
        run.made += made
        run.moving |= _moving(file.source, found, made)
        findings += [
            finding for finding in (*found.findings, *left) if not file.ignored.holds(finding.line, finding.code)
        ]
    changes = sorted(run.made, key=lambda change: (change.start, change.end))
    if changes:
        binds_the_same = all(change.binds_the_same for change in changes)
        check(file.source, file.tree, changes, splice(file.source, changes), binds_the_same=binds_the_same)
    return changes, _in_order(findings)


def _moving(source: Source, found: Found, made: list[Edit]) -> frozenset[str]:
    """Return the old names of which every import in the file is being replaced."""
    lines, groups = {source.line(change.at) for change in made}, {change.group for change in made}
    gone = {(old, at.lineno in lines if isinstance(at, ast.stmt) else at in groups) for old, at in found.replaces}
    return frozenset(old for old, is_gone in gone if is_gone and (old, False) not in gone)


def _apply(source: Source, changes: list[Edit], findings: tuple[Finding, ...]) -> Rewritten | Unchanged:
    if not changes:
        return Unchanged(findings)
    return Rewritten(splice(source, changes), tuple(_edits(source, changes)), findings)


def _edits(source: Source, changes: list[Edit]) -> Iterator[Rewrite]:
    """Yield an edit for each place; a change without a message belongs to the one before it on its line."""
    for index, change in enumerate(changes):
        if change.message:
            added = sum(_added(source, other) for other in _parts(source, changes, index))
            yield Rewrite(change.code, *source.place(change.at), change.message, added, source.line(change.start))


def _parts(source: Source, changes: list[Edit], index: int) -> Iterator[Edit]:
    told = changes[index]
    yield told
    for change in changes:
        if not change.message and change.code == told.code and source.line(change.at) == source.line(told.at):
            yield change


def _added(source: Source, change: Edit) -> int:
    return _lines(change.text) - _lines(source.text[change.start : change.end])


def _lines(text: str) -> int:
    return len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def uses_any(source: Source, tree: ast.Module, migrations: Iterable[Migration], reexports: Iterable[Move] = ()) -> bool:
    """Tell whether a producer, a class or a function with declared arguments may be named outside of the imports.

    It may be by the name under which a facade hands it on, which the `reexports` tell.
    """
    if not source.text.isascii():
        # One name is spelled in several ways then.
        return True
    imports = [node for node in walk_statements(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    words = frozenset[str]().union(*map(modern_names, migrations), (move.old_name for move in reexports))
    renamed = {
        alias.asname
        for node in imports
        for alias in node.names
        if alias.asname and alias.name.rpartition(".")[2] in words
    }
    return is_spelled_outside(source, imports, words | renamed)
