"""Evaluate an expression in the lattice of values.

It does not recurse along chains of calls or operators: these may be as long as CPython allows.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_args

from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.tree import expressions_in
from compatkit.rewrite.flow.between_files import BetweenFiles
from compatkit.rewrite.flow.calls import Calls
from compatkit.rewrite.flow.classes import Classes
from compatkit.rewrite.flow.containers import ITEMS
from compatkit.rewrite.flow.declared_names import DeclaredNames
from compatkit.rewrite.flow.flow_facts import FlowFacts, is_fixture
from compatkit.rewrite.flow.handed import call_result_of, value_of
from compatkit.rewrite.flow.lookups import Lookups, join_known
from compatkit.rewrite.flow.open_names import named_in
from compatkit.rewrite.flow.scope_frames import Env, Frame, unpack_targets
from compatkit.rewrite.flow.values import (
    BOTTOM,
    TOP,
    DictValue,
    ForeignDefinition,
    Instance,
    Local,
    Named,
    Namespace,
    RecordValue,
    TupleValue,
    Value,
    came_from,
    doubtful,
    element,
    is_unknown,
    join,
    join_all,
    many,
    take_any_key,
)

Found = dict[ast.AST, Value]
# Builtins that a star import is not thought to bring: they look names up, which may be those that changed.
_LOOKING_UP = frozenset({"__import__", "eval", "getattr", "globals", "locals", "vars"})
# What evaluates a node once its parts are, and what is to be done for it.
_Evaluate = Callable[[Any, Found, Frame], Value]
_Step = tuple[ast.expr, _Evaluate, bool]
_NOTED = frozenset({ast.Name, ast.Attribute, ast.Subscript, ast.Call})
Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
# They evaluate what is in them by themselves.
_LEAVES = frozenset({ast.Lambda, *get_args(Comprehension)})


class Expressions:
    """Evaluates expressions of one file. `stored` are attributes that it assigns to, `patched` what it patches."""

    def __init__(
        self, known: DeclaredNames, facts: FlowFacts, stored: frozenset[str], patched: frozenset[str], *, has_star: bool
    ) -> None:
        self.known = known
        self.facts = facts
        self.between = BetweenFiles(known, facts, self)
        self.calls = Calls(known, facts, self)
        self._patched = patched
        self.replaced = stored | patched
        self._has_star = has_star
        self.classes = Classes(known, facts, self.replaced)
        self.lookups = Lookups(known, facts, self.classes, self)
        # Modules of which the file imports `*`, with the statement that does.
        self.stars: dict[str, frozenset[ast.AST]] = {}
        self.module: Frame | None = None
        self._evaluate = self._table()
        # An expression is evaluated several times, and is taken apart once.
        self._steps: dict[ast.expr, list[_Step]] = {}
        # Functions whose bodies are still to be followed, with the frames that define them.
        self.waiting: dict[ast.AST, Frame] = {}
        # The dotted name of what makes the object that an expression stands for.
        self.made_by: Callable[[ast.expr], str] = lambda _: ""
        # What a name is bound to, where that is done once.
        self.bound_to: Callable[[ast.expr], ast.expr] = lambda node: node
        # What a name is bound to, or a function of the file returns, where that is written out.
        self.written: Callable[[ast.expr], Sequence[ast.expr]] = lambda _: ()
        self.annotated: Callable[[ast.expr | None, Frame], Value] = lambda *_: TOP
        self.home = FileModule("", is_package=False)
        self.texts: Sequence[str] = ()
        # Fixtures of pytest by the names that they are given.
        self.fixtures: dict[str, Local] = {}

    def value(self, root: ast.expr | None, frame: Frame) -> Value:
        """Return what `root` stands for, and note on the way what is asked of records."""
        if root is None:
            return BOTTOM
        if (steps := self._steps.get(root)) is None:
            steps = self._steps[root] = list(self._in_order(root))
        found: Found = {}
        objects = self.known.objects
        for node, evaluate, is_noted in steps:
            value = found[node] = evaluate(node, found, frame)
            if is_noted:
                self._note(node, value)
            if objects:
                self.facts.record(node, value, objects)
        return found[root]

    def _table(self) -> dict[type[ast.AST], _Evaluate]:
        return {
            ast.Name: lambda node, _, frame: self.name(node.id, frame),
            ast.Constant: lambda node, _, __: BOTTOM if node.value is None else TOP,
            ast.Attribute: self._attribute,
            ast.Subscript: lambda node, found, _: self.lookups.subscript(found[node.value], node.slice, node),
            ast.Call: self.calls.value,
            ast.Lambda: self._lambda,
            **dict.fromkeys(get_args(Comprehension), self._comprehension),
            ast.IfExp: lambda node, found, _: join(found[node.body], found[node.orelse]),
            ast.BoolOp: lambda node, found, _: join_all(found[value] for value in node.values),
            ast.Await: lambda node, found, _: found[node.value],
            ast.Starred: lambda node, found, _: found[node.value],
            ast.Yield: self._yield,
            ast.YieldFrom: self._yield_from,
            ast.NamedExpr: self._named_expression,
            ast.List: lambda node, found, _: many(join_all(_spread(i, found) for i in node.elts), frozenset({node})),
            ast.Tuple: self._tuple,
            ast.Dict: self._dict,
            ast.Set: lambda node, found, _: many(join_all(found[item] for item in node.elts)),
            ast.BinOp: self._operation,
            ast.FormattedValue: self._shown,
            ast.Compare: self._comparison,
        }

    def _in_order(self, root: ast.expr) -> Iterator[_Step]:
        """Yield the nodes of an expression, each after its parts."""
        stack: list[tuple[ast.expr, bool]] = [(root, False)]
        while stack:
            node, is_ready = stack.pop()
            if is_ready or type(node) in _LEAVES or not (children := expressions_in(node)):
                yield node, self._evaluate.get(type(node), _unknown), type(node) in _NOTED
            else:
                stack.append((node, True))
                stack += [(child, False) for child in reversed(children)]

    def lambda_value(self, node: ast.Lambda, given: list[Value], frame: Frame) -> Value:
        """Return the value of a lambda that is called immediately."""
        names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
        bound: Env = dict.fromkeys(names, TOP)
        bound.update(zip(names, given, strict=False))
        return self._inside(frame, bound, lambda: self.value(node.body, frame))

    def name(self, name: str, frame: Frame) -> Value:
        value = frame.lookup(name)
        if value is not None:
            return doubtful(value) if name in self._patched else value
        if (brought := self._brought(name)) is not TOP:
            return doubtful(brought) if name in self.replaced else brought
        is_itself = not self._has_star or name in _LOOKING_UP
        return Named(f"builtins.{name}") if hasattr(builtins, name) and is_itself else TOP

    def _brought(self, name: str) -> Value:
        """Return what a star import brings, which a migration is about; one of several stars is not certain."""
        for module, origins in self.stars.items():
            dotted = f"{module}.{name}"
            if (dotted in self.known.declared or dotted in self.known.handed) and not name.startswith("_"):
                return self.named(dotted, sure=len(self.stars) == 1, origins=origins)
        return TOP

    def brought(self) -> dict[str, Value]:
        """Return all that the stars bring, as far as a migration is about it."""
        if not self.stars:
            return {}
        every = (dotted.rpartition(".") for dotted in (*self.known.declared, *self.known.handed))
        return {name: self._brought(name) for module, _, name in every if module in self.stars}

    def named(
        self, dotted: str, *, sure: bool = True, how: str = "", origins: frozenset[ast.AST] = frozenset()
    ) -> Value:
        """Return what a dotted name stands for, in another file of the project perhaps."""
        # What a migration declares of a library goes before what its own sources tell.
        if (handed := self.known.handed.get(dotted)) and not self.known.reaches(dotted):
            value = value_of(handed, origins)
            return value if sure else doubtful(value)
        module, _, last = dotted.rpartition(".")
        if "*" in module and (value := named_in(self.known.handed, module, last)) is not TOP:
            return value
        if module == "*" and (home := next((text for text in self.texts if self.known.reaches(f"{text}.{last}")), "")):
            return Named(f"{home}.{last}", sure=False)
        return Named(self.known.settle(dotted), sure, how, origins)

    def fixture(self, name: str, node: ast.AST, frame: Frame) -> Value:
        """Return what a test framework gives for a parameter: what the function gives that has its name."""
        home = frame.home_of(name, frame.parent)
        made = self.fixtures.get(name) or (home.joined.get(name, TOP) if home is not None else TOP)
        if not isinstance(made, Local):
            # Of a conftest.py around the file, it needs no import.
            far = self.known.handed.get(f"conftest.{name}") if self.known.handed else None
            return call_result_of(far) if far is not None and far.kind == "function" else TOP
        if made.node is node or not is_fixture(made.node):
            return TOP
        return doubtful(self.facts.given_by_fixture(made.node))

    def note_stored(self, node: ast.Attribute, owner: Value) -> None:
        """Note an attribute that is assigned or deleted."""
        self._note(node, self.lookups.attribute(owner, node.attr))

    def _note(self, node: ast.expr, value: Value) -> None:
        if isinstance(value, Named) and self.known.is_watched(value):
            self.facts.name(node, value)
        elif node in self.facts.names:
            self.facts.name(node, TOP)

    def _lambda(self, node: ast.Lambda, _found: Found, frame: Frame) -> Value:
        for name, default in defaults_of(node.args):
            self.facts.goes_on(self.facts.arguments, node, name, self.value(default, frame))
        self.waiting[node] = frame
        return Local(node)

    def _yield(self, node: ast.Yield, found: Found, frame: Frame) -> Value:
        if node.value is not None:
            self.facts.gives(self.facts.yielded, frame.node, found[node.value])
        return TOP

    def _yield_from(self, node: ast.YieldFrom, found: Found, frame: Frame) -> Value:
        self.facts.gives(self.facts.yielded, frame.node, element(found[node.value]))
        return TOP

    def _named_expression(self, node: ast.NamedExpr, found: Found, frame: Frame) -> Value:
        value, name = found[node.value], node.target.id
        before = frame.env.get(name, BOTTOM) if frame.env is not None else BOTTOM
        frame.bind(name, join(before, value))
        return value

    def _attribute(self, node: ast.Attribute, found: Found, _frame: Frame) -> Value:
        of, name = found[node.value], node.attr
        value = self.lookups.attribute(of, name)
        if name in self.known.watched and is_unknown(value) and (is_unknown(of) or self.classes.asks_another(of)):
            self.facts.unseen.add(node)
        if isinstance(value, Namespace) and isinstance(value.of, Instance) and value.of.of:
            self.facts.listed[node] = value.of.of
        return value

    def _tuple(self, node: ast.Tuple, found: Found, _frame: Frame) -> Value:
        if any(isinstance(item, ast.Starred) for item in node.elts):
            return many(join_all(_spread(item, found) for item in node.elts))
        return TupleValue(tuple(found[item] for item in node.elts))

    def _dict(self, node: ast.Dict, found: Found, _frame: Frame) -> Value:
        pairs = zip(node.keys, node.values, strict=True)
        held = join_all(found[item] if key else values_of(found[item]) for key, item in pairs)
        is_kept = not node.values or self.facts.is_followed(held)
        return DictValue(held, frozenset({node})) if is_kept else TOP

    def _operation(self, node: ast.BinOp, found: Found, _frame: Frame) -> Value:
        if isinstance(node.op, ast.Add):
            one, other = element(found[node.left]), element(found[node.right])
            both = join_known(one, other)
            return many(doubtful(both) if TOP in (one, other) else both)
        if isinstance(node.op, ast.BitOr):
            return self.merged_with(found[node.left], node.right, found[node.right])
        return TOP

    def _shown(self, node: ast.FormattedValue, found: Found, _frame: Frame) -> Value:
        self.facts.hand_out(node.value, found[node.value], self.known.objects)
        return TOP

    def _comparison(self, node: ast.Compare, found: Found, _frame: Frame) -> Value:
        for asked, op, container in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            self._compare(asked, op, container, found)
        return TOP

    def _compare(self, one: ast.expr, op: ast.cmpop, other: ast.expr, found: Found) -> None:
        """Note keys that are looked up, and records that are compared with other values."""
        if isinstance(op, ast.In | ast.NotIn):
            self.lookups.ask(one, found[other])
            if is_unknown(found[one]) and not isinstance(one, ast.Constant) and _is_record(element(found[other])):
                self.facts.hand_out(other, found[other], self.known.objects)
        elif isinstance(op, ast.Eq | ast.NotEq):
            for held, unknown in ((one, other), (other, one)):
                if is_unknown(found[unknown]) and not isinstance(unknown, ast.Constant):
                    self.facts.hand_out(held, found[held], self.known.objects)

    def merged_with(self, left: Value, right: ast.expr, added: Value) -> Value:
        """Return what `left | right` is."""
        return join_known(self._merged(left, right), _without_keys(added))

    def _merged(self, value: Value, right: ast.expr) -> Value:
        """Return what is left of the left one in it: a record stays one."""
        if not isinstance(value, RecordValue) or not value.is_record:
            return _without_keys(value)
        for key in right.keys if isinstance(right, ast.Dict) else ():
            if key is not None:
                self.lookups.ask(key, value)
        return value

    def _comprehension(self, node: Comprehension, _found: Found, frame: Frame) -> Value:
        return self._inside(frame, {}, lambda: self._comprehended(node, frame))

    def _comprehended(self, node: Comprehension, frame: Frame) -> Value:
        for number, part in enumerate(node.generators):
            items = self.items(part.iter, frame)
            if not number and frame.is_class and frame.env is not None:
                # Beyond its first iterable, a comprehension does not see the names of the class around it.
                frame.env.clear()
            self.unpack_locally(part.target, items, frame)
            for condition in part.ifs:
                self.value(condition, frame)
        if isinstance(node, ast.DictComp):
            self.value(node.key, frame)
            item = self.value(node.value, frame)
            return TOP if item is TOP else DictValue(item, frozenset({node}))
        origins = frozenset({node}) if isinstance(node, ast.ListComp) else frozenset()
        return many(self.value(node.elt, frame), origins)

    def items(self, node: ast.expr, frame: Frame) -> Value:
        """Return what iterating over an expression yields; of what another file has, an item by its name."""
        value = self.value(node, frame)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("items", "values")
        ):
            # What a table of another file holds.
            held = self.value(node.func.value, frame) if value is TOP else TOP
            if isinstance(held, Named) and not held.how and not self.known.reaches(held.name):
                item = Named(f"{held.name}[]", sure=False)
                return item if node.func.attr == "values" else TupleValue((TOP, item))
        if isinstance(value, Named) and not value.how and not self.known.reaches(value.name):
            return Named(f"{value.name}[]", sure=False)
        if isinstance(value, Instance):
            if value.of:
                return TOP
            found = element(self.classes.called(value, "__iter__"))
            return element(self.classes.of_object(value, ITEMS)) if found is TOP else found
        return self.lookups.anything_in(value) if isinstance(value, ForeignDefinition | Local) else element(value)

    def unpack_locally(self, target: ast.expr, value: Value, frame: Frame) -> None:
        """Bind a comprehension's target, which is local to it."""
        for name, found in unpack_targets(target, value):
            if isinstance(name, ast.Name) and frame.env is not None:
                frame.env[name.id] = found
            else:
                self.value(name, frame)

    def _inside(self, frame: Frame, bound: Env, work: Callable[[], Value]) -> Value:
        """Run `work` in a local scope; the names that it binds by `:=` stay."""
        if frame.env is None:
            return BOTTOM
        before = frame.env
        seen: Env = {}
        frame.attempts.append(seen)
        frame.env = {**before, **bound}
        try:
            return work()
        finally:
            frame.attempts.pop()
            frame.env = before
            for name, value in seen.items():
                before[name] = join(before.get(name, BOTTOM), value)


def _spread(item: ast.expr, found: Found) -> Value:
    return element(found[item]) if isinstance(item, ast.Starred) else found[item]


def _without_keys(value: Value) -> Value:
    """Return a dict with records below its keys, as one of which others may be merged over."""
    if isinstance(value, DictValue):
        return value
    return doubtful(value) if isinstance(value, RecordValue) and not value.is_record else TOP


def _is_record(value: Value) -> bool:
    return isinstance(value, RecordValue) and value.is_record


def values_of(value: Value) -> Value:
    """Return what lies in a mapping that is spread: what lies in a record is no record."""
    match value:
        case DictValue():
            return came_from(value.item, value.origins)
        case RecordValue():
            return take_any_key(value)
    return BOTTOM if value is BOTTOM else TOP


def defaults_of(args: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    """Yield the parameters that have a default, each with it."""
    positional = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    yield from zip(positional[::-1], args.defaults[::-1], strict=False)
    by_name = zip((arg.arg for arg in args.kwonlyargs), args.kw_defaults, strict=True)
    yield from ((name, default) for name, default in by_name if default is not None)


def _unknown(*_: object) -> Value:
    return TOP
