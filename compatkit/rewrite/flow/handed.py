"""Facts that one file hands to another about values that a migration is about: between two files, without nodes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compatkit.rewrite.file.neighbours import Facts, Handed
from compatkit.rewrite.flow.known import Known
from compatkit.rewrite.flow.trace import Trace
from compatkit.rewrite.flow.values import (
    UNKNOWN,
    Far,
    Instance,
    Local,
    Many,
    Named,
    Row,
    Table,
    Value,
    doubtful,
    element,
    many,
)

# A class holds objects, whose class holds objects: what lies deeper is not told.
_DEEPEST = 4
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def facts_of(module: str, trace: Trace, known: Known) -> Facts:
    """Return what a module tells others: of its own names, of what it gives to their functions, of its bases."""
    teller = _Teller(module, trace, known)
    handed = ((name, teller.handed(value)) for name, value in sorted(trace.handed_on.items()))
    sent = ((key, teller.handed(value)) for key, value in sorted(trace.sent.items()))
    mixins = {name: base for owner, base in trace.bases.items() for name in trace.far_bases.get(owner, ())}
    owners = (owner for owner in trace.bases if isinstance(owner, ast.ClassDef))
    defined = {item.name for owner in owners for item in owner.body if isinstance(item, _FUNCTIONS)}
    return Facts(
        tuple((name, told) for name, told in handed if told is not None),
        tuple((key, told) for key, told in sent if told is not None),
        tuple(sorted((name, base) for name, base in mixins.items() if not known.reaches(name))),
        known.watched & defined,
    )


class _Teller:
    def __init__(self, module: str, trace: Trace, known: Known) -> None:
        self._module, self._trace, self._known = module, trace, known

    def handed(self, value: Value, depth: int = 0) -> Handed | None:
        if depth > _DEEPEST:
            return None
        match value:
            case Far(handed=handed):
                return handed
            case Named(sure=sure, how="") if any(map(self._known.reaches, value.names)):
                return Handed("name", value.names, sure=sure)
            case Instance(far=Handed() as far):
                return Handed("object", far.names, inner=(("class", far),))
            case Instance(local=ast.ClassDef() as owner) if (made := self._of_class(owner, depth)) is not None:
                return Handed("object", made.names, inner=(("class", made),))
            case Instance(of=of) if of:
                return Handed("object", (of,), sure=value.sure)
            case Local(node=ast.ClassDef() as owner):
                return self._of_class(owner, depth)
            case Local(node=node):
                given = self.handed(self._trace.result_of(node), depth + 1)
                name = getattr(node, "name", "")
                return Handed("function", (f"{self._module}.{name}",), inner=(("()", given),)) if given else None
            case Many() | Row() if (item := self.handed(element(value), depth + 1)) is not None:
                return Handed("many", inner=(("item", item),))
            case Table(item=held) if (item := self.handed(held, depth + 1)) is not None:
                return Handed("table", inner=(("item", item),))
        return None

    def _of_class(self, owner: ast.ClassDef, depth: int) -> Handed | None:
        inner = dict(self._members(owner, depth))
        base = self._trace.bases.get(owner, "")
        if not base and not inner:
            return None
        plain = owner in self._trace.plain
        return Handed("class", (f"{self._module}.{owner.name}",), plain, tuple(sorted(inner.items())), base)

    def _members(self, owner: ast.ClassDef, depth: int) -> Iterator[tuple[str, Handed]]:
        for each in (*self._trace.ancestors.get(owner, ())[::-1], owner):
            for parent in self._trace.far_parents.get(each, ()):
                yield from parent.inner
            for (node, name), value in self._trace.attributes.items():
                if node is each and (told := self.handed(value, depth + 1)) is not None:
                    yield name, told
            for item in each.body:
                if isinstance(item, _FUNCTIONS):
                    yield from self._method(item, f"{self._module}.{owner.name}.{item.name}", depth)

    def _method(
        self, item: ast.FunctionDef | ast.AsyncFunctionDef, name: str, depth: int
    ) -> Iterator[tuple[str, Handed]]:
        given = self.handed(self._trace.result_of(item), depth + 1)
        is_read = any("property" in ast.unparse(decorator) for decorator in item.decorator_list)
        if given is not None:
            yield item.name, given if is_read else Handed("function", (name,), inner=(("()", given),))
        elif item.name in self._known.watched:
            # It is the class's own, and not that of its base.
            yield item.name, Handed("function", (name,))


def value_of(handed: Handed, origins: frozenset[ast.AST] = frozenset()) -> Value:
    """Return what another file hands on, as a value of this one."""
    inner = dict(handed.inner)
    match handed.kind:
        case "name":
            first, *others = handed.names
            return Named(first, handed.sure, origins=origins, others=frozenset(others))
        case "object" if "class" in inner:
            return Instance(inner["class"].base, sure=False, far=inner["class"])
        case "object":
            return Instance(handed.names[0], sure=False)
        case "class" | "function":
            return Far(handed)
        case "many":
            return many(value_of(inner["item"]))
        case "table":
            return Table(doubtful(value_of(inner["item"])))


def result_of(handed: Handed) -> Value:
    """Return what a call of a function or class of another file gives."""
    if handed.kind == "class":
        return Instance(handed.base, sure=False, far=handed)
    given = dict(handed.inner).get("()")
    return doubtful(value_of(given)) if given is not None else UNKNOWN


def member_of(handed: Handed, name: str) -> Value:
    """Return what a class of another file, or an object of it, has under a name, as far as that is told."""
    found = dict(handed.inner).get(name)
    return doubtful(value_of(found)) if found is not None else UNKNOWN
