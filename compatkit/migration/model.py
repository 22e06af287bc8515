"""What a migration declares, as values: no I/O here, and nothing that knows a v1 or v2 name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from compatkit.migration.equivalence import NOTHING_DECLARED, Equivalence
from compatkit.migration.names import Confidence, relocate
from compatkit.migration.value import Value, value

if TYPE_CHECKING:
    from compatkit.migration.changes import CallChange, KeyChange, MemberChange, Removal, Transform

MoveKind = Literal["symbol", "module"]
Scalar: TypeAlias = str | int | float | bool


class Versions(NamedTuple):
    """The two releases that a migration connects, as text."""

    v1: str
    v2: str


@value
class Move(Value):
    """An old dotted name and its new dotted name: of a symbol, or of a module that moves with all that is in it."""

    code: str
    old: str
    new: str
    confidence: Confidence = "safe"
    why: str = ""
    kind: MoveKind = "symbol"

    @property
    def is_module(self) -> bool:
        return self.kind == "module"

    @property
    def old_home(self) -> str:
        """The old module: what holds the symbol, or moves as a whole."""
        return self.old if self.is_module else self.old_module

    def of(self, dotted: str) -> Move | None:
        """Return the move of one name that is the old module of this move, or lies in it; else None.

        >>> Move("CK101", "a.b", "x", kind="module").of("a.b.c.N").new
        'x.c.N'
        """
        if dotted != self.old and not dotted.startswith(f"{self.old}."):
            return None
        return replace(self, old=dotted, new=self.new + dotted[len(self.old) :], kind="symbol")

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
class Field(Value):
    """A v1 key of a record and its v2 spelling."""

    code: str
    v1: str
    v2: str


@value
class Argument(Value):
    """A flat v1 argument of the callable `of`, and the dotted path where v2's configuration keeps it."""

    code: str
    of: str
    v1: str
    v2: str
    position: int | None = None


@value
class Producer(Value):
    """A function or method, by dotted name, that returns a history.

    `returns` says where in the returned value the history lies; empty: it is the value. See `parse_shape`.
    `records` say where single records lie, as paths in which `[*]` stands for each element; without any, they are the
    elements of the history. Only the rewrite asks for them. See `parse_records`.
    """

    code: str
    function: str
    returns: str = ""
    records: tuple[str, ...] = ()


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


class Unhandled(NamedTuple):
    """A change of the library's interface that the migration leaves to a person, and why. `name` is a pattern."""

    name: str
    why: str


@value
class Migration(Value):
    """One declared v1 to v2 change.

    `record` is the dotted name of the team's own v2 record class, where it is not `EpochMetrics`: its instances are
    objects with attributes, and no mappings. `origin` is the file that the migration was read from; `loaded` are
    modules that come with the import of their top-level package; `types` tell the classes of attributes and, where a
    name ends in `()`, of what a call returns.
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
    removed: tuple[Removal, ...] = ()
    keys: tuple[KeyChange, ...] = ()
    transform: Transform | None = None
    loaded: tuple[str, ...] = ()
    types: tuple[tuple[str, str], ...] = ()
    equivalence: Equivalence = NOTHING_DECLARED
    record: str = ""
    unhandled: tuple[Unhandled, ...] = ()
    origin: Path | None = None

    @property
    def has_objects(self) -> bool:
        """Whether v2 returns records that are objects, and take no keys."""
        return bool(self.record and self.producers)

    def relocated(self, homes: Mapping[str, str]) -> Migration:
        """Return this migration for a project that keeps its modules elsewhere.

        `homes` maps a dotted prefix of the declared names to the project's own prefix; whole components only,
        and where several prefixes fit, the longest decides.
        """
        return replace(
            self,
            moves=tuple(replace(m, old=relocate(m.old, homes), new=relocate(m.new, homes)) for m in self.moves),
            arguments=tuple(replace(a, of=relocate(a.of, homes)) for a in self.arguments),
            producers=tuple(replace(p, function=relocate(p.function, homes)) for p in self.producers),
            configs=tuple(_relocated_config(config, homes) for config in self.configs),
            calls=tuple(call.relocated(homes) for call in self.calls),
            members=tuple(member.relocated(homes) for member in self.members),
            removed=tuple(removal.relocated(homes) for removal in self.removed),
            keys=tuple(key.relocated(homes) for key in self.keys),
            record=relocate(self.record, homes),
        )


def _relocated_config(config: Config, homes: Mapping[str, str]) -> Config:
    sections = tuple(Section(section.path, relocate(section.of, homes)) for section in config.sections)
    return replace(config, of=relocate(config.of, homes), name=relocate(config.name, homes), sections=sections)
