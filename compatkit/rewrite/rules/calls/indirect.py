"""Report a changed callable that is used without its name or without a call.

Its name may be chosen at run time, `getattr(models, arch)(pretrained=True)`, its parameters may be inspected, or its
arguments kept as attributes. A person has to look at these.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compatkit.migration import CallChange
from compatkit.rewrite.file.tree import defined_names
from compatkit.rewrite.flow.values import BOTTOM, ForeignDefinition, Local, Named, Value
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.facts import CallFacts
from compatkit.rewrite.rules.calls.plan import plan_call
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


def find_evaluated(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for each text from elsewhere that is evaluated with names of which one changed."""
    for call in facts.file.nodes.of(ast.Call):
        match call:
            case ast.Call(func=ast.Name(id="eval" | "exec"), args=[text, ast.Dict(values=names), *_]) if not (
                isinstance(facts.file.value_of(text), ast.Constant)
            ):
                for name in filter(None, map(facts.file.import_of, names)):
                    if (code := _code_below(facts, name)) and not facts.file.ignored.holds(call.lineno, code):
                        yield facts.file.finding(call, code, f"evaluates a text that may use {name}, which changed")
                        break


def _code_below(facts: CallFacts, name: str) -> str:
    """Return the code of a change of this name, or of something that it holds, or nothing."""
    index = facts.index
    rows = {dotted: changes[0].code for dotted, changes in index.calls.items()}
    rows |= {dotted: row.code for table in (index.members, index.removals) for dotted, row in table.items()}
    return next((code for dotted, code in rows.items() if dotted == name or dotted.startswith(f"{name}.")), "")


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


def find_looked_up(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for each call of what a module is asked for, where it gives what one of its callables changed."""
    file, rows = facts.file, facts.index.shown_by_module
    unspelled = file.neighbours.unspelled
    for call in file.nodes.of(ast.Call) if rows else ():
        module = _module_of(facts, file.value_of(call.func))
        for name, change in rows.get(module, ()):
            is_shown = name.rpartition(".")[2] not in unspelled and _gives(call, change, unspelled)
            if not is_shown or file.ignored.holds(call.lineno, change.code):
                continue
            planned, doubts = plan_call(call, [change])
            if not (planned.steps or doubts):
                continue
            what = "; ".join(planned.steps) or doubts[0].reason
            message = f"{name} may be called here: {what}; not rewritten: the name is looked up in {module}"
            yield Finding(change.code, call.lineno, file.source.column(call.lineno, call.col_offset), message)
            break


def _module_of(facts: CallFacts, node: ast.expr) -> str:
    """Return the module in which a callable is looked up by a name that is not written; else nothing."""
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[module, name, *_]) if not facts.file.is_bound("getattr"):
            pass
        case ast.Subscript(value=ast.Attribute(value=module, attr="__dict__"), slice=name):
            pass
        case ast.Subscript(value=ast.Call(func=ast.Name(id="vars"), args=[module]), slice=name):
            pass
        case _:
            return ""
    return "" if isinstance(name, ast.Constant) else facts.file.import_of(module)


def _gives(call: ast.Call, change: CallChange, unspelled: frozenset[str]) -> bool:
    """Tell whether a call gives an argument that the row asks for, or spreads one that some file of the project has."""
    names = {word.arg for word in call.keywords}
    return bool(names & change.asked) or (None in names and not change.asked <= unspelled)
