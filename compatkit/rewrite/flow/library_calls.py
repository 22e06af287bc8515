"""Evaluate calls of builtins and of standard library functions that pass values on: `max`, `getattr`, `map`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.flow.between_files import BetweenFiles, Found, plain_names
from compatkit.rewrite.flow.classes import Classes
from compatkit.rewrite.flow.declared_names import DeclaredNames
from compatkit.rewrite.flow.flow_facts import FlowFacts
from compatkit.rewrite.flow.lookups import Lookups
from compatkit.rewrite.flow.method_names import ANY
from compatkit.rewrite.flow.open_names import pattern_of
from compatkit.rewrite.flow.scope_frames import Frame, parameters
from compatkit.rewrite.flow.values import (
    BOTTOM,
    TOP,
    DictValue,
    ForeignDefinition,
    Getter,
    Instance,
    Local,
    Named,
    Namespace,
    RecordValue,
    Special,
    TupleValue,
    Value,
    doubtful,
    element,
    join,
    join_all,
    many,
)


class Evaluating(Protocol):
    """Evaluates the expressions around a call."""

    waiting: dict[ast.AST, Frame]
    between: BetweenFiles
    classes: Classes
    bound_to: Callable[[ast.expr], ast.expr]
    written: Callable[[ast.expr], Sequence[ast.expr]]
    made_by: Callable[[ast.expr], str]
    home: FileModule
    lookups: Lookups

    def lambda_value(self, node: ast.Lambda, given: list[Value], frame: Frame) -> Value: ...

    def name(self, name: str, frame: Frame) -> Value: ...


_SAME_ITEMS = frozenset(
    {"builtins.iter", "builtins.list", "builtins.reversed", "builtins.sorted", "builtins.tuple"}
    | {"collections.deque", "itertools.cycle", "itertools.islice"}
)
# Builtins that write it as a text.
_SHOWING = frozenset({"builtins.format", "builtins.print", "builtins.repr", "builtins.str"})


class LibraryCalls:
    """Evaluates them. A lambda that is handed to `max` and the like is called on the spot."""

    def __init__(self, known: DeclaredNames, facts: FlowFacts, expressions: Evaluating) -> None:
        self._known = known
        self._facts = facts
        self._expressions = expressions
        # What the parsers of command lines of a file give, as if it were one class.
        self._parsed = ast.ClassDef("Namespace", [], [], [], [])

    def value(self, name: str, node: ast.Call, given: list[Value], found: Found, frame: Frame) -> Value:
        """Return the value of a call of a builtin, or of a function of copy, collections or itertools."""
        named = {word.arg: found[word.value] for word in node.keywords if word.arg}
        first = given[0] if given else TOP
        for arg in node.args if name in _SHOWING else ():
            self._facts.hand_out(arg, found[arg], self._known.objects)
        if name in _SAME_ITEMS:
            self.apply(node, named.get("key"), element(first), frame)
            return many(element(first))
        match name.removeprefix("builtins."):
            case "enumerate":
                return many(TupleValue((TOP, element(first))))
            case "zip":
                return many(TupleValue(tuple(element(value) for value in given)))
            case "max" | "min":
                items = element(first) if len(given) == 1 else join_all(given)
                self.apply(node, named.get("key"), items, frame)
                return join(items, named.get("default", BOTTOM))
            case "next":
                return join(element(first), given[1] if len(given) > 1 else BOTTOM)
            case "map":
                return many(self.apply(node, first, join_all(element(value) for value in given[1:]), frame))
            case "filter" if len(given) == 2:
                self.apply(node, first, element(given[1]), frame)
                return many(element(given[1]))
            case "super" if frame.parent is not None and (not node.args or _is_of_class(node, frame)):
                return self._super(node, frame)
        if name == "builtins.dict":
            held = join_all((*named.values(), *(value.item for value in given if isinstance(value, DictValue))))
            return DictValue(held) if self._facts.is_led([held]) else TOP
        return self._by_name(name.removeprefix("builtins."), node, found, frame)

    def _by_name(self, name: str, node: ast.Call, found: Found, frame: Frame) -> Value:
        """Return the value that is looked up by a name, or in a mapping of names."""
        given = [found[arg] for arg in node.args]
        match name:
            case "getattr" if len(given) > 1 and isinstance(given[0], Instance) and isinstance(given[1], Named):
                # The name of the attribute is another file's.
                self._facts.listed[node] = given[0].of
            case "getattr" if len(given) > 1 and isinstance(
                given[0], Named | Instance | Local | Namespace | ForeignDefinition
            ):
                text, of = pattern_of(node.args[1], found, self._expressions.home), given[0]
                is_open = "*" in text
                return (
                    self._expressions.lookups.called_like(of, text)
                    if is_open
                    else self._expressions.lookups.attribute(of, text)
                )
            case "exec":
                for mapping in node.args[1:]:
                    if isinstance(mapping, ast.Name):
                        frame.bind(mapping.id, Named(ANY, sure=False))
            case "eval" if given:
                return self._expressions.lookups.by_name(Namespace(), text_at(node))
            case "setattr" if len(given) == 3 and (text := text_at(node, 1)):
                self._expressions.between.keep_on(node.args[0], text, given[2])
                self.set_attribute(given[0], text, given[2])
            case "globals" | "locals":
                return Namespace()
            case "vars":
                if given and isinstance(given[0], Instance):
                    self._facts.listed[node] = given[0].of
                return Namespace(given[0] if given else None)
            case "type" if len(given) == 1:
                return self._expressions.classes.of(given[0])
            case "type" if len(given) == 3:
                return self.made_class(node, given[1])
            case "__import__" if isinstance(module := self._expressions.lookups.loaded(node, found), Named):
                is_inner = len(node.args) > 3 or any(word.arg == "fromlist" for word in node.keywords)
                return module if is_inner else replace(module, name=module.name.partition(".")[0])
        return TOP

    def set_attribute(self, owner: Value, name: str, value: Value) -> None:
        """Note the new value of an attribute of an object."""
        if isinstance(owner, Instance) and owner.local is not None:
            self._facts.goes_on(self._facts.attributes, owner.local, name, value)
        self.become_method(owner, value)

    def become_method(self, owner: Value, function: Value) -> None:
        """Let a function that is put on a declared class, or on one below it, get an object of it."""
        base = owner.name if isinstance(owner, Named) and owner.name in self._known.classes else ""
        base = self._facts.bases.get(owner.node, "") if isinstance(owner, Local) else base
        names = parameters(function.node) if base and isinstance(function, Local) else []
        if names and isinstance(function, Local):
            made = Instance(base, sure=False)
            self._facts.goes_on(self._facts.arguments, function.node, names[0], made)

    def made_class(self, node: ast.Call, bases: Value) -> Value:
        """Return what a class that a call makes stands for: its bases, a known one first, and never surely."""
        makes_objects = (
            part.value in ("__init__", "__new__") for part in ast.walk(node) if isinstance(part, ast.Constant)
        )
        if not isinstance(bases, TupleValue) or any(makes_objects):
            return TOP
        names = list[str]()
        for base in bases.items:
            if isinstance(base, Local):
                names += filter(None, [self._facts.bases.get(base.node, "")])
            elif isinstance(base, Named) and not base.how:
                names += base.names
        names.sort(key=lambda name: name not in self._known.classes)
        return Named(names[0], sure=False, how="type", others=frozenset(names[1:])) if names else TOP

    def namespace(self, node: ast.Call, found: Found) -> Instance:
        """Return an object that holds what it is made with, and what is set on it, as if its class were its own."""
        owner = self._facts.namespaces.setdefault(node, ast.ClassDef("SimpleNamespace", [], [], [], []))
        for word in node.keywords:
            self._facts.goes_on(self._facts.attributes, owner, word.arg or "", found[word.value])
        return Instance("", sure=False, local=owner)

    def parsed(self, node: ast.Call, found: Found, result_of: Callable[[Value], Value]) -> Value:
        """Note what an option gives by its `type` or `default`; return what a parser gives that has such an option."""
        match node:
            case ast.Call(func=ast.Attribute(attr="add_argument"), args=[ast.Constant(value=str(text)), *others]):
                flags = [text, *(str(other.value) for other in others if isinstance(other, ast.Constant))]
                longest = next((flag for flag in flags if flag.startswith("--")), text)
                given = {word.arg: word.value for word in node.keywords}
                dest = given.get("dest")
                name = dest.value if isinstance(dest, ast.Constant) else longest.lstrip("-")
                made = [found[given["default"]]] if "default" in given else []
                made += [result_of(found[given["type"]])] if "type" in given else []
                for value in made:
                    self._facts.goes_on(self._facts.attributes, self._parsed, str(name).replace("-", "_"), value)
            case ast.Call(func=ast.Attribute(attr="parse_args" | "parse_known_args" as method)):
                if any(owner is self._parsed for owner, _ in self._facts.attributes):
                    made_of = Instance("", sure=False, local=self._parsed)
                    return made_of if method == "parse_args" else TupleValue((made_of, TOP))
        return TOP

    def signature(self, node: ast.Call, hints: Value, found: Found) -> Value:
        """Return what `inspect.signature` gives, and the items of `dataclasses.fields`: objects that have the types."""
        if not isinstance(hints, DictValue):
            return TOP
        made = self.namespace(node, found)
        # One object stands for the signature and for each of its parameters.
        held = {"annotation": hints.item, "type": hints.item, "parameters": DictValue(made)}
        for name, value in held.items():
            self._facts.goes_on(self._facts.attributes, self._facts.namespaces[node], name, value)
        return made

    def _super(self, node: ast.Call, frame: Frame) -> Value:
        inner = frame.enclosing_class
        if inner is None or not (base := self._facts.bases.get(inner, "")):
            return TOP
        # With several bases, or below a subclass with several, `super()` may be a sibling.
        above = self._facts.ancestors.get(inner, ())
        local = above[0] if above else None
        if len(inner.bases) == 1 and inner not in self._facts.mixed and (local is None or local in self._facts.plain):
            self._facts.supers.add(node)
        return Instance(base, sure=False, local=local)

    def apply(self, by: ast.Call, function: Value | None, item: Value, frame: Frame) -> Value:
        """Call `function` with `item`, and return the result."""
        inside = [*by.args, *(word.value for word in by.keywords)]
        match function:
            case Local(node=ast.Lambda() as node) if node in inside:
                self._expressions.waiting.pop(node, None)
                return self._expressions.lambda_value(node, [item], frame)
            case Getter(node=node, keys=keys) if node in inside:
                for key in keys:
                    self._facts.key(key, item)
            case Named(name=name) if name in self._known.producers:
                table, paths = self._known.producers[name]
                return RecordValue(paths, table, function.sure)
            case Local(node=ast.Lambda() | ast.FunctionDef() as called) if names := plain_names(
                called.args, is_method=called in self._facts.methods
            ):
                # A function that has a name may be called by others, with anything.
                self._facts.goes_on(self._facts.arguments, called, names[0], item)
                return doubtful(self._facts.result_of(called))
            case ForeignDefinition(handed=handed):
                self._expressions.between.note_sent(f"{handed.names[0]}:0", item)
            case Special.TOP | Named():
                for name in function.names if isinstance(function, Named) else ():
                    self._expressions.between.note_sent(f"{name}:0", item)
                self._facts.hand_out(by, item, self._known.objects)
        return TOP


def _is_of_class(node: ast.Call, frame: Frame) -> bool:
    """Tell whether `super(A, self)` stands in the class A itself."""
    first, inner = node.args[0], frame.enclosing_class
    return inner is not None and isinstance(first, ast.Name) and first.id == inner.name


def text_at(node: ast.Call, at: int = 0) -> str:
    """Return the text that is written as an argument, if one is."""
    match node.args[at : at + 1]:
        case [ast.Constant(value=str(text))]:
            return text
    return ""
