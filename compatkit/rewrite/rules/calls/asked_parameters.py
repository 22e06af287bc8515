"""Report where code names the parameters of a changed callable without a call: it asks for them, or sets them aside."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compatkit.migration import CallChange
from compatkit.rewrite.file.tree import defined_names
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
            yield facts.file.finding(node, change.code, f"asks {name} for its parameters: {_message(change)}")


def find_set_aside(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for each attribute of a class that is an argument of its `Meta.model`, as factories have them."""
    for owner in facts.file.nodes.of(ast.ClassDef):
        for node in (inner for meta in owner.body for inner in getattr(meta, "body", ()) if _is_meta(meta)):
            match node:
                case ast.Assign(targets=[ast.Name(id="model")], value=model):
                    yield from _arguments(facts, owner, facts.trace.names.get(model, BOTTOM))


def _is_meta(node: ast.stmt) -> bool:
    return isinstance(node, ast.ClassDef) and node.name == "Meta"


def _arguments(facts: CallFacts, owner: ast.ClassDef, model: Value) -> Iterator[Finding]:
    for change in facts.index.calls_of(_callable(facts, model)):
        for item in owner.body:
            for name in change.asked.intersection(defined_names(item)):
                if not facts.file.ignored.holds(item.lineno, change.code):
                    message = f"gives {name} to {_callable(facts, model)}, as an attribute: {_message(change)}"
                    yield facts.file.finding(item, change.code, message)


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


def _message(change: CallChange) -> str:
    return ", ".join(
        [*(f"{row.v1} is {row.v2} now" for row in change.rename), *(f"{name} is gone" for name in change.drop)]
    )
