"""Convert values to facts that other files can read, and back: facts hold no syntax nodes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from compatkit.rewrite.file.neighbours import Facts, Handed
from compatkit.rewrite.file.tree import kept_in
from compatkit.rewrite.flow.declared_names import HINTS, DeclaredNames
from compatkit.rewrite.flow.flow_facts import FlowFacts, is_fixture
from compatkit.rewrite.flow.method_names import ANY, SAYING_NOTHING
from compatkit.rewrite.flow.values import (
    TOP,
    DictValue,
    ForeignDefinition,
    Instance,
    IterableValue,
    Local,
    Named,
    RecordValue,
    TupleValue,
    Value,
    doubtful,
    element,
    many,
)

# A class holds objects, whose class holds objects: what lies deeper is not told.
_DEEPEST = 4
# Nor is it where there is more of it, as where a hundred methods of a class return an object of a class with as many.
_MOST = 2_000
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Item = _Function | ast.ClassDef


def facts_of(module: str, facts: FlowFacts, known: DeclaredNames) -> Facts:
    """Return the facts of a module: on its own names, its classes' bases, and what it passes to other files."""
    maker = _FactMaker(module, facts, known)
    handed = [(name, maker.fact_of(value)) for name, value in sorted(facts.handed_on.items())]
    sent = [(key, maker.fact_of(value)) for key, value in sorted(facts.sent.items())]
    sent += [(f"{ANY}.{name}():=", maker.fact_of(value)) for name, value in _given_by_methods(facts)]
    # Who hands a function to one of this file gets what this gives to functions that it does not know.
    handed += [pair for pair in sent if ".*:" in pair[0]]
    hints = ((getattr(node, "name", ""), DictValue(value)) for node, value in facts.hints.items())
    handed += [(f"{name}{HINTS}", maker.fact_of(value)) for name, value in sorted(hints, key=_first) if name]
    mixins = {name: base for owner, base in facts.bases.items() for name in facts.far_bases.get(owner, ())}
    owners = (owner for owner in facts.bases if isinstance(owner, ast.ClassDef))
    defined = set[str]().union(*map(kept_in, owners))
    return Facts(
        tuple((name, told) for name, told in handed if told is not None),
        tuple((key, told) for key, told in sent if told is not None and ".*:" not in key),
        tuple(sorted((name, base) for name, base in mixins.items() if not known.reaches(name))),
        known.watched & defined,
    )


class _FactMaker:
    def __init__(self, module: str, facts: FlowFacts, known: DeclaredNames) -> None:
        self._module, self._facts, self._known = module, facts, known
        self._left = _MOST
        self._telling: list[ast.ClassDef] = []
        # Asked again for the same class, inside of the same ones, it costs as much of what is left, and no time.
        self._told: dict[tuple[int, ...], tuple[Handed | None, int]] = {}
        self._items: dict[ast.ClassDef, tuple[list[tuple[int, _Item]], int]] = {}
        self._attributes: dict[ast.AST, list[tuple[str, Value]]] = {}
        for (owner, name), value in facts.attributes.items():
            self._attributes.setdefault(owner, []).append((name, value))

    def fact_of(self, value: Value) -> Handed | None:
        self._left = _MOST
        return self.handed(value)

    def handed(self, value: Value, depth: int = 0) -> Handed | None:
        self._left -= 1
        if depth > _DEEPEST or self._left < 0 or value is TOP:
            return None
        match value:
            case ForeignDefinition(handed=handed):
                return handed
            case Named(sure=sure, how="" | "partial" as how) if any(map(self._known.reaches, value.names)) or (
                "*" in value.name
            ):
                return Handed("partial" if how else "name", value.names, sure=sure)
            case Instance(far=Handed() as far):
                return Handed("object", far.names, inner=(("class", far),))
            case Instance(local=ast.ClassDef() as owner) if (made := self._of_class(owner, depth)) is not None:
                return Handed("object", made.names, inner=(("class", made),))
            case Instance(of=of) if of:
                return Handed("object", (of,), sure=value.sure)
            case Local(node=ast.ClassDef() as owner):
                return self._of_class(owner, depth)
            case Local(node=node):
                made_by = self._facts.given_by_fixture if is_fixture(node) else self._facts.result_of
                given = self.handed(made_by(node), depth + 1)
                name = getattr(node, "name", "")
                return Handed("function", (f"{self._module}.{name}",), inner=(("()", given),)) if given else None
            case RecordValue(paths=paths, table=table):
                return Handed("records", table=table, paths=tuple(sorted(paths, key=repr)))
            case IterableValue() | TupleValue() if (item := self.handed(element(value), depth + 1)) is not None:
                return Handed("many", inner=(("item", item),))
            case DictValue(item=held) if (item := self.handed(held, depth + 1)) is not None:
                return Handed("table", inner=(("item", item),))
        return None

    def _of_class(self, owner: ast.ClassDef, depth: int) -> Handed | None:
        key = id(owner), depth, *sorted(map(id, self._telling))
        told, cost = self._told.get(key, (None, _MOST))
        if cost <= self._left:
            self._left -= cost
            return told
        before = self._left
        told = self._class(owner, depth)
        if self._left >= 0:
            self._told[key] = told, before - self._left
        return told

    def _class(self, owner: ast.ClassDef, depth: int) -> Handed | None:
        self._telling.append(owner)
        inner = dict(self._members(owner, depth))
        self._telling.pop()
        base = self._facts.bases.get(owner, "")
        plain = owner in self._facts.plain
        told = Handed("class", (f"{self._module}.{owner.name}",), plain, tuple(sorted(inner.items())), base)
        # Of a class whose methods only return its own objects there is nothing to tell.
        return told if owner in self._telling or told.says_something else None

    def _members(self, owner: ast.ClassDef, depth: int) -> Iterator[tuple[str, Handed]]:
        # What the methods of a class return that a method of its own returned is told already.
        is_again = len(set(self._telling)) < len(self._telling)
        for base in (*self._facts.ancestors.get(owner, ())[::-1], owner):
            for parent in self._facts.far_parents.get(base, ()):
                yield from parent.inner
            for name, value in self._attributes.get(base, ()):
                if (told := self.handed(value, depth + 1)) is not None:
                    yield name, told
            items, silent = self._items_of(base)
            for passed, item in items:
                self._left -= 0 if is_again else passed
                if isinstance(item, ast.ClassDef):
                    if (told := self.handed(Local(item), depth + 1)) is not None:
                        yield item.name, told
                else:
                    given = None if is_again else self.handed(self._facts.result_of(item), depth + 1)
                    yield from self._method(item, given, owner)
            self._left -= 0 if is_again else silent

    def _items_of(self, owner: ast.ClassDef) -> tuple[list[tuple[int, _Item]], int]:
        """Return what there may be to tell of a class, each with the number of methods passed, and of those behind."""
        if owner not in self._items:
            items, passed = [], 0
            for item in owner.body:
                if isinstance(item, ast.ClassDef) or (isinstance(item, _FUNCTIONS) and self._may_have_fact(item)):
                    items.append((passed, item))
                    passed = 0
                else:
                    passed += isinstance(item, _FUNCTIONS)
            self._items[owner] = items, passed
        return self._items[owner]

    def _may_have_fact(self, item: _Function) -> bool:
        is_own = item.name in self._known.watched or item.name == "__getattr__"
        return is_own or self._facts.result_of(item) is not TOP

    def _method(self, item: _Function, given: Handed | None, owner: ast.ClassDef) -> Iterator[tuple[str, Handed]]:
        name = f"{self._module}.{owner.name}.{item.name}"
        if given is not None:
            is_read = any("property" in ast.unparse(decorator) for decorator in item.decorator_list)
            yield item.name, given if is_read else Handed("function", (name,), inner=(("()", given),))
        elif item.name in self._known.watched or item.name == "__getattr__":
            # It is the class's own, and not that of its base.
            yield item.name, Handed("function", (name,))


def _given_by_methods(facts: FlowFacts) -> Iterator[tuple[str, Value]]:
    """Yield the names of methods that say something, each with what it gives; not those of a declared class."""
    owners = [owner for owner in facts.far_bases if isinstance(owner, ast.ClassDef) and owner not in facts.bases]
    for item in (item for owner in owners for item in owner.body if isinstance(item, _FUNCTIONS)):
        value = facts.result_of(item)
        if value is not TOP and item.name not in SAYING_NOTHING and not item.name.startswith("__"):
            yield item.name, value


def _first(pair: tuple[str, Value]) -> str:
    return pair[0]


def value_of(handed: Handed, origins: frozenset[ast.AST] = frozenset()) -> Value:
    """Return what another file hands on, as a value of this one."""
    inner = dict(handed.inner)
    match handed.kind:
        case "name" | "partial":
            first, *others = handed.names
            how = "partial" if handed.kind == "partial" else ""
            return Named(first, handed.sure, how, origins, others=frozenset(others))
        case "object" if "class" in inner:
            return Instance(inner["class"].base, sure=False, far=inner["class"])
        case "object":
            return Instance(handed.names[0], sure=False)
        case "class" | "function":
            return ForeignDefinition(handed)
        case "records":
            return RecordValue(frozenset(handed.paths), handed.table, sure=False)
        case "many":
            return many(value_of(inner["item"]))
        case "table":
            return DictValue(doubtful(value_of(inner["item"])))


def call_result_of(handed: Handed) -> Value:
    """Return the value of a call of another file's function or class."""
    if handed.kind == "class":
        return Instance(handed.base, sure=False, far=handed)
    given = dict(handed.inner).get("()")
    return doubtful(value_of(given)) if given is not None else TOP


def member_of(handed: Handed, name: str) -> Value:
    """Return what a class of another file, or an object of it, has under a name, as far as that is told."""
    found = dict(handed.inner).get(name)
    return doubtful(value_of(_completed(found, handed))) if found is not None else TOP


# What one class holds is asked for many times, and may lie in many places of it.
@lru_cache(maxsize=4096)
def _completed(handed: Handed, owner: Handed) -> Handed:
    """Return what a member tells, with all of its owner again where a method returns an object of that."""
    if handed.kind == owner.kind == "class" and handed.names == owner.names:
        return owner
    inner = tuple((name, _completed(member, owner)) for name, member in handed.inner)
    return Handed(handed.kind, handed.names, handed.sure, inner, handed.base, handed.table, handed.paths)
