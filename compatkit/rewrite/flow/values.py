"""The lattice of values: what an expression may stand for as far as records go, and how two values join.

A value that is not `sure` may be something else, too: what is done with it is reported, and never rewritten.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from compatkit.migration import Attribute, Each, Item, RecordStep
from compatkit.rewrite.file.neighbours import Handed

Path = tuple[RecordStep, ...]
Origins = frozenset[ast.AST]
_DEEPEST = 4


class Special(Enum):
    """The two ends: no value at all (unbound, None), on which any use would fail anyway, and any value."""

    NOTHING = 0
    UNKNOWN = 1


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

    def each(self) -> Iterator[Named]:
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
class Held:
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
class Many:
    """An iterable of `item`; `origins` are the displays that made it, through which others may add to it."""

    item: Value
    origins: Origins = frozenset()


@dataclass(frozen=True, slots=True)
class Table:
    """A dict whose values are `item`."""

    item: Value
    origins: Origins = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """A tuple of known length."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Method:
    """A bound method of a value."""

    of: Value
    name: str


@dataclass(frozen=True, slots=True)
class Names:
    """A mapping from names to what they stand for: that of a module or class, or, `of` nothing, the file's own."""

    of: Value | None = None


@dataclass(frozen=True, slots=True)
class Local:
    """A function or class of this file."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Far:
    """A function or class of another file."""

    handed: Handed


@dataclass(frozen=True, slots=True)
class Getter:
    """What this call of `operator.itemgetter` returns: it will look up these keys."""

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


Value = Special | Named | Instance | Held | Many | Table | Row | Method | Local | Far | Getter | Mock | Names
NOTHING, UNKNOWN = Special.NOTHING, Special.UNKNOWN


def doubtful(value: Value) -> Value:
    """Return `value` as one that may as well be something else."""
    match value:
        case Named() | Instance():
            return replace(value, sure=False, is_declared=False)
        case Held():
            return replace(value, sure=False)
        case Many() | Table():
            return replace(value, item=doubtful(value.item))
        case Row():
            return Row(tuple(doubtful(item) for item in value.items))
        case Method():
            return Method(doubtful(value.of), value.name)
        case Local() | Getter() | Mock():
            return UNKNOWN
    return value


def join(one: Value, other: Value) -> Value:
    """Return what stands for both values: sure only where they agree."""
    if one == other or other is NOTHING:
        return one
    if one is NOTHING:
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
        case Held(), Held() if one.table == other.table:
            sure = one.sure and other.sure and one.paths == other.paths
            return Held(one.paths | other.paths, one.table, sure, one.origins | other.origins)
        case Many(), Many():
            return Many(join(one.item, other.item), one.origins | other.origins)
        case Table(), Table():
            return Table(join(one.item, other.item), one.origins | other.origins)
        case Row(), Row() if len(one.items) == len(other.items):
            return Row(tuple(map(join, one.items, other.items)))
    first, second = element(one), element(other)
    if UNKNOWN not in (first, second):
        return Many(join(first, second), _origins(one) | _origins(other))
    return doubtful(max(one, other, key=_interest))


def _are_declared(one: Named | Instance, other: Named | Instance) -> bool:
    """Tell whether what may be either is at least declared: one of them is only that, and the other one no less."""
    return all(each.sure or each.is_declared for each in (one, other)) and not (one.sure and other.sure)


def element(value: Value) -> Value:
    """Return what iterating over `value` yields."""
    match value:
        case Held():
            return take(value, Each())
        case Many():
            return came_from(value.item, value.origins)
        case Row():
            found: Value = NOTHING
            for item in value.items:
                found = join(found, item)
            return found
        case Special.NOTHING:
            return NOTHING
    return UNKNOWN


def take(value: Held, *steps: RecordStep) -> Value:
    """Return what lies one of these steps below `value`."""
    paths = frozenset(path[1:] for path in value.paths if path and path[0] in steps)
    return replace(value, paths=paths) if paths else UNKNOWN


def take_any_key(value: Held) -> Value:
    """Return what may lie under a key that nobody knows."""
    keys = {path[0] for path in value.paths if path and isinstance(path[0], Item)}
    return doubtful(take(value, *keys)) if keys else UNKNOWN


def attribute(value: Held, name: str) -> Value:
    found = take(value, Attribute(name))
    return Method(value, name) if found is UNKNOWN else found


def many(item: Value, origins: Origins = frozenset()) -> Value:
    """Return an iterable of `item`, if that says anything; not too deep, so that loops come to an end."""
    return UNKNOWN if item is UNKNOWN or _depth(item) >= _DEEPEST else Many(item, origins)


def came_from(value: Value, origins: Origins) -> Value:
    """Return `value` with these origins, too."""
    match value:
        case Held():
            return replace(value, origins=value.origins | origins)
        case Many() | Table():
            return replace(value, item=came_from(value.item, origins), origins=value.origins | origins)
        case Row():
            return Row(tuple(came_from(item, origins) for item in value.items))
    return value


def fits(value: Value, place: Value) -> bool:
    """Tell whether `value` is surely of the kind of `place`."""
    match value, place:
        case Held(), Held():
            return value.sure and value.table == place.table and value.paths == place.paths
        case _, Special.NOTHING:
            return True
    return value is NOTHING or value == place


def is_sure(value: Value) -> bool:
    """Tell whether `value` is nothing but what it is said to be."""
    match value:
        case Held() | Instance() | Named():
            return value.sure
        case Many() | Table():
            return is_sure(value.item)
        case Row():
            return all(map(is_sure, value.items))
    return value is NOTHING


def origins_of(value: Value) -> Origins:
    """Return all origins in `value`, at any depth."""
    match value:
        case Held():
            return value.origins
        case Many() | Table():
            return value.origins | origins_of(value.item)
        case Row():
            return frozenset().union(*map(origins_of, value.items))
    return frozenset()


def names_in(value: Value) -> Iterator[str]:
    """Yield the dotted names that lie in a value, at any depth."""
    match value:
        case Named():
            yield from value.names
        case Instance(of=of):
            yield of
        case Far(handed=handed):
            yield from _names_of(handed)
        case Many(item=item) | Table(item=item):
            yield from names_in(item)
        case Row(items=items):
            yield from (name for item in items for name in names_in(item))


def _names_of(handed: Handed) -> Iterator[str]:
    yield from (handed.base, *handed.names)
    for _, inner in handed.inner:
        yield from _names_of(inner)


def is_interesting(value: Value) -> bool:
    """Tell whether records may come of `value`."""
    return _interest(value) >= 2


def _origins(value: Value) -> Origins:
    return value.origins if isinstance(value, Many | Held) else frozenset()


def _interest(value: Value) -> int:
    match value:
        case Held():
            return 4
        case Many() | Table():
            return min(3, _interest(value.item))
        case Row():
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
        case Many() | Table():
            return 1 + _depth(value.item)
        case Row():
            return 1 + max(map(_depth, value.items), default=0)
        case Method():
            return 1 + _depth(value.of)
    return 0
