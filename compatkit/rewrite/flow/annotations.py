"""Infer the value of a name from its annotation."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compatkit.rewrite.flow.expressions import Expressions
from compatkit.rewrite.flow.scope_frames import Frame
from compatkit.rewrite.flow.values import (
    TOP,
    DictValue,
    ForeignDefinition,
    Instance,
    Local,
    Named,
    Value,
    many,
)

_WRAPPING = ("ClassVar", "Final", "Optional")


class Annotations:
    """Evaluates annotations and fields; `expressions` resolve the names in them."""

    def __init__(self, expressions: Expressions) -> None:
        self._expressions = expressions
        self._facts = expressions.facts

    def value(self, annotation: ast.expr | None, frame: Frame) -> Value:
        """Return an object of the declared class that an annotation names; a subclass or a double may be passed."""
        for part in _alternatives(annotation):
            if isinstance(part, ast.Subscript) and (found := self._many(part, frame)) is not TOP:
                return found
            value = self._named(part, frame)
            if isinstance(value, Named) and value.name in self._expressions.known.classes:
                return Instance(value.name, sure=False, is_declared=value.sure)
            if isinstance(value, ForeignDefinition) and value.handed.kind == "class":
                return Instance(value.handed.base, sure=False, is_declared=True, far=value.handed)
            if isinstance(value, Local) and (base := self._facts.bases.get(value.node, "")):
                return Instance(base, sure=False, local=value.node, is_declared=True)  # type: ignore[arg-type]
        return TOP

    def _many(self, annotation: ast.Subscript, frame: Frame) -> Value:
        """Return what lies in a container, by its annotation."""
        parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        name = annotation.value
        if not parts:
            # As `tuple[()]` is written.
            return TOP
        match name.attr if isinstance(name, ast.Attribute) else name.id if isinstance(name, ast.Name) else "":
            case "type" | "Type":
                found = self.value(parts[0], frame)
                return Named(found.of, sure=False, is_declared=True) if isinstance(found, Instance) else TOP
            case "dict" | "Dict" | "Mapping" | "MutableMapping" | "defaultdict":
                item = self.value(parts[-1], frame)
                return TOP if item is TOP else DictValue(item)
            case (
                "list" | "List" | "Sequence" | "Iterable" | "Iterator" | "Generator" | "set" | "Set" | "tuple" | "Tuple"
            ):
                return many(self.value(parts[0], frame))
        return TOP

    def field(self, item: ast.AnnAssign, frame: Frame) -> Value:
        """Return what the field of a dataclass holds, by its annotation or what makes its default."""
        for word in item.value.keywords if isinstance(item.value, ast.Call) else ():
            if word.arg == "default_factory":
                call = ast.Call(func=word.value, args=[], keywords=[])
                made = self._expressions.calls.value(call, {word.value: self._named(word.value, frame)}, frame)
                self._facts.callees.pop(call, None)
                if made is not TOP:
                    return made
        return self.value(item.annotation, frame)

    def _named(self, node: ast.expr, frame: Frame) -> Value:
        """Return what a dotted name stands for; nothing is noted, because `node` may stand nowhere in the file."""
        match node:
            case ast.Name(id=name):
                return self._expressions.name(name, frame)
            case ast.Attribute(value=of, attr=attr):
                return self._expressions.lookups.attribute(self._named(of, frame), attr)
        return TOP


def _alternatives(annotation: ast.expr | None) -> Iterator[ast.expr]:
    """Yield the class names in an annotation that a value may have: `N`, `"N"`, `N | None`, `Optional[N]`."""
    match annotation:
        case ast.Name() | ast.Attribute():
            yield annotation
        case ast.Constant(value=str(text)):
            try:
                inner = ast.parse(text, mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return
            if not isinstance(inner, ast.Constant):
                yield from _alternatives(inner)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from (*_alternatives(left), *_alternatives(right))
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner) if name in _WRAPPING:
            yield from _alternatives(inner)
        case ast.Subscript():
            yield annotation
