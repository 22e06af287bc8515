"""One source file in, one outcome out. Pure: bytes in, a picklable value out, so that any executor can run it."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from compatkit.migration import Move
from compatkit.rewrite.check import check
from compatkit.rewrite.decide import doubt, finding
from compatkit.rewrite.errors import RewriteError
from compatkit.rewrite.leftover import find_leftovers
from compatkit.rewrite.outcome import Edit, Finding, Outcome, Rewritten, Skipped, Unchanged
from compatkit.rewrite.place import FileModule, Nodes, Site, find_sites, parse
from compatkit.rewrite.plan import Name, Plan, plan
from compatkit.rewrite.scan import can_matter
from compatkit.rewrite.source import Source, read_source
from compatkit.rewrite.splice import Replacement, replacements, splice


def rewrite_source(source: bytes, *, module: str, is_package: bool, moves: Iterable[Move]) -> Outcome:
    """Rewrite the from-imports of moved names in one file, and report what else names an old home.

    `module` is the dotted name under which the file is imported, or "" if unknown: then relative imports are only
    reported. Nothing is read, written, imported or executed.

    >>> move = Move("CK101", "pkg.old.Thing", "pkg.new.Thing2")
    >>> rewrite_source(b"from pkg.old import Thing", module="", is_package=False, moves=[move]).source
    b'from pkg.new import Thing2 as Thing'
    """
    all_moves = tuple(moves)
    if not can_matter(source, all_moves):
        return Unchanged()
    # The old home defines the names: there they are not imported, and its texts are about itself.
    relevant = tuple(move for move in all_moves if move.old_module != module)
    if not relevant:
        return Skipped("this is the old home itself")
    try:
        return _rewrite(read_source(source), FileModule(module, is_package), relevant)
    except RewriteError as error:
        return error.as_outcome()


def _rewrite(source: Source, home: FileModule, moves: tuple[Move, ...]) -> Outcome:
    tree = parse(source.text)
    nodes = list(ast.walk(tree))
    findings = find_leftovers(source, nodes, home, moves)
    plans: dict[ast.ImportFrom, Plan] = {}
    changes: list[Replacement] = []
    edits: list[Edit] = []
    for site in find_sites(nodes, home, moves):
        planned = _plan_site(source, site, nodes, home)
        if isinstance(planned, Finding):
            findings.append(planned)
            continue
        plans[site.node], replaced = planned
        changes += replaced
        edits.append(_edit(source, site, plans[site.node], replaced))
    reported = tuple(sorted(set(findings), key=lambda item: (item.line, item.column, item.code, item.message)))
    if not changes:
        return Unchanged(reported)
    result = splice(source, changes)
    check(source.data, tree, plans, result)
    return Rewritten(result, tuple(edits), reported)


def _plan_site(source: Source, site: Site, nodes: Nodes, home: FileModule) -> tuple[Plan, list[Replacement]] | Finding:
    move = site.moved[0][1]
    if reason := doubt(site, nodes, home):
        text, confidence = reason
        column = source.column(site.node.lineno, site.node.col_offset)
        return Finding(move.code, site.node.lineno, column, f"{move.old} is not rewritten here: {text}", confidence)
    planned = plan(site, home)
    replaced = replacements(source, site, planned)
    if replaced is None:
        message = f"{move.old} is not rewritten here: the statement's comments or layout would be lost"
        return finding(source, site.node, move.code, message)
    return planned, replaced


def _edit(source: Source, site: Site, planned: Plan, replaced: list[Replacement]) -> Edit:
    moved = [name for name in (*planned.kept, *planned.split) if site.moves[name.index] is not None]
    lines = sum(_lines(edit.text) - _lines(source.text[edit.start : edit.end]) for edit in replaced)
    column = source.column(site.node.lineno, site.node.col_offset)
    message = "; ".join(_describe(site, name) for name in moved)
    return Edit(site.moved[0][1].code, site.node.lineno, column, message, lines)


def _describe(site: Site, name: Name) -> str:
    before = "." * site.node.level + (site.node.module or "")
    alias = f" as {name.asname}" if name.asname else ""
    return f"{before}.{site.node.names[name.index].name} -> {name.target}.{name.name}{alias}"


def _lines(text: str) -> int:
    return len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
