"""Combine the rules for calls, members and names whose interface a library changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from compatkit.migration import Migration
from compatkit.options import Options
from compatkit.rewrite.edit.edit import Found
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.neighbours import Facts
from compatkit.rewrite.flow.handed import facts_of
from compatkit.rewrite.flow.interpreter import follow_values
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.call_sites import Visitor
from compatkit.rewrite.rules.calls.code_in_texts import Look, find_in_texts
from compatkit.rewrite.rules.calls.doubles import find_doubles
from compatkit.rewrite.rules.calls.facts import CallFacts, Index
from compatkit.rewrite.rules.calls.indirect import find_asked_parameters, find_evaluated, find_looked_up, find_set_aside
from compatkit.rewrite.rules.calls.structured_configs import find_structured
from compatkit.rewrite.rules.calls.use_groups import UseGroups
from compatkit.rewrite.rules.hooks import Hooks
from compatkit.rewrite.rules.members import Members
from compatkit.rewrite.rules.members_by_string import find_indirect
from compatkit.rewrite.rules.removed import find_ran, find_removed, find_unhandled
from compatkit.rewrite.rules.respell import Spelling
from compatkit.rewrite.rules.unseen_bases import find_unseen_bases
from compatkit.rewrite.run_plan import RunPlan

# So many names that one place may mean are told in one finding.
_MANY = 3


def find_calls(file: File, run: RunPlan) -> Found:
    """Return the changes of calls, members and names, and report those that are not certain."""
    index = Index.of(run.calling, run.options)
    found = _find(file, run, index)
    is_asked = run.options.confidence == "review"
    texts = find_in_texts(file, Look(index.known.watched, lambda text: _find(text, run, index), may_change=is_asked))
    return Found([*found.changes, *texts.changes], _once([*found.findings, *texts.findings]))


def interface_facts(file: File, migrations: Sequence[Migration], options: Options, asked: set[str]) -> Facts:
    """Return what a file tells others of names and objects whose interface changed.

    `asked` gets the names by which it asked its neighbours: where these answer as before, so does the file.
    """
    known = Index.of(migrations, options).known.beside(file.neighbours, asked)
    try:
        trace = follow_values(file, known)
    except RecursionError:
        return Facts()
    return facts_of(file.home.name, trace, known)


def _find(file: File, run: RunPlan, index: Index) -> Found:
    try:
        facts = CallFacts(file, follow_values(file, index.known.beside(file.neighbours, set())), index, run.options)
    except RecursionError:
        return Found(findings=[_too_deep(run.calling)])
    spelling = Spelling(file, index.loaded)
    visitor, members = Visitor(facts, spelling), Members(facts)
    hooks = Hooks(facts)
    uses = [*visitor.uses(), *members.uses(), *hooks.uses()]
    findings = [
        *visitor.findings,
        *members.findings,
        *hooks.findings,
        *find_looked_up(facts),
        *find_structured(facts),
        *find_asked_parameters(facts),
        *find_set_aside(facts),
        *find_evaluated(facts),
        *find_removed(facts),
        *find_unhandled(facts),
        *find_ran(facts),
        *find_indirect(facts),
        *find_doubles(facts),
        *find_unseen_bases(facts),
    ]
    found = UseGroups(file, spelling).settle(uses, findings)
    return Found(sorted(found.changes, key=lambda change: (change.start, change.end)), found.findings)


def _once(findings: Sequence[Finding]) -> list[Finding]:
    """Leave out what says the same of the same place: under another code, or of another callee that it may be."""
    seen: set[tuple[int, int, str]] = set()
    kept = []
    for finding in findings:
        _, colon, reason = finding.message.removeprefix("not rewritten: ").partition(": ")
        texts = (finding.message, *([f"{finding.code} {reason}"] if colon else []))
        keys = {(finding.line, finding.column, text) for text in texts}
        if seen.isdisjoint(keys):
            kept.append(finding)
        seen |= keys
    return _in_one(kept)


def _in_one(findings: Sequence[Finding]) -> list[Finding]:
    """Tell once of a place that may mean many names that changed, as where a text decides which class is made."""
    names: dict[tuple[int, int], list[str]] = {}
    for finding in findings:
        meant = names.setdefault((finding.line, finding.column), [])
        name = re.split("[:; ]", finding.message, maxsplit=1)[0]
        meant += [name] if name not in meant else []
    kept: list[Finding] = []
    told: set[tuple[int, int]] = set()
    for finding in findings:
        place = finding.line, finding.column
        meant = names[place]
        if len(meant) < _MANY:
            kept.append(finding)
        elif place not in told:
            told.add(place)
            others = f"{', '.join(meant[1:_MANY])}{' and others' if len(meant) > _MANY else ''}"
            kept.append(replace(finding, message=f"{finding.message}; it may be one of {others} as well"))
    return kept


def _too_deep(migrations: Sequence[Migration]) -> Finding:
    codes = [row.code for migration in migrations for row in migration.calls]
    message = "calls are not followed in this file: it is nested too deeply"
    return Finding(codes[0] if codes else "CK901", 1, 1, message, "manual")
