"""Look up the attributes of the classes in a file, and of their objects."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

from compatkit.rewrite.file.neighbours import Handed
from compatkit.rewrite.file.tree import dotted, kept_in
from compatkit.rewrite.flow.declared_names import DeclaredNames
from compatkit.rewrite.flow.flow_facts import FlowFacts
from compatkit.rewrite.flow.handed import call_result_of, member_of, value_of
from compatkit.rewrite.flow.method_names import ANY
from compatkit.rewrite.flow.values import TOP, ForeignDefinition, Instance, Local, Named, Value, doubtful, join_all

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Classes:
    """Looks up attributes in bases, subclasses and facts of other files. `replaced` are names that may change."""

    def __init__(self, known: DeclaredNames, facts: FlowFacts, replaced: frozenset[str]) -> None:
        self._known = known
        self._facts = facts
        self._replaced = replaced
        self._methods: dict[ast.ClassDef, dict[str, _Definition]] = {}
        # By class, the names of its objects.
        self.objects: Mapping[str, Sequence[str]] = {}

    def of(self, value: Value) -> Value:
        """Return the class of an object."""
        match value:
            case Instance(far=Handed() as far):
                return ForeignDefinition(far)
            case Instance(local=None, of=of, sure=sure):
                return Named(of, sure)
            case Instance(local=ast.ClassDef() as owner, of=of) if of and owner in self._facts.plain:
                return Named(of, sure=False)
            case Instance(local=ast.ClassDef() as owner):
                return Local(owner)
        return TOP

    def attribute(self, owner: ast.ClassDef, name: str) -> Value:
        """Return the value of an attribute of a class in this file."""
        found = self.of_object(Instance(self._facts.bases.get(owner, ""), sure=False, local=owner), name)
        return TOP if isinstance(found, Named) and name in ("__init__", "__new__") else found

    def of_object(self, of: Instance, name: str) -> Value:
        """Return the value of an attribute of an object."""
        if name == "__class__":
            return self.of(of)
        if of.local is not None:
            owners = (of.local, *self._facts.ancestors.get(of.local, ()))
            for item in (self._methods_of(owner).get(name) for owner in owners):
                if item is not None:
                    method = self._lowest(of.local, item)
                    is_read = any(map(_is_property, item.decorator_list))
                    return self._read(method) if is_read else method
            for owner in owners:
                if (stored := self._facts.arrives(self._facts.attributes, owner, name)) is not TOP:
                    read = self.called(stored, "__get__") if isinstance(stored, Instance) and stored.local else TOP
                    return stored if read is TOP else read
                if keeps_keywords(owner) and (handed := self._known.sent.get(f"{owner.name}:{name}")):
                    return doubtful(value_of(handed))
                # Asked last: to look through a class takes long, and little is sent to any object.
                is_open = f"{ANY}.{name}:=" in self._known.sent and name not in kept_in(owner, is_set=True)
                open_ones = [ANY] if is_open else []
                for home in (owner.name, *self.objects.get(owner.name, ()), *open_ones) if self._known.sent else ():
                    if handed := self._known.sent.get(f"{home}.{name}:="):
                        return doubtful(value_of(handed))
            for heir in self._facts.heirs.get(of.local, ()):
                if (held := self._held_by(heir, name)) is not TOP:
                    return held
        for far in self._far(of):
            if (found := member_of(far, name)) is not TOP:
                read = self.called(found, "__get__") if isinstance(found, Instance) and found.far else TOP
                return found if read is TOP else read
        if not of.of:
            # What it has not, an object may ask of one that it keeps.
            held = self.held_like(of, "*") if self.asks_another(of) and not name.startswith("__") else TOP
            return doubtful(self.of_object(held, name)) if isinstance(held, Instance) and held.of else TOP
        if made := self._known.types.get(f"{of.of}.{name}"):
            return Instance(made, of.sure and name not in self._replaced)
        found = Named(f"{of.of}.{name}", of.sure, is_declared=of.is_declared)
        return doubtful(found) if name in self._replaced else found

    def called(self, of: Value, method: str) -> Value:
        """Return the result of an object's special method, which Python calls by itself."""
        match of:
            case ForeignDefinition(handed=handed):
                of = Instance("", sure=False, far=handed)
            case Local(node=ast.ClassDef() as owner):
                of = Instance("", sure=False, local=owner)
        match self.of_object(of, method) if isinstance(of, Instance) else TOP:
            case Local(node=node):
                return doubtful(self._facts.result_of(node))
            case ForeignDefinition(handed=handed):
                return call_result_of(handed)
        return TOP

    def asks_another(self, of: Value) -> bool:
        """Tell whether an object has a `__getattr__` for the attributes that it lacks."""
        if isinstance(of, Instance) and of.far is not None:
            return "__getattr__" in dict(of.far.inner)
        return isinstance(of, Instance) and of.local is not None and "__getattr__" in self._methods_of(of.local)

    def held_like(self, of: Instance, pattern: str) -> Value:
        """Return the join of an object's attributes whose names match a pattern."""
        every = self._facts.attributes.items() if of.local is not None else ()
        held = [value for (owner, name), value in every if owner is of.local and fnmatchcase(name, pattern)]
        if of.local is None and of.far is not None:
            inner = ((name, fact) for name, fact in of.far.inner if fact.kind != "function")
            held = [value_of(fact) for name, fact in inner if fnmatchcase(name, pattern)]
        return join_all((doubtful(value) for value in held if self._facts.is_followed(value)), TOP)

    def method_like(self, of: Instance, pattern: str) -> Value:
        """Return a method with a known result, among those whose names match a pattern such as `make_*`."""
        owners = (of.local, *self._facts.ancestors.get(of.local, ())) if of.local is not None else ()
        for name, item in (pair for owner in owners for pair in self._methods_of(owner).items()):
            if fnmatchcase(name, pattern) and self._facts.result_of(item) is not TOP:
                return Local(item)
        for name, handed in (pair for far in self._far(of) for pair in far.inner):
            if fnmatchcase(name, pattern) and call_result_of(handed) is not TOP:
                return ForeignDefinition(handed)
        return TOP

    def made_by_meta(self, meta: ast.AST | None) -> Value:
        """Return the class that a metaclass makes, in its own methods."""
        if not isinstance(meta, ast.ClassDef) or "builtins.type" not in self._facts.far_bases.get(meta, ()):
            return TOP
        return self.of_object(Instance("", sure=False, local=meta), "__new__()")

    def _methods_of(self, owner: ast.ClassDef) -> dict[str, _Definition]:
        """Return the functions and classes in a class by their names, of several the first."""
        if owner not in self._methods:
            definitions = (item for item in reversed(owner.body) if isinstance(item, _Definition))
            self._methods[owner] = {item.name: item for item in definitions}
        return self._methods[owner]

    def _lowest(self, owner: ast.ClassDef, item: _Definition) -> Value:
        """Return a method, or an override of it if its own result is unknown."""
        if self._facts.result_of(item) is TOP:
            for heir in self._facts.heirs.get(owner, ()):
                below = self._held_by(heir, item.name)
                if isinstance(below, Local) and self._facts.result_of(below.node) is not TOP:
                    return below
            if handed := self._known.sent.get(f"{owner.name}.{item.name}:="):
                return value_of(handed)
        return Local(item)

    def _held_by(self, heir: ast.ClassDef, name: str) -> Value:
        """Return the value that a subclass gives an attribute which its base only reads."""
        own = self._methods_of(heir).get(name)
        return self._facts.arrives(self._facts.attributes, heir, name) if own is None else Local(own)

    def _far(self, of: Instance) -> Iterator[Handed]:
        """Yield the classes of an object that other files define."""
        if of.far is not None:
            yield of.far
        if of.local is not None:
            for owner in (of.local, *self._facts.ancestors.get(of.local, ())):
                yield from self._facts.far_parents.get(owner, ())

    def _read(self, method: Value) -> Value:
        """Return the value of a method that is read as a property."""
        if isinstance(method, ForeignDefinition):
            return call_result_of(method.handed)
        return self._facts.result_of(method.node) if isinstance(method, Local) else TOP


@lru_cache(maxsize=512)
def keeps_keywords(owner: ast.ClassDef) -> bool:
    """Tell whether an object keeps its constructor's keywords as attributes, by `self.__dict__.update(options)`."""
    made = next((item for item in owner.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"), None)
    kept = made.args.kwarg.arg if made is not None and made.args.kwarg is not None else ""
    for call in ast.walk(made) if made is not None and kept else ():
        match call:
            case ast.Call(func=ast.Attribute(attr="update"), args=[ast.Name(id=name)]) if name == kept:
                return "__dict__" in (of := ast.unparse(call.func)) or of.startswith("vars(")
            case ast.Call(func=ast.Name(id="setattr"), args=[ast.Name(id="self"), ast.Name(), ast.Name()]):
                return True
    return False


def _is_property(node: ast.expr) -> bool:
    name = dotted(node.func if isinstance(node, ast.Call) else node)
    return "property" in name.rpartition(".")[2]
