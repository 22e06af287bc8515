"""Look up what a value has under a name, at an index, or under any name: `box.size`, `rows[0]`, `vars(box)[name]`."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Protocol

from compatkit.migration import Each, Item
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.neighbours import Handed
from compatkit.rewrite.flow.classes import Classes
from compatkit.rewrite.flow.containers import ITEMS
from compatkit.rewrite.flow.declared_names import HINTS, DeclaredNames
from compatkit.rewrite.flow.flow_facts import FlowFacts
from compatkit.rewrite.flow.handed import member_of, value_of
from compatkit.rewrite.flow.mocks import attribute_of
from compatkit.rewrite.flow.open_names import class_of, loaded_name, named_in
from compatkit.rewrite.flow.scope_frames import Frame
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
    join,
    join_all,
    many,
    take,
    take_any_key,
)


class FileNames(Protocol):
    """Looks up the values of the names of a file. `replaced` are attributes that it assigns or patches."""

    module: Frame | None
    home: FileModule
    replaced: frozenset[str]

    def name(self, name: str, frame: Frame) -> Value: ...

    def named(
        self, dotted: str, *, sure: bool = True, how: str = "", origins: frozenset[ast.AST] = frozenset()
    ) -> Value: ...

    def brought(self) -> dict[str, Value]: ...


class Lookups:
    """Looks up the attributes and items of values in one file."""

    def __init__(self, known: DeclaredNames, facts: FlowFacts, classes: Classes, names: FileNames) -> None:
        self._known = known
        self._facts = facts
        self._classes = classes
        self._names = names

    def ask(self, key: ast.expr, container: Value) -> None:
        """Note that `key` is looked up in `container`."""
        self._facts.key(key, container)

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
                return Namespace(of) if name == "__dict__" else self._classes.attribute(owner, name)
            case Instance():
                return Namespace(of) if name == "__dict__" else self._of_object(of, name)
            case RecordValue():
                return attribute(of, name)
            case Namespace(of=None) if self._names.module is not None and name in self._names.module.joined:
                return self._names.module.joined[name]
            case IterableValue() | DictValue() | Namespace():
                return Method(of, name)
            case Mock():
                return attribute_of(of, name, self._known)
            case Special.BOTTOM:
                return BOTTOM
        return TOP

    def _of_object(self, of: Instance, name: str) -> Value:
        found = self._classes.of_object(of, name)
        if found is TOP and (held := self._classes.of_object(of, ITEMS)) is not TOP:
            # A list or dict has it, of which the class is one.
            return Method(held, name)
        return found

    def _of_named(self, of: Named, name: str) -> Value:
        found = self._names.named(f"{of.name}.{name}", sure=of.sure, how=of.how, origins=of.origins)
        for other in sorted(of.others):
            found = join(found, self._names.named(f"{other}.{name}", sure=False, how=of.how, origins=of.origins))
        return doubtful(found) if name in self._names.replaced else found

    def hints_of(self, definition: Value) -> Value:
        """Return the annotations of a function or class, as a table of the classes that they name."""
        match definition:
            case Local(node=node) if node in self._facts.hints:
                return DictValue(self._facts.hints[node])
            case Named(name=name) | ForeignDefinition(handed=Handed(names=(name, *_))):
                handed = self._known.handed.get(name + HINTS)
                return value_of(handed) if handed else TOP
        return TOP

    def entered(self, manager: Value, *, is_async: bool) -> Value:
        """Return the value that `with` binds: a mock itself, or what the migrations declare that the manager gives."""
        if isinstance(manager, Mock):
            return manager
        if isinstance(manager, IterableValue):
            # What a generator yields that `contextlib.contextmanager` decorates.
            return doubtful(manager.item)
        if (given := self._classes.called(manager, "__aenter__" if is_async else "__enter__")) is not TOP:
            return given
        made = self._known.types.get(f"{manager.of}.__enter__()") if isinstance(manager, Instance) else None
        return Instance(made, isinstance(manager, Instance) and manager.sure) if made else TOP

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
            case Named(how="", name=name) if not self._known.reaches(name):
                return self._names.named(f"{name}[]", sure=False)
            case Instance():
                found = self._classes.called(of, "__getitem__")
                held = self._classes.of_object(of, ITEMS) if found is TOP else TOP
                return found if held is TOP else self.subscript(held, index)
            case ForeignDefinition(handed=Handed(kind="class")) | Local(node=ast.ClassDef()):
                # By its `__class_getitem__`, a member of an enumeration, or the class itself: `Holder[Box]`.
                if (made := self._classes.called(of, "__class_getitem__")) is not TOP:
                    return made
                if isinstance(key := _constant(index), str):
                    return self.attribute(of, key)
                is_of_types = isinstance(index, ast.Tuple) or last_name(index)[:1].isupper()
                return of if is_of_types else self.anything_in(of)
            case Special.BOTTOM:
                return BOTTOM
        return TOP

    def by_name(self, of: Namespace, name: str) -> Value:
        """Return the value of a name in a mapping of names, or of any name where it is not written out."""
        if not name:
            return self.anything_in(of)
        if of.of is not None:
            return self.attribute(of.of, name)
        return self._names.name(name, self._names.module) if self._names.module is not None else TOP

    def anything_in(self, of: Value) -> Value:
        """Return the value that any name may have in a module of the project, or in this file."""
        match of:
            case Namespace(of=None) if self._names.module is not None:
                owned = self._facts.bases
                made = (
                    (Named(owned[v.node], sure=False) if isinstance(v, Local) and v.node in owned else class_of(v))
                    for v in self._names.module.joined.values()
                )
                return join_all(
                    value
                    for value in (*made, *self._names.brought().values())
                    if isinstance(value, Named) and self._facts.is_led([value])
                )
            case Namespace(of=inner) if inner is not None:
                return self.anything_in(inner)
            case Instance():
                return self._classes.held_like(of, "*")
            case ForeignDefinition(handed=far):
                return self._classes.held_like(Instance("", sure=False, far=far), "*")
            case Local(node=ast.ClassDef() as owner):
                return self._classes.held_like(Instance("", sure=False, local=owner), "*")
            case Named(name=name, how="") if not self._known.reaches(name):
                return named_in(self._known.handed, name, "*")
            case Named(name=name, how=""):
                # Whoever looks it up is told of by the call; here it counts what is made.
                makers = sorted({*self._known.classes, *(maker.removesuffix("()") for maker in self._known.types)})
                inside = (maker for maker in makers if maker.rpartition(".")[0] == name)
                return join_all((Named(maker, sure=False, how="looked up") for maker in inside), TOP)
        return TOP

    def called_like(self, of: Value, pattern: str) -> Value:
        """Return the attribute or method of an object whose name is only partly written out."""
        found = self._classes.held_like(of, pattern) if isinstance(of, Instance) else self.anything_in(of)
        return self._classes.method_like(of, pattern) if found is TOP and isinstance(of, Instance) else found

    def loaded(self, node: ast.Call, found: Mapping[ast.AST, Value]) -> Value:
        """Return the module that a call loads by its name."""
        name = loaded_name(node, found, self._names.home)
        return Namespace() if name == self._names.home.name else Named(name, sure="*" not in name)

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


def join_known(one: Value, other: Value) -> Value:
    """Join two values; an unknown one is ignored."""
    return other if one is TOP else one if other is TOP else join(one, other)


def last_name(node: ast.expr) -> str:
    inner = node.func if isinstance(node, ast.Call) else node
    return inner.attr if isinstance(inner, ast.Attribute) else inner.id if isinstance(inner, ast.Name) else ""


def _constant(index: ast.expr) -> object:
    if isinstance(index, ast.UnaryOp) and isinstance(index.op, ast.USub) and isinstance(index.operand, ast.Constant):
        value = index.operand.value
        return -value if isinstance(value, int) else None
    return index.value if isinstance(index, ast.Constant) else None
