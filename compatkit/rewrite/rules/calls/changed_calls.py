"""Calls, members and names of which a library changed the interface: what each becomes, and what a person must do."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from compatkit.migration import Migration
from compatkit.rewrite.edit.edit import Pass
from compatkit.rewrite.file.ignore_comments import Ignored
from compatkit.rewrite.file.module_name import FileModule
from compatkit.rewrite.file.neighbours import Surroundings
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import Nodes
from compatkit.rewrite.flow.interpreter import follow
from compatkit.rewrite.options import Options
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.call_sites import Visitor
from compatkit.rewrite.rules.calls.index import Index
from compatkit.rewrite.rules.calls.use_groups import Together
from compatkit.rewrite.rules.members import Members
from compatkit.rewrite.rules.members_by_string import find_indirect
from compatkit.rewrite.rules.removed import find_removed
from compatkit.rewrite.rules.respell import Spelling


def find_calls(
    source: Source,
    tree: ast.Module,
    nodes: Nodes,
    home: FileModule,
    migrations: Sequence[Migration],
    options: Options,
    surroundings: Surroundings,
) -> Pass:
    """Return the changes of calls, members and names, and report those that are not certain."""
    index = Index.of(migrations, options)
    try:
        trace = follow(tree, nodes, home, index.known)
    except RecursionError:
        return Pass(findings=[_too_deep(migrations)])
    spelling = Spelling(source, nodes, home, index.loaded)
    ignored = Ignored(source)
    visitor = Visitor(source, nodes, trace, index, options, spelling, ignored)
    members = Members(source, nodes, trace, index, options, ignored)
    uses = [*visitor.uses(), *members.uses()]
    removed = find_removed(source, nodes, home, trace, index)
    indirect = find_indirect(source, trace, index, ignored)
    findings = [*visitor.findings, *members.findings, *removed, *indirect]
    found = Together(source, nodes, home, spelling, surroundings).settle(uses, findings)
    return Pass(sorted(found.changes, key=lambda change: (change.start, change.end)), _once(found.findings))


def _once(findings: Sequence[Finding]) -> list[Finding]:
    """Leave out what says the same of the same place, under another code."""
    seen: set[tuple[int, int, str]] = set()
    kept = []
    for each in findings:
        key = (each.line, each.column, each.message)
        if key not in seen:
            seen.add(key)
            kept.append(each)
    return kept


def _too_deep(migrations: Sequence[Migration]) -> Finding:
    codes = [call.code for migration in migrations for call in migration.calls]
    message = "calls are not followed in this file: it is nested too deeply"
    return Finding(codes[0] if codes else "CK901", 1, 1, message, "manual")
