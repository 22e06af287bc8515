"""Report arguments that are fields of a class, or keys of a dict, from which Hydra makes a call: `_target_: str = "…"`.

What the fields hold is set elsewhere, in files and on the command line, so that nothing of it is rewritten.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from compatkit.migration import CallChange, Confidence
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.facts import CallFacts
from compatkit.rewrite.rules.calls.plan import Doubt, Planned, plan_call

_TARGET = "_target_"


def find_structured(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for each argument that changed, at the field that gives it."""
    if _TARGET not in facts.file.source.text:
        return
    for owner in facts.file.nodes.of(ast.ClassDef):
        yield from _of_fields(facts, dict(_fields(owner)))
    for display in facts.file.nodes.of(ast.Dict):
        pairs = zip(display.keys, display.values, strict=True)
        yield from _of_fields(
            facts, {str(key.value): (key, value) for key, value in pairs if isinstance(key, ast.Constant)}
        )


def _fields(owner: ast.ClassDef) -> Iterator[tuple[str, tuple[ast.expr, ast.expr | None]]]:
    for item in owner.body:
        match item:
            case ast.AnnAssign(target=ast.Name(id=name) as target, value=value):
                yield name, (target, value)
            case ast.Assign(targets=[ast.Name(id=name) as target], value=value):
                yield name, (target, value)


def _of_fields(facts: CallFacts, fields: dict[str, tuple[ast.expr, ast.expr | None]]) -> Iterator[Finding]:
    match fields.pop(_TARGET, None):
        case (_, ast.Constant(value=str(callee))):
            changes = facts.index.calls_of(callee)
        case _:
            return
    # Any value may take the place of the one that is written.
    words = [ast.keyword(arg=name, value=ast.Name(name), lineno=1, col_offset=0) for name in fields]
    call = ast.Call(func=ast.Name("_"), args=[], keywords=words)
    by_field: dict[str, list[CallChange]] = {}
    for change in changes:
        for name in sorted(change.asked & fields.keys())[:1]:
            by_field.setdefault(name, []).append(change)
    for name, about in by_field.items():
        planned, doubts = plan_call(call, about)
        node = fields[name][0]
        if (planned.steps or doubts) and not facts.file.ignored.holds(node.lineno, about[0].code):
            code, message, confidence = _report(f"{callee}: {name}", planned, doubts)
            yield replace(facts.file.finding(node, code, message), confidence=confidence)


def _report(what: str, planned: Planned, doubts: list[Doubt]) -> tuple[str, str, Confidence]:
    """Return the code, the message and the confidence of a finding."""
    if said := [doubt for doubt in doubts if doubt.is_said]:
        return said[0].change.code, f"{what}: {said[0].reason}", "manual"
    rows = [*planned.applied, *(doubt.change for doubt in doubts)]
    advice = "; ".join(dict.fromkeys(row.advice for row in rows if row.advice))
    message = f"{what}; not rewritten: it is a field from which Hydra makes the call ({advice})"
    return rows[0].code, message, "review"
