"""Define the lattice of values that an expression may stand for, and join two of them.

A value that is not `sure` may also be something else: its uses are reported, and never rewritten.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from compatkit.migration import Attribute, Each, Item, RecordStep
from compatkit.rewrite.file.neighbours import Handed

Path = tuple[RecordStep, ...]
Origins = frozenset[ast.AST]
_DEEPEST = 4


class Special(Enum):
    """The ends of the lattice: bottom is no value (unbound, None), on which any use fails; top is any value."""

    BOTTOM = 0
    TOP = 1


@dataclass(frozen=True, slots=True)
class Named:
    """A module, class or function by dotted name, and the import statements that bring it.

    `is_declared`: not sure, but an annotation says so. `others` are dotted names that it may as well be.
    """

    name: str
    sure: bool = True
    how: str = ""
    origins: Origins = frozenset()
    is_declared: bool = False
    others: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """All dotted names that it may be."""
        return (self.name, *sorted(self.others))

    def candidates(self) -> Iterator[Named]:
        """Yield it once for each name that it may be."""
        yield from (replace(self, name=name, others=frozenset()) for name in self.names)


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of the class with this dotted name, or of a class of this file.

    `is_declared`: not sure, but an annotation says so.
    """

    of: str
    sure: bool = True
    local: ast.ClassDef | None = None
    is_declared: bool = False
    far: Handed | None = None


@dataclass(frozen=True, slots=True)
class RecordValue:
    """A value with records in it, at these paths; the empty path: it is a record itself.

    `table` tells whose fields they have; `origins` are the calls that produced it.
    """

    paths: frozenset[Path]
    table: int
    sure: bool = True
    origins: Origins = frozenset()

    @property
    def is_record(self) -> bool:
        return () in self.paths


@dataclass(frozen=True, slots=True)
class IterableValue:
    """An iterable of `item`; `origins` are the displays that made it, through which others may add to it."""

    item: Value
    origins: Origins = frozenset()


@dataclass(frozen=True, slots=True)
class DictValue:
    """A dict whose values are `item`."""

    item: Value
    origins: Origins = frozenset()


@dataclass(frozen=True, slots=True)
class TupleValue:
    """A tuple of known length."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Method:
    """A bound method of a value."""

    of: Value
    name: str


@dataclass(frozen=True, slots=True)
class Namespace:
    """A mapping from names to what they stand for: that of a module or class, or, `of` nothing, the file's own."""

    of: Value | None = None


@dataclass(frozen=True, slots=True)
class Local:
    """A function or class of this file."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef

    @property
    def takes_any_keyword(self) -> bool:
        """Tell whether it is a function with `**` among its parameters."""
        return not isinstance(self.node, ast.ClassDef) and self.node.args.kwarg is not None


@dataclass(frozen=True, slots=True)
class ForeignDefinition:
    """A function or class of another file."""

    handed: Handed


@dataclass(frozen=True, slots=True)
class Getter:
    """The function that this call of `operator.itemgetter` returns: it will look up these keys."""

    node: ast.Call
    keys: tuple[ast.expr, ...]


@dataclass(frozen=True, slots=True)
class Mock:
    """A mock in the place of what has this dotted name, or, `is_called`, of what a call of it returns.

    Not `sure`: it is in the place of a name in another file, which only ends in the same way.
    """

    of: str
    is_called: bool = False
    sure: bool = True


Value = (
    Special
    | Named
    | Instance
    | RecordValue
    | IterableValue
    | DictValue
    | TupleValue
    | Method
    | Local
    | ForeignDefinition
    | Getter
    | Mock
    | Namespace
)
BOTTOM, TOP = Special.BOTTOM, Special.TOP


def doubtful(value: Value) -> Value:
    """Return `value` as an uncertain one, which may also be something else."""
    match value:
        case Named() | Instance():
            return replace(value, sure=False, is_declared=False)
        case RecordValue():
            return replace(value, sure=False)
        case IterableValue() | DictValue():
            return replace(value, item=doubtful(value.item))
        case TupleValue():
            return TupleValue(tuple(doubtful(item) for item in value.items))
        case Method():
            return Method(doubtful(value.of), value.name)
        case Local() | Getter() | Mock():
            return TOP
    return value


def join(one: Value, other: Value) -> Value:
    """Return the join of two values: sure only where they agree."""
    if one is other or other is BOTTOM or one == other:
        return one
    if one is BOTTOM:
        return other
    match one, other:
        case Named(), Named() if (one.name, one.how) == (other.name, other.how):
            declared = _are_declared(one, other)
            sure, origins, others = one.sure and other.sure, one.origins | other.origins, one.others | other.others
            return replace(one, sure=sure, origins=origins, is_declared=declared, others=others)
        case Named(), Named() if one.how == other.how:
            names = frozenset((*one.names, *other.names))
            origins = one.origins | other.origins
            return Named(one.name, sure=False, how=one.how, origins=origins, others=names - {one.name})
        case Instance(), Instance() if (one.of, one.local, one.far) == (other.of, other.local, other.far):
            return replace(one, sure=one.sure and other.sure, is_declared=_are_declared(one, other))
        case RecordValue(), RecordValue() if one.table == other.table:
            sure = one.sure and other.sure and one.paths == other.paths
            return RecordValue(one.paths | other.paths, one.table, sure, one.origins | other.origins)
        case IterableValue(), IterableValue():
            return IterableValue(join(one.item, other.item), one.origins | other.origins)
        case DictValue(), DictValue():
            return DictValue(join(one.item, other.item), one.origins | other.origins)
        case TupleValue(), TupleValue() if len(one.items) == len(other.items):
            return TupleValue(tuple(map(join, one.items, other.items)))
    first, second = element(one), element(other)
    if TOP not in (first, second):
        return IterableValue(join(first, second), _origins(one) | _origins(other))
    return doubtful(max(one, other, key=_leading))


def join_all(values: Iterable[Value], nothing: Value = BOTTOM) -> Value:
    """Return the join of all values; `nothing` if there is none."""
    found: Value = BOTTOM
    for value in values:
        found = join(found, value)
    return nothing if found is BOTTOM else found


def _are_declared(one: Named | Instance, other: Named | Instance) -> bool:
    """Tell whether what may be either is at least declared: one of them is only that, and the other one no less."""
    return all(value.sure or value.is_declared for value in (one, other)) and not (one.sure and other.sure)


def element(value: Value) -> Value:
    """Return the value of the items when `value` is iterated over."""
    match value:
        case RecordValue():
            return take(value, Each())
        case IterableValue():
            return came_from(value.item, value.origins)
        case TupleValue():
            found: Value = BOTTOM
            for item in value.items:
                found = join(found, item)
            return found
        case Special.BOTTOM:
            return BOTTOM
    return TOP


def take(value: RecordValue, *steps: RecordStep) -> Value:
    """Return the value one of these steps below `value`."""
    paths = frozenset(path[1:] for path in value.paths if path and path[0] in steps)
    return replace(value, paths=paths) if paths else TOP


def take_any_key(value: RecordValue) -> Value:
    """Return the value under an unknown key."""
    keys = {path[0] for path in value.paths if path and isinstance(path[0], Item)}
    return doubtful(take(value, *keys)) if keys else TOP


def attribute(value: RecordValue, name: str) -> Value:
    found = take(value, Attribute(name))
    return Method(value, name) if found is TOP else found


def many(item: Value, origins: Origins = frozenset()) -> Value:
    """Return an iterable of `item`, if that is known; nesting is limited, so that the fixpoint is reached."""
    return TOP if item is TOP or _depth(item) >= _DEEPEST else IterableValue(item, origins)


def came_from(value: Value, origins: Origins) -> Value:
    """Return `value` with these origins added."""
    match value:
        case RecordValue():
            return replace(value, origins=value.origins | origins)
        case IterableValue() | DictValue():
            return replace(value, item=came_from(value.item, origins), origins=value.origins | origins)
        case TupleValue():
            return TupleValue(tuple(came_from(item, origins) for item in value.items))
    return value


def is_like(value: Value, place: Value) -> bool:
    """Tell whether `value` is surely of the kind of `place`."""
    match value, place:
        case RecordValue(), RecordValue():
            return value.sure and value.table == place.table and value.paths == place.paths
        case _, Special.BOTTOM:
            return True
    return value is BOTTOM or value == place


def is_sure(value: Value) -> bool:
    """Tell whether `value` is certain."""
    match value:
        case RecordValue() | Instance() | Named():
            return value.sure
        case IterableValue() | DictValue():
            return is_sure(value.item)
        case TupleValue():
            return all(map(is_sure, value.items))
    return value is BOTTOM


def origins_of(value: Value) -> Origins:
    """Return all origins in `value`, at any depth."""
    match value:
        case RecordValue():
            return value.origins
        case IterableValue() | DictValue():
            return value.origins | origins_of(value.item)
        case TupleValue():
            return frozenset().union(*map(origins_of, value.items))
    return frozenset()


def dotted_names_in(value: Value, *, objects: bool = True) -> Iterator[str]:
    """Yield the dotted names in a value, at any depth; of `objects`, the names of their classes."""
    match value:
        case Named():
            yield from value.names
        case Instance(of=of) if objects:
            yield of
        case ForeignDefinition(handed=handed) if objects or handed.kind != "object":
            yield from (name for part in handed.parts() for name in (part.base, *part.names))
        case IterableValue(item=item) | DictValue(item=item):
            yield from dotted_names_in(item, objects=objects)
        case TupleValue(items=items):
            yield from (name for item in items for name in dotted_names_in(item, objects=objects))


def records_in(value: Value) -> Iterator[RecordValue]:
    """Yield the records, and the results of producers, in a value, at any depth."""
    match value:
        case RecordValue():
            yield value
        case IterableValue(item=item) | DictValue(item=item):
            yield from records_in(item)
        case TupleValue(items=items):
            yield from (held for item in items for held in records_in(item))


def tables_in(value: Value) -> Iterator[int]:
    """Yield the tables of the records in a value, at any depth."""
    if isinstance(value, ForeignDefinition):
        yield from (part.table for part in value.handed.parts() if part.kind == "records")
    yield from (held.table for held in records_in(value))


def is_unknown(value: Value) -> bool:
    """Tell whether nothing is known of a value but, perhaps, in what of another file it lies."""
    return value is TOP or (isinstance(value, Named) and ("[]" in value.name or "*" in value.name))


def is_interesting(value: Value) -> bool:
    """Tell whether `value` may lead to records."""
    return _interest(value) >= 2


def _origins(value: Value) -> Origins:
    return value.origins if isinstance(value, IterableValue | RecordValue) else frozenset()


def _leading(value: Value) -> tuple[int, bool]:
    """Return what decides which of two values is kept: of objects, one of a declared class."""
    return _interest(value), isinstance(value, Instance) and bool(value.of)


def _interest(value: Value) -> int:
    match value:
        case RecordValue():
            return 4
        case IterableValue() | DictValue():
            return min(3, _interest(value.item))
        case TupleValue():
            return max((min(3, _interest(item)) for item in value.items), default=0)
        case Method():
            return _interest(value.of)
        case Instance():
            return 2
        case Named():
            return 1
    return 0


def _depth(value: Value) -> int:
    match value:
        case IterableValue() | DictValue():
            return 1 + _depth(value.item)
        case TupleValue():
            return 1 + max(map(_depth, value.items), default=0)
        case Method():
            return 1 + _depth(value.of)
    return 0
