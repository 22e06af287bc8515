"""Report old arguments and members that test doubles still spell, and that the code no longer uses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from compatkit.migration import CallChange, MemberChange
from compatkit.rewrite.file.made_text import ANY_TEXT, made_text
from compatkit.rewrite.flow.declared_names import HINTS
from compatkit.rewrite.flow.values import TOP, Local, Mock, Named
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.facts import CallFacts

# `mock.patch`, `patch.object`, and what pytest's `monkeypatch` and `mocker` have.
_PATCHING = frozenset({"multiple", "object", "patch", "setattr", "spy"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(slots=True)
class _Spelled:
    """The words that a double of v1 spells: arguments, and members, each with the change and what it is about."""

    arguments: dict[str, tuple[CallChange, str]] = field(default_factory=dict)
    members: dict[str, tuple[MemberChange, str]] = field(default_factory=dict)


def find_doubles(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for each place that spells an old argument or member, where something changed is patched."""
    spelled = _Spelled()
    for name in dict.fromkeys(_patched(facts)):
        _spell(facts, name, spelled)
        for inner in _inside(facts, name):
            _spell(facts, inner, spelled)
    if not spelled.arguments and not spelled.members:
        return
    told: set[ast.AST] = set()
    for node, (change, name), word in _echoes(facts, spelled):
        if node in told or facts.file.ignored.holds(node.lineno, change.code):
            continue
        told.add(node)
        what = f"a double stands in the place of {name} in this file, and this spells {word!r}"
        yield facts.file.finding(node, change.code, f"{what}, which is {_becomes(change, word)} now")


def _inside(facts: CallFacts, module: str) -> Iterator[str]:
    """Yield what a double of a whole module has that the file asks it for."""
    asked = {node.attr for node in facts.file.nodes.of(ast.Attribute)}
    for name in (*facts.index.calls, *facts.index.classes):
        home, _, last = name.rpartition(".")
        if last in asked and (home == module or home.startswith(f"{module}.")):
            yield name


def _becomes(change: CallChange | MemberChange, word: str) -> str:
    if isinstance(change, MemberChange):
        return repr(change.v2) if change.v2 else f"gone ({change.say})"
    renamed = {row.v1: row.v2 for row in change.rename}
    return repr(renamed[word]) if word in renamed else "taken otherwise"


def _patched(facts: CallFacts) -> Iterator[str]:
    """Yield the dotted names that the file puts something else in the place of."""
    for call, first in facts.trace.first.items():
        if _last(call.func) not in _PATCHING:
            continue
        for arg in call.args[:2]:
            text = made_text(arg, facts.file)
            if text != ANY_TEXT:
                owner = f"{first.name}." if isinstance(first, Named) and arg is not call.args[0] else ""
                yield from _resolved(facts, f"{owner}{text}")
        if isinstance(first, Named) and _last(call.func) == "multiple":
            for word in call.keywords:
                yield from _resolved(facts, f"{first.name}.{word.arg}")
    yield from _annotated(facts) if facts.options.confidence == "review" else ()
    for node, value in facts.trace.names.items():
        if isinstance(value, Named) and isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            # What a class may keep for itself is set, and stands in the place of nothing.
            # So does an attribute that only holds a module: `self.shop = shop`.
            names = [name for name in value.names if name.rpartition(".")[2] == node.attr]
            members = map(facts.index.members.get, names)
            yield from (name for name, member in zip(names, members, strict=True) if not (member and member.own))


def _annotated(facts: CallFacts) -> Iterator[str]:
    """Yield the classes that functions of other files take by their annotations, which doubles may be given to."""
    handed = dict(facts.file.neighbours.handed)
    for callee in facts.trace.callees.values() if any(HINTS in name for name in handed) else ():
        for name in callee.names if isinstance(callee, Named) else ():
            if table := handed.get(name + HINTS):
                yield from (name for _, inner in table.inner for name in inner.names)


def _resolved(facts: CallFacts, dotted: str) -> Iterator[str]:
    """Yield what a dotted text may name: a name of another file that hands it on, or one behind it."""
    handed = dict(facts.file.neighbours.handed)
    home, _, last = dotted.rpartition(".")
    for text, rest in ((dotted, ""), (home, f".{last}")):
        if text in handed:
            yield from (f"{name}{rest}" for name in handed[text].names)
        elif ANY_TEXT in text and (name := re.split(rf"[.{ANY_TEXT}]", text)[-1]):
            # The module is not written out: it may be any that has such a name, or the library's own.
            end = f".{name}"
            told = (other for key, other in handed.items() if key.endswith(end))
            yield from (f"{name}{rest}" for other in told for name in other.names)
            yield from (f"{name}{rest}" for name in facts.index.known.declared if name.endswith(end))
    yield dotted


def _spell(facts: CallFacts, name: str, spelled: _Spelled) -> None:
    for change in facts.index.calls_of(name):
        if not change.to:
            spelled.arguments |= {word: (change, name) for word in change.asked if word not in spelled.arguments}
    made = facts.index.types.get(f"{name}()", name)
    for dotted, member in facts.index.members.items():
        owner, _, last = dotted.rpartition(".")
        if owner == made or dotted == name:
            spelled.members.setdefault(last, (member, owner))


_Echo = tuple[ast.expr | ast.stmt, tuple[CallChange | MemberChange, str], str]


def _echoes(facts: CallFacts, spelled: _Spelled) -> Iterator[_Echo]:
    either: dict[str, tuple[CallChange | MemberChange, str]] = {**spelled.members, **spelled.arguments}
    for node in facts.file.nodes:
        match node:
            case ast.Call() if _is_open(facts, node):
                for word in node.keywords:
                    if word.arg in either:
                        yield word.value, either[word.arg], word.arg
            case ast.Constant(value=str(text)):
                parts = {text} if text in spelled.arguments else set(text.split(".")) & spelled.members.keys()
                # A text that names the member whole is told where texts are.
                is_told = text in facts.index.members or any(name.endswith(text) for _, name in either.values())
                if parts and not is_told:
                    yield node, either[min(parts)], min(parts)
            case ast.Attribute(attr=name) if name in spelled.members and node not in facts.trace.names:
                yield node, spelled.members[name], name
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                yield from _of_function(facts, node, spelled)


def _of_function(
    facts: CallFacts, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, spelled: _Spelled
) -> Iterator[_Echo]:
    for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
        if arg.arg in spelled.arguments:
            yield node, spelled.arguments[arg.arg], arg.arg
    owner = facts.file.parents.get(node)
    is_own = isinstance(owner, ast.ClassDef) and owner not in facts.trace.bases
    if is_own and isinstance(node, _FUNCTIONS) and node.name in spelled.members:
        yield node, spelled.members[node.name], node.name


def _is_open(facts: CallFacts, call: ast.Call) -> bool:
    """Tell whether it is not known what a call calls, or a mock is made or asked by it."""
    callee = facts.trace.callees.get(call, TOP)
    if isinstance(callee, Named):
        return "mock" in callee.name.lower() or callee.name.startswith("types.")
    return not isinstance(callee, Local) or isinstance(callee, Mock)


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
