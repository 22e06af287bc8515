"""Rewrite v1's flat arguments as v2's configuration, or as a preset and the settings that differ from it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from compatkit.migration import Migration
from compatkit.rewrite.edit.added_imports import AddedImports
from compatkit.rewrite.edit.edit import Edit, Found
from compatkit.rewrite.file.file import File
from compatkit.rewrite.flow.declared_names import DeclaredNames
from compatkit.rewrite.flow.flow_facts import FlowFacts
from compatkit.rewrite.flow.values import Instance, Local, Named, Value
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.config_arguments.call import Calling, write_call
from compatkit.rewrite.rules.config_arguments.plan import (
    ArgumentPlan,
    Callable,
    CallSite,
    given_arguments,
    plan_arguments,
)
from compatkit.rewrite.run_plan import RunPlan


def may_have_arguments(file: File, known: DeclaredNames, migrations: Sequence[Migration]) -> bool:
    """Tell whether a file mentions something that takes declared arguments, under the name that counts or before."""
    names = {subject.name for migration in migrations for subject in _subjects(migration)}
    return any(name.rpartition(".")[2] in file.source.text for name in (*names, *known.moving))


def arguments_in(flow: Flow, besides: Sequence[Edit] = ()) -> Found:
    """Return what `flow` shows of arguments, and the changes `besides`, as parts of the calls that they lie in."""
    found = _Calls(flow, Calling(flow.file.source, list(besides)))
    callees = flow.trace.callees
    # From the inside out, so that a call among another one's arguments is rewritten with them.
    for call in sorted(callees, key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0)):
        found.visit(call, callees[call])
    return found.result()


@dataclass(frozen=True, slots=True)
class Flow:
    """One file with what flows in it, and what the run wants of it."""

    file: File
    run: RunPlan
    trace: FlowFacts


class _Calls:
    """Visits the calls of a file, the inner ones first."""

    def __init__(self, flow: Flow, calling: Calling) -> None:
        self._file = flow.file
        self._trace = flow.trace
        migrations = flow.run.migrations
        self._subjects = {subject.name: subject for migration in migrations for subject in _subjects(migration)}
        self._imports = AddedImports(flow.file)
        self._options = flow.run.options
        self._calling = calling
        self._ignored = flow.file.ignored
        self._findings: list[Finding] = []

    def visit(self, call: ast.Call, callee: Value) -> None:
        if made := self._trace.partials.get(call):
            if isinstance(made, Named) and (subject := self._subjects.get(made.name)) and not made.how:
                inner = ast.Call(func=call.func, args=call.args[1:], keywords=call.keywords)
                self._report_passed(
                    CallSite(call, subject, ""), inner, "`functools.partial` may be given more of them later"
                )
        elif isinstance(callee, Named) and (subject := self._subjects.get(callee.name)) and not callee.how:
            self._visit_subject(call, callee, subject)
        elif isinstance(callee, Named) and (subject := self._subjects.get(callee.name.removesuffix(".__init__"))):
            reason = "a subclass decides what reaches it"
            reason = reason if not callee.how else "a partial may hold more of them"
            self._report_passed(CallSite(call, subject, ""), call, reason)
        elif isinstance(callee, Local) and (subject := self._inherited(callee)):
            self._report_passed(CallSite(call, subject, ""), call, "it is a subclass that is called")

    def result(self) -> Found:
        changes = [*self._calling.changes, *self._imports.changes(Calling.group)]
        return Found(sorted(changes, key=lambda change: (change.start, change.end)), self._findings)

    def _inherited(self, callee: Local) -> Callable | None:
        """Return what takes the arguments of a subclass that has no constructor of its own."""
        return None if _has_init(callee.node) else self._subjects.get(self._trace.bases.get(callee.node, ""))

    def _visit_subject(self, call: ast.Call, callee: Named, subject: Callable) -> None:
        given = given_arguments(call, subject.rows)
        rows = tuple(row for row in subject.rows if self._acts(row.code, call))
        skipped = [item for item in given if item.row and item.row not in rows]
        if not rows:
            return
        code = next((item.row.code for item in given if item.row in rows and item.row), rows[0].code)
        if skipped and call.args:
            self._report(CallSite(call, subject, code), "not all of its arguments are selected")
            return
        narrowed = Callable(subject.name, rows if skipped else subject.rows, subject.config)
        site = CallSite(call, narrowed, code, self._is_config(call, subject))
        planned = plan_arguments(site, may_preset=not skipped)
        if isinstance(planned, ArgumentPlan):
            planned = self._missing(planned, subject) or self._write(site, callee, planned)
        if planned:
            self._report(site, planned)

    def _missing(self, planned: ArgumentPlan, subject: Callable) -> str:
        """Say what v2 lacks for this call, where its source is at hand."""
        absent = self._file.neighbours.absence_of
        return absent(planned.config.name) or absent(f"{subject.name}({planned.config.argument})")

    def _write(self, site: CallSite, callee: Named, planned: ArgumentPlan) -> str:
        """Write a call anew. Returns the reason why it is not, or nothing."""
        if not callee.sure:
            return "it may be a call of something else, too"
        if self._file.in_fstring(site.call):
            return "it stands in an f-string"
        if len(callee.origins) != 1:
            return "what is called is imported in several places, or in none"
        (origin,) = callee.origins
        assert isinstance(origin, ast.stmt)
        planned = replace(planned, names=self._local_names(planned, origin, site.call))
        written = write_call(self._calling, site, planned)
        if isinstance(written, str):
            return written
        self._imports.need(written, origin, site.call, site.code)
        return ""

    def _local_names(self, planned: ArgumentPlan, origin: ast.stmt, call: ast.Call) -> dict[str, str | None]:
        sections = [section.of for section in planned.config.sections if section.path in planned.sections]
        wanted = [planned.config.name, *sections]
        return {name: self._imports.local(name, origin, call.lineno) for name in wanted}

    def _is_config(self, call: ast.Call, subject: Callable) -> bool:
        first = self._trace.first.get(call)
        return (
            bool(call.args)
            and isinstance(first, Instance)
            and subject.config is not None
            and first.of == subject.config.name
        )

    def _acts(self, code: str, call: ast.Call) -> bool:
        return self._options.acts_on(code) and not self._ignored.holds(call.lineno, code)

    def _report_passed(self, site: CallSite, inner: ast.Call, reason: str) -> None:
        subject = site.subject
        given = [item.row.code for item in given_arguments(inner, subject.rows) if item.row]
        spread = any(isinstance(arg, ast.Starred) for arg in inner.args) or any(w.arg is None for w in inner.keywords)
        codes = [*given, *(row.code for row in subject.rows if spread)]
        if codes:
            self._report(CallSite(site.call, subject, codes[0]), reason)

    def _report(self, site: CallSite, reason: str) -> None:
        if self._acts(site.code, site.call):
            message = f"v1's arguments of {site.subject.name} are not rewritten here: {reason}"
            self._findings.append(self._file.finding(site.call, site.code, message))


def _subjects(migration: Migration) -> Iterator[Callable]:
    renamed = {move.old: move.new for move in migration.moves}
    configs = {config.of: config for config in migration.configs}
    for of in dict.fromkeys(argument.of for argument in migration.arguments):
        rows = tuple(argument for argument in migration.arguments if argument.of == of)
        yield Callable(renamed.get(of, of), rows, configs.get(of))


def _has_init(node: ast.AST) -> bool:
    body = node.body if isinstance(node, ast.ClassDef) else []
    return any(isinstance(item, ast.FunctionDef) and item.name in ("__init__", "__new__") for item in body)
