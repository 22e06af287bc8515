"""A migration as values: no I/O here, and nothing that knows a v1 or v2 name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self, TypeAlias

from compatkit.migration.equivalence import NOTHING_DECLARED, Equivalence
from compatkit.migration.value import Value, value

if TYPE_CHECKING:
    from compatkit.migration.changes import (
        CallChange,
        FlagChange,
        HookChange,
        KeyChange,
        MemberChange,
        Removal,
        Transform,
    )

Confidence = Literal["safe", "review", "manual"]
MoveKind = Literal["symbol", "module"]
# The code that a migration may bring, beside its migration.toml.
TRANSFORM_FILE = "transform.py"
Scalar: TypeAlias = str | int | float | bool
# The tables of rows that have a code, in the order in which they are told.
ROW_TABLES = ("moves", "fields", "arguments", "producers", "calls", "members", "hooks", "removed", "keys", "flags")


def relocate(name: str, homes: Mapping[str, str]) -> str:
    """Return `name` with the longest declared prefix replaced by the project's own; whole components only."""
    for prefix in sorted(homes, key=len, reverse=True):
        if name == prefix or name.startswith(prefix + "."):
            return homes[prefix] + name[len(prefix) :]
    return name


class Words(NamedTuple):
    """The words in which a kind of row is told, as formats of the row: `{0.v1}` is its v1.

    `subject` is the name, in a user's code or files, that it is about; `label` is what an error calls it; `sentence`
    says what it declares.
    """

    subject: str
    sentence: str
    label: str = ""


class Row(Value):
    """A row that has a code, and what every part asks of any row."""

    __slots__ = ()
    told: ClassVar[Words]

    if TYPE_CHECKING:
        code: str

    @property
    def subject(self) -> str:
        return self.told.subject.format(self)

    @property
    def label(self) -> str:
        return (self.told.label or self.told.subject).format(self)

    @property
    def sentence(self) -> str:
        return self.told.sentence.format(self)

    @property
    def advice(self) -> str:
        """Return the row's advice to a person, or why it changed; every report of the row says it."""
        about = getattr(self, "about", None)
        return getattr(self, "say", "") or (about.why if about else getattr(self, "why", ""))

    @property
    def is_rewritten(self) -> bool:
        """Tell whether the row rewrites something, as an example can show."""
        return True

    def spellings(self) -> Iterator[str]:
        """Yield the names that a file mentions if the row is about it."""
        yield self.subject.rpartition(".")[2]

    def claims(self) -> Iterator[str]:
        """Yield what no other migration may declare at the same time."""
        yield from ()

    def relocated(self, homes: Mapping[str, str]) -> Self:  # noqa: ARG002 - most rows name something that has a home
        """Return this row for a project that keeps its modules elsewhere; see `Migration.relocated`."""
        return self


class Versions(NamedTuple):
    """The two releases that a migration connects, as text."""

    v1: str
    v2: str


@value
class Move(Row):
    """An old dotted name and its new dotted name: of a symbol, or of a module that moves with all that is in it.

    `inventory` is a file with the names that v2 has; what it does not list does not move with its module.
    """

    code: str
    old: str
    new: str
    confidence: Confidence = "safe"
    why: str = ""
    kind: MoveKind = "symbol"
    inventory: str = ""
    told: ClassVar = Words("{0.old}", "{0.old} moved to {0.new}.")

    @property
    def is_module(self) -> bool:
        return self.kind == "module"

    @property
    def old_home(self) -> str:
        """The old module: what holds the symbol, or moves as a whole."""
        return self.old if self.is_module else self.old_module

    @property
    def new_home(self) -> str:
        """The new module: where the symbol is, or what the whole module became."""
        return self.new if self.is_module else self.new_module

    @staticmethod
    def symbols(moves: Iterable[Move]) -> Iterator[Move]:
        """Yield the moves of single names."""
        return (move for move in moves if not move.is_module)

    def empties(self, module: str) -> bool:
        """Tell whether names of this module are elsewhere in v2: the old module, or one in it where all of it moved."""
        return self.of(module) is not None if self.is_module else self.old_module == module

    def apply(self, dotted: str) -> str:
        """Return what a dotted name is in v2, with what lies in it; the same where this move does not tell.

        >>> Move("CK101", "a.N", "x.M").apply("a.N.method"), Move("CK102", "a", "x", kind="module").apply("b.N")
        ('x.M.method', 'b.N')
        """
        if self.is_module:
            return found.new if (found := self.of(dotted)) else dotted
        return self.new + dotted.removeprefix(self.old) if self.covers(dotted) else dotted

    def of(self, dotted: str) -> Move | None:
        """Return the move of one name: the one that is declared, or for a module also what lies in it and in v2's.

        >>> Move("CK101", "a.b", "x", kind="module").of("a.b.c.N").new
        'x.c.N'
        """
        if not self.is_module:
            return self if dotted == self.old else None
        if not self.covers(dotted) or self.lacks(dotted):
            return None
        return replace(self, old=dotted, new=self.new + dotted[len(self.old) :], kind="symbol")

    def covers(self, dotted: str) -> bool:
        """True for the old name, and for what lies in the old module, whether or not v2 has it."""
        return dotted == self.old or dotted.startswith(f"{self.old}.")

    def lacks(self, dotted: str) -> bool:
        """True for a name in the old module that v2 does not have in the new one."""
        if not self.inventory or not dotted.startswith(f"{self.old}."):
            return False
        # Few moves have an inventory.
        from compatkit.migration.inventory import read_inventory

        # Of a star import, the module is asked for.
        return not read_inventory(self.inventory).may_have(self.new + dotted.removesuffix(".*")[len(self.old) :])

    def is_passed_by(self, text: str) -> bool:
        """True for a text that begins with the module that one name leaves, and goes on to another name of it."""
        other = rf"{re.escape(self.old_module)}[.:](?!{re.escape(self.old_name)}(?!\w))"
        return not self.is_module and re.match(other, text) is not None

    def spellings(self) -> Iterator[str]:
        yield from (*self.old.split("."), *self.new.split("."))

    def claims(self) -> Iterator[str]:
        yield f"The old name {self.old!r}"

    def relocated(self, homes: Mapping[str, str]) -> Move:
        return replace(self, old=relocate(self.old, homes), new=relocate(self.new, homes))

    @property
    def old_module(self) -> str:
        return self.old.rpartition(".")[0]

    @property
    def old_name(self) -> str:
        return self.old.rpartition(".")[2]

    @property
    def new_module(self) -> str:
        return self.new.rpartition(".")[0]

    @property
    def new_name(self) -> str:
        return self.new.rpartition(".")[2]


@value
class Field(Row):
    """A v1 key of a record and its v2 spelling."""

    code: str
    v1: str
    v2: str
    told: ClassVar = Words("{0.v1}", "The field {0.v1} is called {0.v2}.", "field {0.v1!r}")

    def spellings(self) -> Iterator[str]:
        yield from (self.v1, self.v2)


@value
class Argument(Row):
    """A flat v1 argument of the callable `of`, and the dotted path where v2's configuration keeps it."""

    code: str
    of: str
    v1: str
    v2: str
    position: int | None = None
    told: ClassVar = Words("{0.v1}", "The argument {0.v1} of {0.of} is now {0.v2}.", "argument {0.v1!r}")

    @property
    def is_rewritten(self) -> bool:
        # It takes a configuration and all its arguments together; an example of one says little.
        return False

    def spellings(self) -> Iterator[str]:
        yield from (*self.of.split("."), self.v1)

    def claims(self) -> Iterator[str]:
        yield f"The argument {self.v1!r} of {self.of!r}"

    def relocated(self, homes: Mapping[str, str]) -> Argument:
        return replace(self, of=relocate(self.of, homes))


@value
class Producer(Row):
    """A function or method, by dotted name, that returns a history.

    `returns` says where in the returned value the history lies; empty: it is the value. See `parse_shape`.
    `records` say where single records lie, as paths in which `[*]` stands for each element; without any, they are the
    elements of the history. Only the rewrite asks for them. See `parse_records`.
    """

    code: str
    function: str
    returns: str = ""
    records: tuple[str, ...] = ()
    told: ClassVar = Words("{0.function}", "{0.function} returns a history.")

    @property
    def is_rewritten(self) -> bool:
        return False

    def spellings(self) -> Iterator[str]:
        yield from ()

    def claims(self) -> Iterator[str]:
        yield f"The producer {self.function!r}"

    def relocated(self, homes: Mapping[str, str]) -> Producer:
        return replace(self, function=relocate(self.function, homes))


class Setting(NamedTuple):
    """A setting of v2's configuration, by its dotted path, and a value of it."""

    path: str
    value: Scalar


class Section(NamedTuple):
    """A part of v2's configuration, by its dotted path, and the dotted name of its class."""

    path: str
    of: str


@value
class Preset(Value):
    """A named configuration: what it sets, and differs in from the defaults."""

    name: str
    settings: tuple[Setting, ...]


@value
class Config(Value):
    """The class that holds, in v2, what the callable `of` took as flat arguments.

    v2's callable takes an instance as `argument` and, where it knows presets, the name of one as `preset_argument`,
    which v1's own arguments then override. `defaults` are needed for the settings by which presets differ.
    """

    of: str
    name: str
    argument: str = "config"
    preset_argument: str = ""
    sections: tuple[Section, ...] = ()
    defaults: tuple[Setting, ...] = ()
    presets: tuple[Preset, ...] = ()

    def relocated(self, homes: Mapping[str, str]) -> Config:
        sections = tuple(Section(section.path, relocate(section.of, homes)) for section in self.sections)
        return replace(self, of=relocate(self.of, homes), name=relocate(self.name, homes), sections=sections)


# The code under which a use of what is left to people is told.
UNHANDLED = "CK910"


class Unhandled(NamedTuple):
    """A change of the library's interface that the migration leaves to a person, and why. `name` is a pattern."""

    name: str
    why: str

    def fits(self, name: str) -> bool:
        """Tell whether it is about a dotted name, or an argument: `shop.send(how)`."""
        return self.name == name if "*" not in self.name else _pattern(self.name).fullmatch(name) is not None


@lru_cache(maxsize=1024)
def _pattern(name: str) -> re.Pattern[str]:
    # fnmatch would take brackets for a set of characters; and a run asks more patterns than `re` remembers.
    return re.compile(re.escape(name).replace(r"\*", ".*"))


@value
class Migration(Value):
    """One declared v1 to v2 change.

    `record` is the dotted name of the team's own v2 record class, where it is not `EpochMetrics`: its instances are
    objects with attributes, and no mappings. `origin` is the file that the migration was read from; `loaded` are
    modules that come with the import of their top-level package; `loads` are the last parts of functions, and the keys,
    whose text is loaded as code; `types` tell the classes of attributes and, where a name ends in `()`, of what a call
    returns.
    """

    id: str
    summary: str
    versions: Versions
    moves: tuple[Move, ...] = ()
    fields: tuple[Field, ...] = ()
    arguments: tuple[Argument, ...] = ()
    producers: tuple[Producer, ...] = ()
    configs: tuple[Config, ...] = ()
    calls: tuple[CallChange, ...] = ()
    members: tuple[MemberChange, ...] = ()
    hooks: tuple[HookChange, ...] = ()
    removed: tuple[Removal, ...] = ()
    keys: tuple[KeyChange, ...] = ()
    flags: tuple[FlagChange, ...] = ()
    transform: Transform | None = None
    loaded: tuple[str, ...] = ()
    loads: tuple[str, ...] = ()
    types: tuple[tuple[str, str], ...] = ()
    equivalence: Equivalence = NOTHING_DECLARED
    record: str = ""
    inventory: str = ""
    unhandled: tuple[Unhandled, ...] = ()
    origin: Path | None = None

    def rows(self) -> Iterator[tuple[tuple[str, ...] | tuple[str, int], Row]]:
        """Yield every row that has a code, with its place in the file: the table, and the number in it from 0.

        Rows that one in the file stands for have its code, and its place.
        """
        for name in ROW_TABLES:
            at, code = -1, ""
            for row in getattr(self, name):
                at, code = at + (row.code != code), row.code
                yield (name, at), row
        if self.transform:
            yield ("transform",), self.transform

    @property
    def has_objects(self) -> bool:
        """Tell whether v2 returns records that are objects, and take no keys."""
        return bool(self.record and self.producers)

    def relocated(self, homes: Mapping[str, str]) -> Migration:
        """Return this migration for a project that keeps its modules elsewhere.

        `homes` maps a dotted prefix of the declared names to the project's own prefix; whole components only,
        and where several prefixes fit, the longest decides.
        """
        rows: Any = {
            name: tuple(row.relocated(homes) for row in getattr(self, name)) for name in (*ROW_TABLES, "configs")
        }
        return replace(self, record=relocate(self.record, homes), **rows)
