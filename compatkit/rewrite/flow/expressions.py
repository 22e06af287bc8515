"""What an expression stands for, where it stands.

No recursion along chains of calls or operators: these are as long as CPython allows.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator

from compatkit.migration import Each, Item
from compatkit.rewrite.flow.calls import Calls
from compatkit.rewrite.flow.frames import Env, Frame, unpacked
from compatkit.rewrite.flow.known import Known
from compatkit.rewrite.flow.mocks import attribute_of
from compatkit.rewrite.flow.trace import Trace
from compatkit.rewrite.flow.values import (
    NOTHING,
    UNKNOWN,
    Held,
    Instance,
    Local,
    Many,
    Method,
    Mock,
    Named,
    Row,
    Special,
    Table,
    Value,
    attribute,
    came_from,
    doubtful,
    element,
    join,
    many,
    take,
    take_any_key,
)

Found = dict[ast.AST, Value]
_LEAVES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


class Expressions:
    """Evaluates expressions of one file. `stored` are attributes that it assigns to, `patched` what it patches."""

    def __init__(
        self, known: Known, trace: Trace, stored: frozenset[str], patched: frozenset[str], *, has_star: bool
    ) -> None:
        self.known = known
        self.trace = trace
        self.calls = Calls(known, trace, self.lambda_value)
        self._patched = patched
        self._replaced = stored | patched
        self._has_star = has_star

    def value(self, root: ast.expr | None, frame: Frame) -> Value:
        """Return what `root` stands for, and note on the way what is asked of records."""
        if root is None:
            return NOTHING
        found: Found = {}
        stack: list[tuple[ast.AST, bool]] = [(root, False)]
        while stack:
            node, is_ready = stack.pop()
            if is_ready or isinstance(node, _LEAVES):
                found[node] = self._value(node, found, frame)
                if isinstance(node, ast.Name | ast.Attribute):
                    self._note(node, found[node])
                if self.known.objects:
                    self.trace.record(node, found[node], self.known.objects)
            else:
                stack.append((node, True))
                stack += [(child, False) for child in reversed(list(_children(node)))]
        return found[root]

    def lambda_value(self, node: ast.Lambda, given: list[Value], frame: Frame) -> Value:
        """Return what a lambda returns that is called here and now."""
        names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
        bound: Env = dict.fromkeys(names, UNKNOWN)
        bound.update(zip(names, given, strict=False))
        return self._inside(frame, bound, lambda: self.value(node.body, frame))

    def name(self, name: str, frame: Frame) -> Value:
        value = frame.lookup(name)
        if value is not None:
            return doubtful(value) if name in self._patched else value
        return Named(f"builtins.{name}") if hasattr(builtins, name) and not self._has_star else UNKNOWN

    def note_stored(self, node: ast.Attribute, owner: Value) -> None:
        """Note an attribute that is assigned to, or deleted."""
        self._note(node, self.attribute(owner, node.attr))

    def _note(self, node: ast.Name | ast.Attribute, value: Value) -> None:
        if isinstance(value, Named) and value.name.rpartition(".")[2] in self.known.watched:
            self.trace.name(node, value)
        elif node in self.trace.names:
            self.trace.name(node, UNKNOWN)

    def _value(self, node: ast.AST, found: Found, frame: Frame) -> Value:
        match node:
            case ast.Name(id=name):
                return self.name(name, frame)
            case ast.Constant(value=None):
                return NOTHING
            case ast.Attribute(value=of, attr=attr):
                return self.attribute(found[of], attr)
            case ast.Subscript(value=of, slice=index):
                return self.subscript(found[of], index, node)
            case ast.Call():
                return self.calls.value(node, found, frame)
            case ast.Lambda():
                self.trace.waiting[node] = frame
                return Local(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node, frame)
            case ast.IfExp(body=body, orelse=orelse):
                return join(found[body], found[orelse])
            case ast.BoolOp(values=values):
                return _joined(found[value] for value in values)
            case ast.Await(value=value) | ast.Starred(value=value):
                return found[value]
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                before = frame.env.get(name, NOTHING) if frame.env is not None else NOTHING
                frame.bind(name, join(before, found[value]))
                return found[value]
        return self._other(node, found)

    def _other(self, node: ast.AST, found: Found) -> Value:
        match node:
            case ast.List(elts=items):
                spread = (element(found[i]) if isinstance(i, ast.Starred) else found[i] for i in items)
                return many(_joined(spread), frozenset({node}))
            case ast.Tuple(elts=items) if any(isinstance(item, ast.Starred) for item in items):
                return many(_joined(element(found[i]) if isinstance(i, ast.Starred) else found[i] for i in items))
            case ast.Tuple(elts=items):
                return Row(tuple(found[item] for item in items))
            case ast.Dict(keys=[]):
                return Table(NOTHING, frozenset({node}))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                one, other = element(found[left]), element(found[right])
                return UNKNOWN if UNKNOWN in (one, other) else many(join(one, other))
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return self.merged(found[left], right)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                for asked, op, container in zip([left, *comparators], ops, comparators, strict=False):
                    if isinstance(op, ast.In | ast.NotIn):
                        self.ask(asked, found[container])
        return UNKNOWN

    def ask(self, key: ast.expr, container: Value) -> None:
        """Note that `key` is looked up in `container`."""
        self.trace.key(key, container)

    def merged(self, value: Value, right: ast.expr) -> Value:
        """Return what `value | right` is: a record stays one."""
        if not isinstance(value, Held) or not value.is_record:
            return UNKNOWN
        for key in right.keys if isinstance(right, ast.Dict) else ():
            if key is not None:
                self.ask(key, value)
        return value

    def attribute(self, of: Value, name: str) -> Value:
        match of:
            case Named():
                found = Named(self.known.settle(f"{of.name}.{name}"), of.sure, of.how, of.origins)
                return doubtful(found) if name in self._replaced else found
            case Instance():
                return self._of_instance(of, name)
            case Held():
                return attribute(of, name)
            case Many() | Table():
                return Method(of, name)
            case Mock():
                return attribute_of(of, name, self.known)
            case Special.NOTHING:
                return NOTHING
        return UNKNOWN

    def subscript(self, of: Value, index: ast.expr, node: ast.AST | None = None) -> Value:
        if isinstance(node, ast.Subscript) and not isinstance(of, Held):
            self.ask(index, of)
        match of:
            case Held():
                return self._held_item(of, index)
            case Many() | Row() if isinstance(index, ast.Slice):
                return many(element(of), of.origins if isinstance(of, Many) else frozenset())
            case Row(items=items) if isinstance(number := _constant(index), int) and -len(items) <= number < len(items):
                return items[number]
            case Many() | Row():
                return element(of)
            case Table():
                return came_from(of.item, of.origins)
            case Special.NOTHING:
                return NOTHING
        return UNKNOWN

    def _held_item(self, of: Held, index: ast.expr) -> Value:
        if isinstance(index, ast.Slice):
            return of if take(of, Each()) is not UNKNOWN else UNKNOWN
        key = _constant(index)
        if of.is_record:
            self.ask(index, of)
        if isinstance(key, str):
            return take(of, Item(key))
        if isinstance(key, int):
            return take(of, Item(key), Each())
        return join_known(take(of, Each()), take_any_key(of))

    def _of_instance(self, of: Instance, name: str) -> Value:
        if of.local is not None:
            if (stored := self.trace.arrives(self.trace.attributes, of.local, name)) is not UNKNOWN:
                return stored
            inherited = self.trace.ancestors.get(of.local, ())
            for item in (item for owner in (of.local, *inherited) for item in owner.body):
                if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) and item.name == name:
                    return Local(item) if not item.decorator_list else UNKNOWN
        if not of.of:
            return UNKNOWN
        if made := self.known.types.get(f"{of.of}.{name}"):
            return Instance(made, of.sure and name not in self._replaced)
        found = Named(f"{of.of}.{name}", of.sure, is_declared=of.is_declared)
        return doubtful(found) if name in self._replaced else found

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, frame: Frame) -> Value:
        return self._inside(frame, {}, lambda: self._comprehended(node, frame))

    def _comprehended(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, frame: Frame) -> Value:
        for number, part in enumerate(node.generators):
            items = element(self.value(part.iter, frame))
            if not number and frame.is_class and frame.env is not None:
                # Beyond its first iterable, a comprehension does not see the names of the class around it.
                frame.env.clear()
            self.unpack_locally(part.target, items, frame)
            for condition in part.ifs:
                self.value(condition, frame)
        if isinstance(node, ast.DictComp):
            self.value(node.key, frame)
            item = self.value(node.value, frame)
            return UNKNOWN if item is UNKNOWN else Table(item, frozenset({node}))
        origins = frozenset({node}) if isinstance(node, ast.ListComp) else frozenset()
        return many(self.value(node.elt, frame), origins)

    def unpack_locally(self, target: ast.expr, value: Value, frame: Frame) -> None:
        """Bind a comprehension's target, which nobody outside sees."""
        for name, found in unpacked(target, value):
            if isinstance(name, ast.Name) and frame.env is not None:
                frame.env[name.id] = found
            else:
                self.value(name, frame)

    def _inside(self, frame: Frame, bound: Env, work: Callable[[], Value]) -> Value:
        """Do `work` with names that are gone afterwards; names that it binds by `:=` stay."""
        if frame.env is None:
            return NOTHING
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
                before[name] = join(before.get(name, NOTHING), value)


def join_known(one: Value, other: Value) -> Value:
    """Join two values of which an unknown one has no say."""
    return other if one is UNKNOWN else one if other is UNKNOWN else join(one, other)


def _joined(values: Iterator[Value]) -> Value:
    found: Value = NOTHING
    for value in values:
        found = join(found, value)
    return found


def _constant(index: ast.expr) -> object:
    if isinstance(index, ast.UnaryOp) and isinstance(index.op, ast.USub) and isinstance(index.operand, ast.Constant):
        value = index.operand.value
        return -value if isinstance(value, int) else None
    return index.value if isinstance(index, ast.Constant) else None


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the expressions inside, in the order of evaluation."""
    for field in node._fields:
        child = getattr(node, field, None)
        for part in child if isinstance(child, list) else (child,):
            if isinstance(part, ast.keyword):
                yield part.value
            elif isinstance(part, ast.expr):
                yield part
