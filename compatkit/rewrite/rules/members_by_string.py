"""Find changed members that are not written as attributes: named by a string, or overridden by a subclass."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from compatkit.migration import MemberChange
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.tree import defined_names, dotted, kept_in
from compatkit.rewrite.flow.flow_facts import FlowFacts
from compatkit.rewrite.flow.values import Instance, Local, Named, Value
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.facts import CallFacts, Index
from compatkit.rewrite.rules.strings.string_takers import called

_BUILTINS = frozenset(f"builtins.{name}" for name in ("delattr", "getattr", "hasattr", "setattr"))
_GETTERS = frozenset({"operator.attrgetter", "operator.methodcaller"})
# Attributes of so many other objects that they tell nothing of the object that is asked.
_OF_BUILTINS = frozenset(name for kind in (bytes, dict, int, list, set, str, tuple) for name in dir(kind))
# Classes that hold settings under any names, and what returns them; and tensors.
_SETTINGS = frozenset({"DictConfig", "Namespace", "SimpleNamespace", "Tensor", "parse_args", "parse_known_args"})
# What holds settings is called so, as the first name of a chain: `args.precision`, `lightning_config.trainer.gpus`. It
# may still be an object of a class that is called so: `config.size` of a `BoxConfig`, `opt.lr` of an `Optimizer`.
_SETTINGS_NAME = re.compile(r"(?:\w+_)?(?:args|cfg|conf|config|flags|hparams|opts?|options|params)\Z", re.IGNORECASE)
_SETTINGS_CLASS = re.compile(r"arg|cfg|conf|flag|opt|param|setting", re.IGNORECASE)
# As a format asks for attributes: `{box.size:>4}`, `{0.lid.size!r}`.
_SHOWN = re.compile(r"[{][\w.\[\]]*\.(\w+)[}!:]")
# As Jinja and Django ask for them: `{{ box.size }}`, `{% if box.size > 3 %}`.
_TEMPLATE = re.compile(r"[{][{%][^{}]*?\b\w+\.(\w+)")
# Methods through which all attributes of an object go.
_OF_ALL = frozenset({"__delattr__", "__getattr__", "__getattribute__", "__setattr__"})
_PATH = re.compile(r"\A(?:[^\W\d]\w*\.)+(\w+)\Z")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# `mock.patch.object`, and what pytest's `monkeypatch` and `mocker` have.
_PATCHING = frozenset({"delattr", "object", "setattr", "spy", "stub"})

_Found = tuple[ast.expr | ast.stmt, str, MemberChange]


def find_indirect(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for each text that names a member, and for each method or attribute that takes its place."""
    file, trace, index = facts.file, facts.trace, facts.index
    if not index.members:
        return
    found: list[_Found] = [
        *_asked_by_text(trace, index),
        *_asked_later(trace, index),
        *_keys(trace, index),
        *_named_elsewhere(file, trace, index),
        *_in_hooks(trace, index),
        *_positional(trace, index),
        *_in_protocols(trace, index),
        *_in_templates(file, trace, index),
    ]
    reasons = [(use, "a text names it") for use in found]
    reasons += [(use, "a subclass defines it under its old name") for use in _overridden(trace, index)]
    reasons += [(use, _how_listed(use[0])) for use in _listed(file, trace, index)]
    reasons += _out_of_sight(file, trace, index)
    kept = set_names(facts) if reasons else frozenset[str]()
    for (node, owner, member), reason in reasons:
        if not file.ignored.holds(node.lineno, member.code) and not (member.own and member.v1 in kept):
            message = f"{message_for(f'{owner}.{member.v1}', member)}; not rewritten: {reason}"
            yield Finding(member.code, node.lineno, file.source.column(node.lineno, node.col_offset), message)
    yield from _in_template_files(file, trace, index)


def _in_template_files(file: File, trace: FlowFacts, index: Index) -> Iterator[Finding]:
    """Yield the lines on which an object goes out of sight that template files of the project ask for a member."""
    for owner, line in trace.lost.items() if file.neighbours.templates else ():
        for member in filter(
            None, (index.members.get(f"{owner}.{name}") for name in sorted(file.neighbours.templates))
        ):
            if not file.ignored.holds(line, member.code):
                message = f"{message_for(f'{owner}.{member.v1}', member)}; not rewritten: a template may ask it of this"
                yield Finding(member.code, line, 1, message)


def _named_elsewhere(file: File, trace: FlowFacts, index: Index) -> Iterator[_Found]:
    """Yield texts that are kept and asked of an object later, or put into a text as `"{0.size}".format(box)` does."""
    asked = [
        first
        for call, first in trace.first.items()
        if not any(isinstance(argument, ast.Constant) for argument in call.args[:2])
        and _asks_by_text(call, trace.callees.get(call))
    ]
    owners = {_owner(first) for first in asked}
    for node in file.nodes.of(ast.Constant):
        if not isinstance(node.value, str):
            continue
        shown = _SHOWN.findall(node.value) if _is_format(file, node) else []
        # A path of attributes, in a file that asks objects for what a text names.
        shown += _PATH.findall(node.value) if asked else []
        named = index.members_called(node.value)
        found = [member for member in named if member[0] in owners] or [
            member for last in shown for member in index.members_called(last)
        ]
        yield from ((node, owner, member) for owner, member in found[:1])
    # `update(box, size=8)`, of a function that sets what it is given by name: `setattr(box, name, value)`.
    for call, callee in trace.callees.items() if asked else ():
        for word in call.keywords if isinstance(callee, Local) and callee.takes_any_keyword else ():
            named = index.members_called(word.arg or "")
            yield from [(word.value, owner, member) for owner, member in named if owner in owners][:1]


def _in_hooks(trace: FlowFacts, index: Index) -> Iterator[_Found]:
    """Yield texts that name a member in a method through which all attributes of a subclass go."""
    for owner, base in trace.bases.items():
        hooks = (item for item in getattr(owner, "body", ()) if getattr(item, "name", "") in _OF_ALL)
        for node in (part for item in hooks for part in ast.walk(item) if isinstance(part, ast.Constant)):
            if member := _named(index, base, node):
                yield node, base, member


def _positional(trace: FlowFacts, index: Index) -> Iterator[_Found]:
    """Yield texts in the `__match_args__` of a subclass: its positional patterns ask for these attributes."""
    for owner, base in trace.bases.items():
        for item in getattr(owner, "body", ()):
            if "__match_args__" in defined_names(item):
                texts = (part for part in ast.walk(item) if isinstance(part, ast.Constant))
                yield from ((node, base, member) for node in texts if (member := _named(index, base, node)))


def _in_protocols(trace: FlowFacts, index: Index) -> Iterator[_Found]:
    """Yield members that a protocol of the file asks for where an object that has them is tested for it."""
    asked_by: dict[str, set[str]] = {}
    for owner, names in trace.far_bases.items():
        if isinstance(owner, ast.ClassDef):
            defined = {name for item in owner.body for name in (*defined_names(item), *_declared(item))}
            asked_by[owner.name] = defined if "typing.Protocol" in names else _asked_by_hook(owner)
    for call, first in trace.first.items() if any(asked_by.values()) else ():
        match call:
            case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, ast.Name(id=name)]):
                asked = asked_by.get(name, set())
                members = (index.members.get(f"{_owner(first)}.{attribute}") for attribute in sorted(asked))
                yield from [(call, _owner(first), member) for member in members if member][:1]


def _asked_by_hook(owner: ast.ClassDef) -> set[str]:
    """Return the texts in `__subclasshook__`, by which a class tells what counts as one of it."""
    hooks = [item for item in owner.body if getattr(item, "name", "") in ("__instancecheck__", "__subclasshook__")]
    constants = (part.value for hook in hooks for part in ast.walk(hook) if isinstance(part, ast.Constant))
    return {text for text in constants if isinstance(text, str)}


def _declared(item: ast.stmt) -> Iterator[str]:
    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
        yield item.target.id


def _in_templates(file: File, trace: FlowFacts, index: Index) -> Iterator[_Found]:
    """Yield templates that ask an object for a member, `{{ box.size }}`, where one goes out of sight."""
    for node in file.nodes.of(ast.Constant) if trace.lost else ():
        shown = _TEMPLATE.findall(node.value) if isinstance(node.value, str) else []
        named = (member for last in shown for member in index.members_called(last) if member[0] in trace.lost)
        yield from [(node, owner, member) for owner, member in named][:1]


def _is_format(file: File, node: ast.Constant) -> bool:
    above = file.parents.get(node)
    return isinstance(above, ast.Attribute) and above.attr in ("format", "format_map")


def _listed(file: File, trace: FlowFacts, index: Index) -> Iterator[_Found]:
    """Yield what gives all attributes of an object, or one by its name, as `vars(box)` does."""
    for node, owner in trace.listed.items():
        members = [change for name, change in index.members.items() if name.rpartition(".")[0] == owner]
        match node, file.parents.get(node):
            case _, ast.Compare(left=ast.Constant(value=str(asked)), ops=[ast.In() | ast.NotIn()]):
                # `"size" in box.__dict__` asks for one of them.
                members = [member for member in members if member.v1 == asked]
            case (ast.Call(func=ast.Name(id="getattr")), _) | (_, ast.Compare() | ast.Subscript()):
                # So does `name in box.__dict__`, for a name that some file of the project has to spell.
                members = [member for member in members if member.v1 not in file.neighbours.unspelled]
        yield from [(node, owner, member) for member in members if not member.defined][:1]


def _how_listed(node: ast.AST) -> str:
    is_one = isinstance(node, ast.Call) and called(node) == "getattr"
    return "a name from elsewhere asks for it" if is_one else "all attributes are listed here"


def _out_of_sight(file: File, trace: FlowFacts, index: Index) -> Iterator[tuple[_Found, str]]:
    """Yield what is asked of an object that is not known, where this file gives one that has it out of sight."""
    for node in trace.unseen.difference(trace.names):
        if node.attr in _OF_BUILTINS or _is_settings(file, node.value):
            continue
        for owner, line in trace.lost.items():
            member = index.members.get(f"{owner}.{node.attr}")
            # Data that a class keeps is not called, as a tensor's `size` is.
            call = file.parents.get(node) if member and member.own else None
            if isinstance(call, ast.Call) and call.func is node:
                continue
            is_called_so = _SETTINGS_NAME.match(dotted(node.value).partition(".")[0])
            if is_called_so and not _SETTINGS_CLASS.search(owner.rpartition(".")[2]):
                continue
            # What is spelled as the row says to spell it is new already: self.trainer.datamodule.
            if member and not re.search(rf"{re.escape(ast.unparse(node))}\b", member.say):
                yield (node, owner, member), f"it may be asked of what line {line} hands on"
                break


def _is_settings(file: File, node: ast.expr) -> bool:
    """Tell whether an object is known to hold settings, or a tensor, so that it is none of what went out of sight."""
    scope = file.scope_of(node) if isinstance(node, ast.Name) else None
    if scope is None or not isinstance(node, ast.Name):
        return False
    match [ref.node for ref in file.scopes.bindings(node.id, scope)]:
        case [ast.arg(annotation=ast.expr() as made)]:
            pass
        case [ast.Name() as bound] if isinstance(parts := file.parents.get(bound), ast.Tuple):
            # `args, rest = parser.parse_known_args()`
            made = node
            match file.parents.get(parts):
                case ast.Assign(value=ast.Call(func=made)):
                    pass
        case _:
            value = file.value_of(node)
            made = value.func if isinstance(value, ast.Call) else node
    return dotted(made).rpartition(".")[2] in _SETTINGS


def _owner(value: Value) -> str:
    return value.of if isinstance(value, Instance) else value.name if isinstance(value, Named) else ""


def _asked_by_text(trace: FlowFacts, index: Index) -> Iterator[tuple[ast.expr, str, MemberChange]]:
    for call, first in trace.first.items():
        if len(call.args) < 2 or not _asks_by_text(call, trace.callees.get(call)):
            continue
        if member := _named(index, _owner(first), call.args[1]):
            yield call.args[1], _owner(first), member


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
                # A hook is looked at where hooks are renamed; a method that is gone from its base is the class's own.
                is_method = isinstance(item, _FUNCTIONS)
                if member is not None and not (is_method and (member.defined or not member.v2)):
                    yield item, base, member


def set_names(facts: CallFacts) -> frozenset[str]:
    """Return what classes with a declared base set themselves, in this file or another one."""
    owners = [owner for owner in facts.trace.bases if isinstance(owner, ast.ClassDef)]
    return facts.file.neighbours.overridden.union(*map(kept_in, owners))


def message_for(name: str, member: MemberChange) -> str:
    """Return what becomes of a member that is known by this name: its new name, or what a person is to do."""
    return f"{name} -> {member.v2}" if member.v2 else f"{name}: {member.say}"


def _named(index: Index, owner: str, text: ast.expr) -> MemberChange | None:
    if not owner or not isinstance(text, ast.Constant) or not isinstance(text.value, str):
        return None
    return index.members.get(f"{owner}.{text.value}")
