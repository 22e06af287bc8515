"""The answers of other files about one: what they take from it, and what it gets from them."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import ClassVar, Literal, TypeAlias
from weakref import WeakValueDictionary

from compatkit.migration import RecordStep
from compatkit.migration.value import Value, value


@value
class StarNames(Value):
    """The names that are brought for certain, and all that may be; None where any name may."""

    certain: frozenset[str] = frozenset()
    possible: frozenset[str] | None = None

    def may_bring(self, name: str) -> bool:
        """Tell whether a name cannot be ruled out."""
        return self.possible is None or name in self.possible


UNKNOWN = StarNames()
Kind: TypeAlias = Literal["name", "partial", "object", "function", "class", "many", "table", "records"]


class Handed:
    """A value that one file hands to another, if a migration is about it.

    Equal ones are one object. They hold others, the same in many places, over which a comparison part by part, or any
    walk that meets one of them twice, may take forever.

    Attributes:
        kind: a dotted name of a library, a partial of one, an object, a function or class of a file, several in a
            container, or records.
        names: what it may be; of an object, its class; of what a file defines, where.
        sure: nothing else can be meant; of a class, a call of it is one of its base.
        inner: what a function gives, as `()`; what a class holds; the class of an object; the `item` of a container.
        base: of a class, the declared class that it inherits from.
        table, paths: of records, the number of their migration, and where they lie.
        weight: how much comes of it: records most, then what is declared, and own objects, such as doubles, least.
        says_something: more comes of it than objects of a class that is like any other.
    """

    __slots__ = ("__weakref__", "base", "inner", "kind", "names", "paths", "says_something", "sure", "table", "weight")
    _known: ClassVar[WeakValueDictionary[tuple[object, ...], Handed]] = WeakValueDictionary()
    kind: Kind
    names: tuple[str, ...]
    sure: bool
    inner: tuple[tuple[str, Handed], ...]
    base: str
    table: int
    paths: tuple[tuple[RecordStep, ...], ...]
    weight: int
    says_something: bool

    def __new__(
        cls,
        kind: Kind,
        names: tuple[str, ...] = (),
        sure: bool = False,
        inner: tuple[tuple[str, Handed], ...] = (),
        base: str = "",
        table: int = 0,
        paths: tuple[tuple[RecordStep, ...], ...] = (),
    ) -> Handed:
        key = kind, names, sure, inner, base, table, paths
        if (known := cls._known.get(key)) is not None:
            return known
        made = cls._known[key] = super().__new__(cls)
        made.kind, made.names, made.sure, made.inner, made.base, made.table, made.paths = key
        parts = [part for _, part in inner]
        if kind in ("records", "name", "partial") or (kind == "object" and not inner):
            made.weight = 3 + (kind == "records")
        elif base or not inner:
            made.weight = 2 if base else 0
        else:
            made.weight = max(part.weight for part in parts)
        if kind == "class":
            made.says_something = bool(base) or any(part.says_something for part in parts)
        else:
            made.says_something = not inner or any(part.says_something for part in parts)
        return made

    def __reduce__(self) -> tuple[type[Handed], tuple[object, ...]]:
        return Handed, (self.kind, self.names, self.sure, self.inner, self.base, self.table, self.paths)

    def __repr__(self) -> str:
        return f"Handed({self.kind!r}, {self.names}, base={self.base!r}, inner={[name for name, _ in self.inner]})"

    def joined(self, other: Handed) -> Handed:
        """Return what may be either: of two that are no names of libraries, the one that more comes of."""
        if not (self.kind == other.kind == "name"):
            return self if self.weight >= other.weight else other
        return Handed("name", tuple(dict.fromkeys((*self.names, *other.names))))

    def parts(self) -> Iterator[Handed]:
        """Yield this one and all that lies in it at any depth, each once."""
        seen, left = {self}, [self]
        while left:
            yield (one := left.pop())
            new = dict.fromkeys(part for _, part in one.inner if part not in seen)
            seen.update(new)
            left += reversed(new)


@value
class Facts(Value):
    """The facts that one file tells others.

    Attributes:
        handed: its own names; `sent`: what it gives to functions of others, as `module.function:parameter`.
        mixins: classes of others that it has for bases beside a declared one.
        defined: names of members that its classes with a declared base define themselves.
    """

    handed: tuple[tuple[str, Handed], ...] = ()
    sent: tuple[tuple[str, Handed], ...] = ()
    mixins: tuple[tuple[str, str], ...] = ()
    defined: frozenset[str] = frozenset()

    def and_those_of(self, other: Facts) -> Facts:
        """Return both together; of one name, what this one says."""
        return Facts(
            tuple(sorted({**dict(other.handed), **dict(self.handed)}.items())),
            tuple(sorted({**dict(other.sent), **dict(self.sent)}.items())),
            tuple(sorted({*other.mixins, *self.mixins})),
            self.defined | other.defined,
        )


@value
class LookAlikes(Value):
    """Names of what may stand in for a declared class, or be mixed into one, although it has none for a base.

    Attributes:
        defined: names of changed members, each with the dotted name of what defines it, and whether that is a class.
        modules, classes: the modules of the project that the file imports, and the classes that these define.
    """

    defined: tuple[tuple[str, str, bool], ...] = ()
    modules: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()

    def place_of(self, name: str) -> str:
        """Return something that defines a member, as its double would, or nothing."""
        return next((place for other, place, _ in self.defined if other == name), "")


@value
class Neighbours(Value):
    """Facts about one file from those around it.

    Attributes:
        stars: modules of which the file imports `*`, with what that brings; a module that is not here is unknown.
        taken: old names that another file may import from this one; None where any may be.
        reads: globals of old modules that the file may replace, each dotted, with the old name of what reads it.
        missed: old names that another file certainly asks of this one, and that the star imports here bring no more.
        askers: functions of other files that ask a parameter for its name, as `name_askers` tells them.
        aliases: dotted names of other files that such a name is asked of, each with the old name of what is behind it.
        templates: changed members for which template files ask the objects that they get, if this file gives some.
        alike: what other files define that may stand in for a declared class, where the file mixes one, or notes one.
        modules: modules of a library that the file takes from others, as `module.name` by the last part of the module.
        absent: new dotted names that are not there, each with what is missing, where their sources can be seen.
        read: local names of modules that another file reads from this one, each with the attribute that it reads behind
            it, where that is known; None where any may be.
        options: declared options of command lines that a program of the project defines itself.
        unspelled: arguments and values of changed calls, and members, that no file of the project has, as far as they
            were looked for.
        handed, sent, mixed, overridden: what other files tell: their names, what they give to functions of this one as
            `function:parameter`, the declared class beside which they have a class of this one for a base, and members
            that subclasses define themselves.
    """

    stars: tuple[tuple[str, StarNames], ...] = ()
    taken: frozenset[str] | None = frozenset()
    read: frozenset[str] | None = frozenset()
    absent: tuple[tuple[str, str], ...] = ()
    options: frozenset[str] = frozenset()
    unspelled: frozenset[str] = frozenset()
    handed: tuple[tuple[str, Handed], ...] = ()
    sent: tuple[tuple[str, Handed], ...] = ()
    mixed: tuple[tuple[str, str], ...] = ()
    overridden: frozenset[str] = frozenset()
    missed: frozenset[str] = frozenset()
    reads: tuple[tuple[str, str], ...] = ()
    askers: tuple[tuple[str, str, str], ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    templates: frozenset[str] = frozenset()
    alike: LookAlikes = LookAlikes()
    modules: tuple[tuple[str, str], ...] = ()

    @property
    def is_told(self) -> bool:
        """True where other files hand on what changed, so that this one need not name its library."""
        return bool(self.handed or self.sent or self.mixed)

    def may_be_taken(self, name: str) -> bool:
        """Tell whether another file may import a moved name from this one."""
        return self.taken is None or name in self.taken

    def may_be_read(self, name: str, attributes: Set[str] | None = None) -> bool:
        """Tell whether another file may read the local name of a module from this one; of given `attributes` only."""
        if self.read is None:
            return True
        behind = [attribute for read in self.read for local, _, attribute in [read.partition(".")] if local == name]
        return any(not attribute or attributes is None or attribute in attributes for attribute in behind)

    def absence_of(self, new: str) -> str:
        """Say what is missing of a new name, or of the module that holds it, or nothing."""
        return next((what for name, what in self.absent if new == name or new.startswith(f"{name}.")), "")


ALONE = Neighbours()
