"""Evaluate an expression in the lattice of values.

No recursion along chains of calls or operators: these are as long as CPython allows.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args

from compatkit.migration import Each, Item
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.neighbours import Handed
from compatkit.rewrite.file.tree import expressions_in
from compatkit.rewrite.flow.between_files import BetweenFiles
from compatkit.rewrite.flow.calls import Calls
from compatkit.rewrite.flow.classes import Classes
from compatkit.rewrite.flow.containers import ITEMS
from compatkit.rewrite.flow.declared_names import HINTS, DeclaredNames
from compatkit.rewrite.flow.flow_facts import FlowFacts
from compatkit.rewrite.flow.handed import member_of, value_of
from compatkit.rewrite.flow.mocks import attribute_of
from compatkit.rewrite.flow.open_names import class_of, loaded_name, named_in
from compatkit.rewrite.flow.scope_frames import Env, Frame, unpack_targets
from compatkit.rewrite.flow.values import (
    BOTTOM,
    TOP,
    DictValue,
    ForeignDefinition,
    Instance,
    IterableValue,
    Local,
    Method,
    Mock,
    Named,
    Namespace,
    RecordValue,
    Special,
    TupleValue,
    Value,
    attribute,
    came_from,
    doubtful,
    element,
    is_unknown,
    join,
    join_all,
    many,
    take,
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
        self.annotated: Callable[[ast.expr | None, Frame], Value] = lambda *_: TOP
        self.home = FileModule("", is_package=False)
        self.texts: Sequence[str] = ()

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
            ast.Subscript: lambda node, found, _: self.subscript(found[node.value], node.slice, node),
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
        """Return what a lambda returns that is called here and now."""
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
        if module == "*" and (home := next((each for each in self.texts if self.known.reaches(f"{each}.{last}")), "")):
            return Named(f"{home}.{last}", sure=False)
        return Named(self.known.settle(dotted), sure, how, origins)

    def fixture(self, name: str, node: ast.AST, frame: Frame) -> Value:
        """Return what a test framework gives for a parameter: what the function gives that has its name."""
        home = frame.home_of(name, frame.parent)
        made = home.joined.get(name, TOP) if home is not None else TOP
        if not isinstance(made, Local) or made.node is node or not any(map(_is_fixture, _decorators(made.node))):
            return TOP
        found = self.facts.result_of(made.node)
        return doubtful(element(found) if made.node in self.facts.yielded else found)

    def note_stored(self, node: ast.Attribute, owner: Value) -> None:
        """Note an attribute that is assigned to, or deleted."""
        self._note(node, self.attribute(owner, node.attr))

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
        value = self.attribute(of, name)
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
        """Note keys that are looked up, and records that are compared with what is none."""
        if isinstance(op, ast.In | ast.NotIn):
            self.ask(one, found[other])
            if is_unknown(found[one]) and not isinstance(one, ast.Constant) and _is_record(element(found[other])):
                self.facts.hand_out(other, found[other], self.known.objects)
        elif isinstance(op, ast.Eq | ast.NotEq):
            for held, unknown in ((one, other), (other, one)):
                if is_unknown(found[unknown]) and not isinstance(unknown, ast.Constant):
                    self.facts.hand_out(held, found[held], self.known.objects)

    def ask(self, key: ast.expr, container: Value) -> None:
        """Note that `key` is looked up in `container`."""
        self.facts.key(key, container)

    def merged_with(self, left: Value, right: ast.expr, added: Value) -> Value:
        """Return what `left | right` is."""
        return join_known(self._merged(left, right), _without_keys(added))

    def _merged(self, value: Value, right: ast.expr) -> Value:
        """Return what is left of the left one in it: a record stays one."""
        if not isinstance(value, RecordValue) or not value.is_record:
            return _without_keys(value)
        for key in right.keys if isinstance(right, ast.Dict) else ():
            if key is not None:
                self.ask(key, value)
        return value

    def attribute(self, of: Value, name: str) -> Value:
        match of:
            case Local() | ForeignDefinition() if name == "__annotations__":
                return self.hints_of(of)
            case Named() if name == "__dict__":
                return Namespace(of)
            case Named(sure=False) if name == "value":
                # Of a member of an enumeration, as which a class may be kept.
                return of
            case Named():
                return self._of_named(of, name)
            case ForeignDefinition(handed=handed):
                found = member_of(handed, name)
                is_inherited = found is TOP and bool(handed.base)
                return Named(f"{handed.base}.{name}", sure=False) if is_inherited else found
            case Local(node=ast.ClassDef() as owner):
                return Namespace(of) if name == "__dict__" else self.classes.attribute(owner, name)
            case Instance():
                return Namespace(of) if name == "__dict__" else self._of_object(of, name)
            case RecordValue():
                return attribute(of, name)
            case Namespace(of=None) if self.module is not None and name in self.module.joined:
                return self.module.joined[name]
            case IterableValue() | DictValue() | Namespace():
                return Method(of, name)
            case Mock():
                return attribute_of(of, name, self.known)
            case Special.BOTTOM:
                return BOTTOM
        return TOP

    def _of_object(self, of: Instance, name: str) -> Value:
        found = self.classes.of_object(of, name)
        if found is TOP and (held := self.classes.of_object(of, ITEMS)) is not TOP:
            # A list or dict has it, of which the class is one.
            return Method(held, name)
        return found

    def _of_named(self, of: Named, name: str) -> Value:
        found = self.named(f"{of.name}.{name}", sure=of.sure, how=of.how, origins=of.origins)
        for other in sorted(of.others):
            found = join(found, self.named(f"{other}.{name}", sure=False, how=of.how, origins=of.origins))
        return doubtful(found) if name in self.replaced else found

    def hints_of(self, definition: Value) -> Value:
        """Return the annotations of a function or class, as a table of the classes that they name."""
        match definition:
            case Local(node=node) if node in self.facts.hints:
                return DictValue(self.facts.hints[node])
            case Named(name=name) | ForeignDefinition(handed=Handed(names=(name, *_))):
                handed = self.known.handed.get(name + HINTS)
                return value_of(handed) if handed else TOP
        return TOP

    def subscript(self, of: Value, index: ast.expr, node: ast.AST | None = None) -> Value:
        if isinstance(node, ast.Subscript) and not isinstance(of, RecordValue):
            self.ask(index, of)
        match of:
            case RecordValue():
                return self._held_item(of, index)
            case IterableValue() | TupleValue() if isinstance(index, ast.Slice):
                return many(element(of), of.origins if isinstance(of, IterableValue) else frozenset())
            case TupleValue(items=items) if isinstance(number := _constant(index), int) and -len(items) <= number < len(
                items
            ):
                return items[number]
            case IterableValue() | TupleValue():
                return element(of)
            case DictValue():
                return came_from(of.item, of.origins)
            case Namespace():
                return self.by_name(of, key if isinstance(key := _constant(index), str) else "")
            case Named(name="sys.modules") if isinstance(name := _constant(index), str):
                return Named(name, of.sure)
            case Named(name="sys.modules"):
                return Namespace() if ast.unparse(index) == "__name__" else Named("*", sure=False)
            case Named(how="", name="*") if isinstance(name := _constant(index), str):
                # The names of a module, as `run_path` gives them.
                return self.attribute(of, name)
            case Named(how="", name=name) if not self.known.reaches(name):
                return self.named(f"{name}[]", sure=False)
            case Instance():
                found = self.classes.called(of, "__getitem__")
                held = self.classes.of_object(of, ITEMS) if found is TOP else TOP
                return found if held is TOP else self.subscript(held, index)
            case ForeignDefinition(handed=Handed(kind="class")) | Local(node=ast.ClassDef()):
                # By its `__class_getitem__`, a member of an enumeration, or the class itself: `Holder[Box]`.
                if (made := self.classes.called(of, "__class_getitem__")) is not TOP:
                    return made
                if isinstance(key := _constant(index), str):
                    return self.attribute(of, key)
                is_of_types = isinstance(index, ast.Tuple) or _last_name(index)[:1].isupper()
                return of if is_of_types else self.anything_in(of)
            case Special.BOTTOM:
                return BOTTOM
        return TOP

    def by_name(self, of: Namespace, name: str) -> Value:
        """Return what a mapping of names holds for a name, or for any one where it is not written out."""
        if not name:
            return self.anything_in(of)
        if of.of is not None:
            return self.attribute(of.of, name)
        return self.name(name, self.module) if self.module is not None else TOP

    def anything_in(self, of: Value) -> Value:
        """Return what any name stands for in a module of the project, or in this file."""
        match of:
            case Namespace(of=None) if self.module is not None:
                owned = self.facts.bases
                made = (
                    (Named(owned[v.node], sure=False) if isinstance(v, Local) and v.node in owned else class_of(v))
                    for v in self.module.joined.values()
                )
                return join_all(
                    value
                    for value in (*made, *self.brought().values())
                    if isinstance(value, Named) and self.facts.is_led([value])
                )
            case Namespace(of=inner) if inner is not None:
                return self.anything_in(inner)
            case Instance():
                return self.classes.held_like(of, "*")
            case ForeignDefinition(handed=far):
                return self.classes.held_like(Instance("", sure=False, far=far), "*")
            case Local(node=ast.ClassDef() as owner):
                return self.classes.held_like(Instance("", sure=False, local=owner), "*")
            case Named(name=name, how="") if not self.known.reaches(name):
                return named_in(self.known.handed, name, "*")
            case Named(name=name, how=""):
                # Whoever looks it up is told of by the call; here it counts what is made.
                makers = sorted({*self.known.classes, *(each.removesuffix("()") for each in self.known.types)})
                inside = (maker for maker in makers if maker.rpartition(".")[0] == name)
                return join_all((Named(maker, sure=False, how="looked up") for maker in inside), TOP)
        return TOP

    def called_like(self, of: Value, pattern: str) -> Value:
        """Return what an object has under a name that is not all written: what lies there, or a method."""
        found = self.classes.held_like(of, pattern) if isinstance(of, Instance) else self.anything_in(of)
        return self.classes.method_like(of, pattern) if found is TOP and isinstance(of, Instance) else found

    def loaded(self, node: ast.Call, found: Mapping[ast.AST, Value]) -> Value:
        """Return the module that a call loads by its name."""
        name = loaded_name(node, found, self.home)
        return Namespace() if name == self.home.name else Named(name, sure="*" not in name)

    def _held_item(self, of: RecordValue, index: ast.expr) -> Value:
        if isinstance(index, ast.Slice):
            return of if take(of, Each()) is not TOP else TOP
        key = _constant(index)
        if of.is_record:
            self.ask(index, of)
        if isinstance(key, str):
            return take(of, Item(key))
        if isinstance(key, int):
            return take(of, Item(key), Each())
        return join_known(take(of, Each()), take_any_key(of))

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
        if isinstance(value, Named) and not value.how and not self.known.reaches(value.name):
            return Named(f"{value.name}[]", sure=False)
        if isinstance(value, Instance):
            if value.of:
                return TOP
            found = element(self.classes.called(value, "__iter__"))
            return element(self.classes.of_object(value, ITEMS)) if found is TOP else found
        return self.anything_in(value) if isinstance(value, ForeignDefinition | Local) else element(value)

    def unpack_locally(self, target: ast.expr, value: Value, frame: Frame) -> None:
        """Bind a comprehension's target, which nobody outside sees."""
        for name, found in unpack_targets(target, value):
            if isinstance(name, ast.Name) and frame.env is not None:
                frame.env[name.id] = found
            else:
                self.value(name, frame)

    def _inside(self, frame: Frame, bound: Env, work: Callable[[], Value]) -> Value:
        """Do `work` with names that are gone afterwards; names that it binds by `:=` stay."""
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


def join_known(one: Value, other: Value) -> Value:
    """Join two values of which an unknown one has no say."""
    return other if one is TOP else one if other is TOP else join(one, other)


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


def _decorators(node: ast.AST) -> list[ast.expr]:
    return getattr(node, "decorator_list", [])


def _last_name(node: ast.expr) -> str:
    inner = node.func if isinstance(node, ast.Call) else node
    return inner.attr if isinstance(inner, ast.Attribute) else inner.id if isinstance(inner, ast.Name) else ""


def _is_fixture(node: ast.expr) -> bool:
    return "fixture" in _last_name(node)


def _constant(index: ast.expr) -> object:
    if isinstance(index, ast.UnaryOp) and isinstance(index.op, ast.USub) and isinstance(index.operand, ast.Constant):
        value = index.operand.value
        return -value if isinstance(value, int) else None
    return index.value if isinstance(index, ast.Constant) else None


def _unknown(*_: object) -> Value:
    return TOP
