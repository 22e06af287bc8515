"""Interpret assignments of every form: they bind names, and change containers of records."""

from __future__ import annotations

import ast
from collections.abc import Callable

from compatkit.migration import Attribute, Item
from compatkit.rewrite.flow.expressions import Expressions
from compatkit.rewrite.flow.scope_frames import Frame, unpack_targets
from compatkit.rewrite.flow.values import (
    BOTTOM,
    TOP,
    DictValue,
    Instance,
    IterableValue,
    Local,
    Named,
    RecordValue,
    Value,
    doubtful,
    element,
    is_like,
    is_sure,
    join,
    many,
    take,
)


class Stores:
    """Executes assignments and deletions."""

    def __init__(self, expressions: Expressions, annotated: Callable[[ast.expr | None, Frame], Value]) -> None:
        self._expressions = expressions
        self._annotated = annotated
        self._facts = expressions.facts

    def execute(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Delete, frame: Frame) -> None:
        match node:
            case ast.Assign(targets=targets, value=source):
                value = self._expressions.value(source, frame)
                for target in targets:
                    self.store(target, value, frame, source)
            case ast.AnnAssign(target=target, value=ast.expr() as source, annotation=annotation):
                value = self._expressions.value(source, frame)
                declared = self._annotated(annotation, frame) if value is TOP else TOP
                self.store(target, value if declared is TOP else declared, frame, source)
            case ast.AugAssign():
                self._augment(node, frame)
            case ast.Delete(targets=targets):
                for target in targets:
                    self._delete(target, frame)

    def store(self, target: ast.expr, value: Value, frame: Frame, source: ast.expr | None = None) -> None:
        """Assign `value`, which the expression `source` wrote, to a target of any form."""
        for part, item in unpack_targets(target, value):
            match part:
                case ast.Name(id=name):
                    frame.bind(name, item)
                case ast.Attribute(value=of, attr=attr):
                    owner = self._expressions.value(of, frame)
                    self._expressions.note_stored(part, owner)
                    self._store_attribute(owner, part, item, frame)
                    if source is not None and part is target:
                        self._expressions.calls.hand_out(owner, attr, source, item)
                case ast.Subscript():
                    self._store_item(part, item, frame, source)

    def _store_attribute(self, of: Value, target: ast.Attribute, value: Value, frame: Frame) -> None:
        name = target.attr
        self._expressions.calls.library.become_method(of, value)
        if isinstance(of, Instance) and of.local is not None:
            self._facts.goes_on(self._facts.attributes, of.local, name, value)
        elif isinstance(of, Local):
            self._facts.goes_on(self._facts.attributes, of.node, name, value)
        elif not isinstance(of, RecordValue):
            # The methods of an object that is not seen may add to what it keeps.
            self._expressions.calls.containers.doubt(value, frame)
            self._facts.lose(value, target.lineno)
            self._expressions.between.keep_on(target.value, name, value)
        if (
            isinstance(of, RecordValue)
            and (place := take(of, Attribute(name))) is not TOP
            and not is_like(value, place)
        ):
            self._expressions.calls.containers.taint(of)

    def _store_item(self, target: ast.Subscript, value: Value, frame: Frame, source: ast.expr | None) -> None:
        of = self._expressions.value(target.value, frame)
        self._expressions.value(target.slice, frame)
        if not isinstance(target.slice, ast.Slice):
            self._expressions.calls.containers.keep(target.value, DictValue(value), frame)
        if isinstance(of, RecordValue) and isinstance(source, ast.Dict) and not of.is_record:
            self._facts.foreign[source] = of
        match of:
            case RecordValue() if of.is_record:
                self._expressions.lookups.ask(target.slice, of)
            case RecordValue() | IterableValue() if element(of) is not TOP:
                self._store_in_list(of, target, value, frame)
            case RecordValue():
                place: Value = of
                if isinstance(key := target.slice, ast.Constant) and isinstance(key.value, str):
                    place = take(of, Item(key.value))
                if place is not TOP and not is_like(value, place):
                    self._expressions.calls.containers.taint(of)
            case DictValue():
                self._store_in_table(of, target.value, value, frame)
            case _:
                self._facts.lose(value, target.lineno)
                for name in of.names if isinstance(of, Named) else ():
                    self._expressions.between.note_sent(f"{name}[]:=", value)

    def _store_in_list(
        self, of: RecordValue | IterableValue, target: ast.Subscript, value: Value, frame: Frame
    ) -> None:
        item = element(value) if isinstance(target.slice, ast.Slice) else value
        if not is_like(item, element(of)) or not is_sure(item):
            self._expressions.calls.containers.taint(of)
            item = doubtful(item)
        if isinstance(of, IterableValue) and isinstance(target.value, ast.Name):
            frame.bind(target.value.id, many(join(of.item, item), of.origins))

    def _store_in_table(self, of: DictValue, container: ast.expr, value: Value, frame: Frame) -> None:
        if not is_like(value, of.item) or not is_sure(value):
            self._expressions.calls.containers.taint(of)
        item = join(of.item, value)
        if isinstance(container, ast.Name) and (frame.env is None or container.id in frame.env):
            frame.bind(container.id, TOP if item is TOP else DictValue(item, of.origins))
        else:
            self._facts.lose(value, container.lineno)

    def _augment(self, node: ast.AugAssign, frame: Frame) -> None:
        value = self._expressions.value(node.value, frame)
        match node.target:
            case ast.Subscript(value=container, slice=index):
                of = self._expressions.value(container, frame)
                self._expressions.value(index, frame)
                self._expressions.lookups.subscript(of, index, node.target)
            case ast.Name(id=name):
                before = self._expressions.name(name, frame)
                frame.bind(name, self._augmented(before, node, value, frame))
            case ast.Attribute(value=container) as target:
                self._expressions.note_stored(target, self._expressions.value(container, frame))

    def _augmented(self, before: Value, node: ast.AugAssign, value: Value, frame: Frame) -> Value:
        if isinstance(node.op, ast.BitOr):
            return self._expressions.merged_with(before, node.value, value)
        if isinstance(node.op, ast.Add) and isinstance(before, RecordValue | IterableValue):
            item = element(value)
            self._expressions.calls.containers.add(before, item, node.value, node.target, frame)
            return before if isinstance(before, RecordValue) else many(join(before.item, item), before.origins)
        return TOP

    def _delete(self, target: ast.expr, frame: Frame) -> None:
        match target:
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._delete(part, frame)
            case ast.Name(id=name):
                frame.bind(name, BOTTOM)
            case ast.Subscript(value=container, slice=index):
                of = self._expressions.value(container, frame)
                self._expressions.value(index, frame)
                if isinstance(of, RecordValue) and of.is_record:
                    self._expressions.lookups.ask(index, of)
            case ast.Attribute(value=container):
                self._expressions.note_stored(target, self._expressions.value(container, frame))
