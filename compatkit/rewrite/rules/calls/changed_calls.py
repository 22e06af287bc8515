"""Calls, members and names of which a library changed the interface: what each becomes, and what a person must do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compatkit.migration import Migration
from compatkit.rewrite.edit.edit import Found
from compatkit.rewrite.file.file import File
from compatkit.rewrite.flow.interpreter import follow
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.call_sites import Visitor
from compatkit.rewrite.rules.calls.code_in_texts import find_in_texts
from compatkit.rewrite.rules.calls.facts import CallFacts
from compatkit.rewrite.rules.calls.index import Index
from compatkit.rewrite.rules.calls.use_groups import UseGroups
from compatkit.rewrite.rules.hooks import Hooks
from compatkit.rewrite.rules.members import Members
from compatkit.rewrite.rules.members_by_string import find_indirect
from compatkit.rewrite.rules.removed import find_removed
from compatkit.rewrite.rules.respell import Spelling
from compatkit.rewrite.run_plan import RunPlan


def find_calls(file: File, run: RunPlan) -> Found:
    """Return the changes of calls, members and names, and report those that are not certain."""
    index = Index.of(run.calling, run.options)
    found = _find(file, run, index)
    is_asked = run.options.confidence == "review"
    texts = find_in_texts(file, index.known.watched, lambda each: _find(each, run, index), may_change=is_asked)
    return Found([*found.changes, *texts.changes], _once([*found.findings, *texts.findings]))


def _find(file: File, run: RunPlan, index: Index) -> Found:
    try:
        facts = CallFacts(file, follow(file, index.known), index, run.options)
    except RecursionError:
        return Found(findings=[_too_deep(run.calling)])
    spelling = Spelling(file, index.loaded)
    visitor, members = Visitor(facts, spelling), Members(facts)
    hooks = Hooks(facts)
    uses = [*visitor.uses(), *members.uses(), *hooks.uses()]
    handed_on = _handed_on(file, index)
    findings = [
        *handed_on,
        *visitor.findings,
        *members.findings,
        *hooks.findings,
        *find_removed(facts),
        *find_indirect(facts),
    ]
    found = UseGroups(file, spelling).settle(uses, findings)
    return Found(sorted(found.changes, key=lambda change: (change.start, change.end)), found.findings)


def _handed_on(file: File, index: Index) -> Iterator[Finding]:
    """Report imports of what changed that another file takes from here: its own uses are not seen there."""
    for each in file.imports:
        changes = [change for change in index.calls_of(each.name) if not change.say]
        members = [member for name, member in index.members.items() if name.rpartition(".")[0] == each.name]
        codes = [change.code for change in (*changes, *members)]
        is_read = file.neighbours.read is not None and each.local in file.neighbours.read
        if codes and is_read and file.scope_of(each.alias) is file.scopes.module:
            message = (
                f"{each.name} changed, and another file takes it from here as {each.local!r}; look at its uses there"
            )
            yield file.finding(each.alias, codes[0], message)


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
