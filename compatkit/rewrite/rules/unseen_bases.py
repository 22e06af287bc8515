"""Report classes with a declared base beside an unknown base, which may define a renamed member itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from compatkit.rewrite.file.tree import kept_in
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.facts import CallFacts
from compatkit.rewrite.rules.members_by_string import message_for

_MAKERS = frozenset({"builtins.type", "dataclasses.make_dataclass", "type", "types.new_class"})


class _Heir(NamedTuple):
    """A class, or the call that makes one, its declared base, and how it may come to what others define."""

    node: ast.ClassDef | ast.Call
    base: str
    how: str


def find_unseen_bases(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for each class, or call that makes one, of which a base may define a changed member."""
    alike = facts.file.neighbours.alike
    own = f"{facts.file.home.name}."
    others = {name: place for name, place, is_class in alike.defined if is_class and not place.startswith(own)}
    for node, base in facts.trace.bases.items() if others else ():
        line = (node, *facts.trace.ancestors.get(node, ()))
        unseen = [text for owner in line for text in _unseen(facts, owner)]
        if isinstance(node, ast.ClassDef) and unseen:
            yield from _report(facts, _Heir(node, base, f"may be the base {unseen[0]}"), others)
    every = {name: place for name, place, _ in alike.defined}
    for node, base in facts.trace.bases.items() if every else ():
        metas = (
            [word.value for word in node.keywords if word.arg == "metaclass"] if isinstance(node, ast.ClassDef) else []
        )
        if isinstance(node, ast.ClassDef) and any(_is_of_project(facts, facts.file.import_of(meta)) for meta in metas):
            yield from _report(facts, _Heir(node, base, f"may be in what {ast.unparse(metas[0])} makes"), every)
    for call in facts.file.nodes.of(ast.Call):
        if base := _made_of(facts, call):
            inner = {name: f"{own}{owner.name}" for owner in _classes_in(facts, call) for name in kept_in(owner)}
            given = {} if _is_written(facts, call) else every
            yield from _report(facts, _Heir(call, base, "may be in the class that is made here"), {**given, **inner})


def _unseen(facts: CallFacts, owner: ast.AST) -> Iterator[str]:
    """Yield the bases of a class of which nothing is known, or that a module of the project only hands on."""
    yield from (ast.unparse(base) for base in facts.trace.open_bases.get(owner, ()))
    yield from (name for name in facts.trace.far_bases.get(owner, ()) if _is_handed_on(facts, name))


def _is_handed_on(facts: CallFacts, name: str) -> bool:
    alike = facts.file.neighbours.alike
    if "*" in name:
        # A class that is loaded by the name that it has is told where it is defined.
        return not any(fnmatchcase(place, name) for _, place, is_class in alike.defined if is_class)
    return name not in alike.classes and _is_of_project(facts, name)


def _is_of_project(facts: CallFacts, name: str) -> bool:
    alike, home = facts.file.neighbours.alike, name.rpartition(".")[0]
    return home in alike.modules or home in alike.classes


def _report(facts: CallFacts, heir: _Heir, places: Mapping[str, str]) -> Iterator[Finding]:
    node, base, how = heir
    for name, place in sorted(places.items()):
        if member := facts.index.members.get(f"{base}.{name}"):
            code, what = member.code, message_for(f"{base}.{name}", member)
        elif hook := facts.index.hooks.get(f"{base}.{name}"):
            code, what = hook.code, f"{base}.{name}: v2 calls it as {name}({hook.taken})"
        else:
            continue
        if not facts.file.ignored.holds(node.lineno, code):
            yield facts.file.finding(node, code, f"{what}; not rewritten: {place} defines it, and {how}")
            return


def _made_of(facts: CallFacts, call: ast.Call) -> str:
    """Return the declared class that is a base of the class that a call makes, or nothing."""
    name = facts.file.import_of(call.func) or (call.func.id if isinstance(call.func, ast.Name) else "")
    if name not in _MAKERS:
        return ""
    bases = (base for part in _bases_of(facts, call) for base in [_declared(facts, part)])
    return next(filter(None, bases), "")


def _bases_of(facts: CallFacts, call: ast.Call) -> list[ast.expr]:
    given = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "bases")]
    return [part for base in given for part in _parts_of(facts.file.value_of(base))]


def _parts_of(bases: ast.expr) -> list[ast.expr]:
    match bases:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return parts
        case ast.BinOp(left=left, right=right):
            return [*_parts_of(left), *_parts_of(right)]
    return [bases]


def _declared(facts: CallFacts, base: ast.expr) -> str:
    name = facts.file.import_of(base)
    local = (facts.trace.bases[owner] for owner in _local(facts, base) if owner in facts.trace.bases)
    return name if name in facts.index.classes else next(local, "")


def _local(facts: CallFacts, base: ast.expr) -> list[ast.ClassDef]:
    name = base.id if isinstance(base, ast.Name) else ""
    return [node for node in facts.file.nodes.of(ast.ClassDef) if node.name == name]


def _classes_in(facts: CallFacts, call: ast.Call) -> Iterator[ast.ClassDef]:
    """Yield the classes of this file of which a call makes another, but for those with a declared base."""
    every = (owner for base in _bases_of(facts, call) for owner in _local(facts, base))
    yield from (owner for owner in every if owner not in facts.trace.bases)


def _is_written(facts: CallFacts, call: ast.Call) -> bool:
    """Tell whether all that a class is made of is in this file, or a declared class."""
    bases = _bases_of(facts, call)
    inside = call.args[2:3]
    is_seen = all(_local(facts, base) or _declared(facts, base) for base in bases)
    return is_seen and all(isinstance(display, ast.Dict) and None not in display.keys for display in inside)
