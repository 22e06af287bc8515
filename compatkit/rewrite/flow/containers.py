"""Evaluate the methods of containers of records: the items that they return, and the items that they add."""

from __future__ import annotations

import ast
from collections.abc import Callable

from compatkit.migration import Item
from compatkit.rewrite.flow.between_files import Found
from compatkit.rewrite.flow.flow_facts import FlowFacts
from compatkit.rewrite.flow.scope_frames import Frame, parameters
from compatkit.rewrite.flow.values import (
    BOTTOM,
    TOP,
    DictValue,
    Instance,
    IterableValue,
    Local,
    Named,
    RecordValue,
    TupleValue,
    Value,
    came_from,
    doubtful,
    element,
    is_like,
    is_sure,
    join,
    many,
    origins_of,
    take,
    take_any_key,
)

# Methods of a dict whose first argument is a key.
_KEYED = frozenset({"get", "pop", "setdefault", "__getitem__", "__contains__", "__setitem__", "__delitem__"})
_GROWING = frozenset({"__init__", "append", "appendleft", "extend", "insert", "put", "put_nowait", "set", "setdefault"})
# Base classes whose objects hold others, and the attribute as which these are kept here.
HOLDING = frozenset(
    {"builtins.dict", "builtins.list", "builtins.set", "collections.OrderedDict", "collections.UserDict"}
    | {"collections.UserList", "collections.deque"}
)
ITEMS = "<items>"


class Containers:
    """Evaluates the methods of lists and dicts that hold records. `names` tells what a name stands for."""

    def __init__(self, facts: FlowFacts, names: Callable[[str, Frame], Value]) -> None:
        self._facts = facts
        self._name = names

    def method(
        self,
        of: RecordValue | IterableValue | DictValue,
        name: str,
        node: ast.Call,
        given: list[Value],
        frame: Frame,
    ) -> Value:
        """Return what a method of a container gives, and note what it changes there."""
        match of:
            case RecordValue() if of.is_record:
                return self._of_record(of, name, node)
            case RecordValue() if element(of) is TOP:
                return self._of_result(of, name, node, given)
            case DictValue():
                if name == "setdefault" and len(given) == 2 and isinstance(held := node.func, ast.Attribute):
                    table = held.value.id if isinstance(held.value, ast.Name) else ""
                    if frame.env is not None and table in frame.env and is_like(given[1], of.item):
                        frame.bind(table, DictValue(join(of.item, given[1]), of.origins))
                return self._of_table(of, name, given)
        return self._of_list(of, name, node, given, frame)

    def _of_record(self, of: RecordValue, name: str, node: ast.Call) -> Value:
        if name in _KEYED and node.args:
            self._facts.key(node.args[0], of)
        if name == "update":
            for word in node.keywords:
                self._facts.key(word, of)
            for key in node.args[0].keys if node.args and isinstance(node.args[0], ast.Dict) else ():
                if key is not None:
                    self._facts.key(key, of)
        return of if name in ("copy", "__copy__") else TOP

    def _of_result(self, of: RecordValue, name: str, node: ast.Call, given: list[Value]) -> Value:
        if name in ("get", "pop", "setdefault", "__getitem__") and node.args:
            default = given[1] if len(given) > 1 else BOTTOM
            key = node.args[0]
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                below = take(of, Item(key.value))
                return below if below is TOP else join(below, default)
            return take_any_key(of)
        match name:
            case "values":
                return many(take_any_key(of))
            case "items" | "popitem":
                pair = TupleValue((TOP, take_any_key(of)))
                return many(pair) if name == "items" else pair
            case "update":
                self.taint(of)
            case "copy":
                return of
        return TOP

    def _of_list(
        self, of: RecordValue | IterableValue, name: str, node: ast.Call, given: list[Value], frame: Frame
    ) -> Value:
        match name:
            case "append" | "insert" | "__setitem__" if node.args:
                self.add(of, given[-1], node.args[-1], node.func, frame)
            case "extend" if given:
                self.add(of, element(given[0]), node.args[0], node.func, frame)
            case "get" | "get_nowait" | "pop" | "popleft" | "result":
                return element(of)
            case "copy":
                return of if isinstance(of, RecordValue) else many(element(of))
        return TOP

    def _of_table(self, of: DictValue, name: str, given: list[Value]) -> Value:
        item = came_from(of.item, of.origins)
        match name:
            case "values":
                return many(item)
            case "items":
                return many(TupleValue((TOP, item)))
            case "get" | "pop" | "setdefault":
                default = given[1] if len(given) > 1 else BOTTOM
                if name == "setdefault" and not is_like(default, of.item):
                    self.taint(of)
                return join(item, default)
            case "update":
                self.taint(of)
            case "copy":
                return DictValue(item)
        return TOP

    def add(self, to: RecordValue | IterableValue, value: Value, node: ast.expr, func: ast.expr, frame: Frame) -> None:
        """Put `value` among the items of `to`; a value that is no record makes the whole container uncertain."""
        place = element(to)
        for display in [node, *(node.elts if isinstance(node, ast.List | ast.Tuple) else ())]:
            if isinstance(display, ast.Dict) and isinstance(to, RecordValue):
                self._facts.foreign[display] = to
        if not is_like(value, place) or not is_sure(value):
            self.taint(to)
            value = doubtful(join(place, value))
        name = func.value if isinstance(func, ast.Attribute) else None
        if isinstance(to, IterableValue) and isinstance(name, ast.Name):
            frame.bind(name.id, many(join(to.item, value), to.origins))

    def keep(self, container: ast.expr, kept: Value, frame: Frame) -> None:
        """Note the new content of a container that is no local name of the function, for its other readers."""
        match container:
            case ast.Name(id=name) if (holder := self._holding(self._name(name, frame))) is not None:
                self._facts.goes_on(self._facts.attributes, holder, ITEMS, kept)
            case ast.Call(func=ast.Name(id="super")) if frame.enclosing_class is not None:
                self._facts.goes_on(self._facts.attributes, frame.enclosing_class, ITEMS, kept)
            case ast.Name(id=name) if frame.env is not None and name not in frame.env:
                if (home := frame.home_of(name, frame.parent)) is not None:
                    self._facts.goes_on(self._facts.attributes, home.node, name, kept)
            case ast.Name(id=name) if name in parameters(frame.node):
                self._facts.goes_on(self._facts.arguments, frame.node, name, kept)
            case ast.Attribute(value=ast.Name(id=name), attr=attr):
                owner = self._name(name, frame)
                node = owner.local if isinstance(owner, Instance) else owner.node if isinstance(owner, Local) else None
                if name == "cls" and isinstance(owner, Named):
                    node = frame.enclosing_class
                if isinstance(node, ast.ClassDef):
                    self._facts.goes_on(self._facts.attributes, node, attr, kept)
            case ast.Subscript(value=inner):
                self.keep(inner, DictValue(kept), frame)

    def _holding(self, value: Value) -> ast.ClassDef | None:
        """Return the class of an object, if this file defines it as a subclass of list or dict."""
        owner = value.local if isinstance(value, Instance) else None
        every = (owner, *self._facts.ancestors.get(owner, ())) if owner is not None else ()
        return owner if any(HOLDING.intersection(self._facts.far_bases.get(cls, ())) for cls in every) else None

    def made(self, owner: ast.ClassDef, given: list[Value]) -> None:
        """Note the initial items of an object whose class derives from list or dict."""
        if given and self._holding(Instance("", sure=False, local=owner)) is not None:
            self._facts.goes_on(self._facts.attributes, owner, ITEMS, given[0])

    def grow(self, node: ast.Call, found: Found, frame: Frame) -> None:
        """Note the items that a method adds to its container."""
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in _GROWING:
            return
        match node:
            case ast.Call(func=ast.Attribute(value=of, attr="append" | "appendleft" | "insert"), args=[*_, last]):
                self.keep(of, many(found[last]), frame)
            case ast.Call(func=ast.Attribute(value=of, attr="put" | "put_nowait" | "set"), args=[last]):
                # Of a queue, or a variable of a context.
                self.keep(of, many(found[last]), frame)
            case ast.Call(func=ast.Attribute(value=ast.Call() as of, attr="__init__"), args=[items]):
                self.keep(of, found[items], frame)
            case ast.Call(func=ast.Attribute(value=of, attr="extend"), args=[items]):
                self.keep(of, many(element(found[items])), frame)
            case ast.Call(func=ast.Attribute(value=of, attr="setdefault"), args=[_, default]):
                self.keep(of, DictValue(found[default]), frame)

    def taint(self, value: Value) -> None:
        self._facts.tainted.update(origins_of(value))

    def doubt(self, container: Value, frame: Frame) -> None:
        """Make the items of a container uncertain, because unseen code may change them."""
        if frame.env is None or not isinstance(container, RecordValue | IterableValue | DictValue):
            return
        if isinstance(container, RecordValue) and container.is_record:
            return
        for name, value in list(frame.env.items()):
            is_same = isinstance(value, RecordValue | IterableValue | DictValue) and bool(
                value.origins & container.origins
            )
            if is_same and not (isinstance(value, RecordValue) and value.is_record):
                frame.bind(name, doubtful(value))

    def escape(self, given: list[Value]) -> None:
        """Treat an empty container that escapes to unseen code as one that may hold anything."""
        for value in given:
            if isinstance(value, IterableValue | DictValue) and value.item is BOTTOM:
                self.taint(value)
