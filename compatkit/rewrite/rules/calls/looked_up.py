"""Report calls of what a module is asked for by a name that is not written: `getattr(models, arch)(pretrained=True)`.

It may be any callable of the module. Where the call gives what one of them takes otherwise now, a person has to look.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compatkit.migration import CallChange
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.facts import CallFacts
from compatkit.rewrite.rules.calls.plan import plan_call


def find_looked_up(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for each such call, with the row that says what changed."""
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
