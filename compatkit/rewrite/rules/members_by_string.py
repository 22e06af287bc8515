"""Members that are meant, and not written as attributes: named by a text, or overridden by a subclass."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compatkit.migration import MemberChange
from compatkit.rewrite.flow.flow_facts import FlowFacts
from compatkit.rewrite.flow.values import Instance, Named, Value
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.facts import CallFacts, Index

_BUILTINS = frozenset(f"builtins.{name}" for name in ("delattr", "getattr", "hasattr", "setattr"))
_GETTERS = frozenset({"operator.attrgetter", "operator.methodcaller"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# `mock.patch.object`, and what pytest's `monkeypatch` and `mocker` have.
_PATCHING = frozenset({"delattr", "object", "setattr", "spy", "stub"})


def find_indirect(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for each text that names a member, and for each method or attribute that takes its place."""
    file, trace, index = facts.file, facts.trace, facts.index
    if not index.members:
        return
    found: list[tuple[ast.expr | ast.stmt, str, MemberChange]] = [
        *_asked_by_text(trace, index),
        *_asked_later(trace, index),
        *_keys(trace, index),
    ]
    for node, owner, member in [*found, *_overridden(trace, index)]:
        if not file.ignored.holds(node.lineno, member.code):
            reason = "a text names it" if isinstance(node, ast.expr) else "a subclass defines it under its old name"
            message = f"{said_of(f'{owner}.{member.v1}', member)}; not rewritten: {reason}"
            yield Finding(member.code, node.lineno, file.source.column(node.lineno, node.col_offset), message)


def _asked_by_text(trace: FlowFacts, index: Index) -> Iterator[tuple[ast.expr, str, MemberChange]]:
    for call, first in trace.first.items():
        if len(call.args) < 2 or not _asks_by_text(call, trace.callees.get(call)):
            continue
        owner = first.of if isinstance(first, Instance) else first.name if isinstance(first, Named) else ""
        if member := _named(index, owner, call.args[1]):
            yield call.args[1], owner, member


def _asked_later(trace: FlowFacts, index: Index) -> Iterator[tuple[ast.expr, str, MemberChange]]:
    """Yield the texts of getters: of which object they will ask a member is not known."""
    for call, callee in trace.callees.items():
        if not isinstance(callee, Named) or callee.name not in _GETTERS:
            continue
        for arg in call.args[:1] if callee.name.endswith("methodcaller") else call.args:
            texts = str(arg.value).split(".") if isinstance(arg, ast.Constant) else []
            for name, member in index.members.items():
                owner, _, last = name.rpartition(".")
                if last in texts:
                    yield arg, owner, member
                    break


def _asks_by_text(call: ast.Call, callee: Value | None) -> bool:
    if isinstance(callee, Named) and callee.name in _BUILTINS:
        return True
    return isinstance(call.func, ast.Attribute) and call.func.attr in _PATCHING


def _keys(trace: FlowFacts, index: Index) -> Iterator[tuple[ast.expr, str, MemberChange]]:
    """Yield the values of enumerations that are looked up by their name."""
    for key, asked in trace.keys.items():
        if isinstance(asked, Named) and isinstance(key, ast.expr) and (member := _named(index, asked.name, key)):
            yield key, asked.name, member


def _overridden(trace: FlowFacts, index: Index) -> Iterator[tuple[ast.stmt, str, MemberChange]]:
    for owner, base in trace.bases.items():
        for item in owner.body if isinstance(owner, ast.ClassDef) else ():
            for name in defined_names(item):
                member = index.members.get(f"{base}.{name}")
                # A hook is looked at where hooks are renamed.
                if member is not None and not (member.defined and isinstance(item, _FUNCTIONS)):
                    yield item, base, member


def defined_names(item: ast.stmt) -> Iterator[str]:
    """Yield what a statement in the body of a class defines."""
    match item:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            yield name


def said_of(name: str, member: MemberChange) -> str:
    """Return what becomes of a member that is known by this name: its new name, or what a person is to do."""
    return f"{name} -> {member.v2}" if member.v2 else f"{name}: {member.say}"


def _named(index: Index, owner: str, text: ast.expr) -> MemberChange | None:
    if not owner or not isinstance(text, ast.Constant) or not isinstance(text.value, str):
        return None
    return index.members.get(f"{owner}.{text.value}")
