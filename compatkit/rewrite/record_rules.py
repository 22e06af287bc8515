"""Combine the rules for records and arguments: one run of the interpreter serves them all."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from compatkit.migration import Migration
from compatkit.rewrite.edit.edit import Found
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.neighbours import Facts
from compatkit.rewrite.flow.declared_names import DeclaredNames
from compatkit.rewrite.flow.flow_facts import FlowFacts
from compatkit.rewrite.flow.handed import facts_of
from compatkit.rewrite.flow.interpreter import follow_values
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.config_arguments.config_arguments import Flow, arguments_in, may_have_arguments
from compatkit.rewrite.rules.record_attributes import Objects
from compatkit.rewrite.rules.record_keys import fields_in, may_have_fields
from compatkit.rewrite.run_plan import RunPlan


def rewrite_records_and_arguments(file: File, run: RunPlan) -> Found:
    """Rewrite v1's keys of records and v1's flat arguments, without a change inside another."""
    known = _known(file, run.migrations, set(), run.moving)
    has_fields = bool(known.objects and file.neighbours.is_told) or may_have_fields(file, known, run.migrations)
    has_arguments = may_have_arguments(file, known, run.migrations)
    if not has_fields and not has_arguments:
        return Found()
    try:
        trace = follow_values(file, known)
    except RecursionError:
        return Found(findings=[_too_deep(run.migrations)])
    fields = _fields(file, run, trace) if has_fields else Found()
    acts = run.options.acts_on
    chosen = [edit for edit in fields.changes if acts(edit.code) and not file.is_ignored(edit.at, edit.code)]
    arguments = arguments_in(Flow(file, run, trace), chosen) if has_arguments else Found(chosen)
    findings = [*fields.findings, *arguments.findings]
    return Found(
        [edit for edit in arguments.changes if acts(edit.code)], [finding for finding in findings if acts(finding.code)]
    )


def record_facts(file: File, migrations: Sequence[Migration], asked: set[str]) -> Facts:
    """Return what a file tells others of records that are objects in v2, and of what makes them."""
    known = _known(file, migrations, asked)
    try:
        return facts_of(file.home.name, follow_values(file, known), known)
    except RecursionError:
        return Facts()


def _known(file: File, migrations: Sequence[Migration], asked: set[str], moving: Collection[str] = ()) -> DeclaredNames:
    known = DeclaredNames.of(migrations, moving)
    return known.beside(file.neighbours, asked) if known.objects else known


def _fields(file: File, run: RunPlan, trace: FlowFacts) -> Found:
    keys = fields_in(file, run, trace)
    if not any(migration.has_objects for migration in run.migrations):
        return keys
    objects = Objects(file, run, trace).found()
    return Found([*keys.changes, *objects.changes], [*keys.findings, *objects.findings])


def _too_deep(migrations: Sequence[Migration]) -> Finding:
    codes = [row.code for migration in migrations for row in (*migration.fields, *migration.arguments)]
    message = "values are not followed in this file: it is nested too deeply"
    return Finding(codes[0] if codes else "CK901", 1, 1, message, "manual")
