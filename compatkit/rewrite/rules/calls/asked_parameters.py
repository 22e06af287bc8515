"""Report where code asks a changed callable for its parameters: v2 names others, and nothing fails there."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compatkit.migration import CallChange
from compatkit.rewrite.flow.values import BOTTOM, ForeignDefinition, Local, Named, Value
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.facts import CallFacts
from compatkit.rewrite.rules.strings.string_takers import called

# Of `inspect` and `typing`.
_ASKING = frozenset(
    {"from_callable", "get_annotations", "get_type_hints", "getcallargs", "getfullargspec", "signature"}
)
_ATTRIBUTES = frozenset({"__annotations__", "__code__", "__defaults__", "__kwdefaults__", "__signature__"})


def find_asked_parameters(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for each call or attribute that gives the parameters of what takes others now."""
    calls = ((call, first) for call, first in facts.trace.first.items() if called(call) in _ASKING)
    attributes = (node for node in facts.file.nodes.of(ast.Attribute) if node.attr in _ATTRIBUTES)
    for node, of in (*calls, *((node, _value_of(facts, node.value)) for node in attributes)):
        name = _callable(facts, of)
        change = next((row for row in facts.index.calls_of(name) if row.rename or row.drop), None)
        if change and not facts.file.ignored.holds(node.lineno, change.code):
            yield facts.file.finding(node, change.code, f"asks {name} for its parameters: {_said(change)}")


def _value_of(facts: CallFacts, node: ast.expr) -> Value:
    """Return what an expression stands for; of a method that makes objects, its class."""
    inner = node.value if isinstance(node, ast.Attribute) and node.attr in ("__init__", "__new__") else node
    return facts.trace.names.get(inner, BOTTOM)


def _callable(facts: CallFacts, value: Value) -> str:
    match value:
        case Named(name=name, how="" | "partial"):
            return name.removesuffix(".__init__")
        case Local(node=ast.ClassDef() as owner) if owner in facts.trace.plain:
            return facts.trace.bases[owner]
        case ForeignDefinition(handed=handed) if handed.kind == "class" and handed.sure:
            return handed.base
    return ""


def _said(change: CallChange) -> str:
    return ", ".join(
        [*(f"{row.v1} is {row.v2} now" for row in change.rename), *(f"{name} is gone" for name in change.drop)]
    )
