"""Gather the names that migrations declare: producers of records, classes, configurations, moved names."""

from __future__ import annotations

from collections.abc import Collection, ItemsView, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from compatkit.migration import Each, Migration, Producer, parse_records, parse_shape
from compatkit.rewrite.file.neighbours import Handed, Neighbours
from compatkit.rewrite.flow.values import Named, Path

# What is given back to functions of other files, and what is put into lists and tables of theirs.
# What is told of the annotations of a function or class stands behind its name.
GIVEN_BACK, PUT_IN, HINTS = MARKS = (".*:", "[]:=", ".__annotations__")


class Answers(dict[str, Handed]):
    """Facts of other files by name. Each name that is asked for is noted in `asked`; the empty name stands for all."""

    def __init__(self, told: Mapping[str, Handed] | Sequence[tuple[str, Handed]] = (), *, asked: set[str]) -> None:
        super().__init__(told)
        self.asked = asked

    def get(self, name: str) -> Handed | None:  # type: ignore[override]
        """Return the fact of this name."""
        self.asked.add(name)
        return super().get(name)

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        self.asked.add("")
        return super().__iter__()

    def items(self) -> ItemsView[str, Handed]:  # type: ignore[override]
        """Return all facts."""
        self.asked.add("")
        return super().items()

    def marked(self, mark: str) -> Iterator[tuple[str, Handed]]:
        """Yield the facts with one of the `MARKS` in their names, which every file asks for."""
        return ((name, handed) for name, handed in super().items() if mark in name)

    def are_like(self, before: Answers) -> bool:
        """Tell whether who asked for the names of the other ones would be answered alike."""
        one, other, asked = dict(before), dict(self), before.asked
        if one == other:
            return True
        changed = [name for name in one.keys() | other.keys() if one.get(name) != other.get(name)]
        if bool(one) != bool(other) or "" in asked or not asked.isdisjoint(changed):
            return False
        return not any(mark in name for name in changed for mark in MARKS)


@dataclass(frozen=True)
class DeclaredNames:
    """Declared names, as they are called after the move.

    Attributes:
        producers: for each function that returns records, the number of its migration, and where the records lie.
        classes: what is instantiated on the way to a producer, or called with declared arguments.
        configs: the classes of v2's configurations.
        moving: old dotted names that count as their new ones.
        moved: every old dotted name and its new one.
        objects: the numbers of the migrations whose v2 records are objects, and no mappings.
        watched: last parts of dotted names; wherever an expression stands for one of these names, it is noted.
        types: the classes of attributes, and, where a name ends in `()`, of what calls return.
        declared: dotted names that a star import of their module may bring.
        handed, sent, mixed: what other files tell of their names, and give to the functions and classes of this one.
    """

    producers: Mapping[str, tuple[int, frozenset[Path]]]
    classes: frozenset[str]
    configs: frozenset[str]
    moving: Mapping[str, str]
    moved: Mapping[str, str] = field(default_factory=dict)
    watched: frozenset[str] = frozenset()
    types: Mapping[str, str] = field(default_factory=dict)
    objects: frozenset[int] = frozenset()
    declared: frozenset[str] = frozenset()
    handed: Answers = field(default_factory=lambda: Answers(asked=set()))
    sent: Answers = field(default_factory=lambda: Answers(asked=set()))
    mixed: Mapping[str, str] = field(default_factory=dict)

    def beside(self, around: Neighbours, asked: set[str]) -> DeclaredNames:
        """Return the names with what other files tell; what is asked of them is added to `asked`."""
        handed, sent = Answers(around.handed, asked=asked), Answers(around.sent, asked=asked)
        return replace(self, handed=handed, sent=sent, mixed=dict(around.mixed))

    def answers_as(self, before: DeclaredNames) -> bool:
        """Tell whether a file that asked `before` would be answered alike; if so, it counts as having asked here."""
        if replace(self, handed=before.handed, sent=before.sent) != before:
            return False
        if not (self.handed.are_like(before.handed) and self.sent.are_like(before.sent)):
            return False
        self.handed.asked |= before.handed.asked
        self.sent.asked |= before.sent.asked
        return True

    def is_watched(self, value: Named) -> bool:
        """Tell whether one of the names that a value may be is watched for."""
        name = value.name
        if name[name.rfind(".") + 1 :] in self.watched:
            return True
        return any(other.rpartition(".")[2] in self.watched for other in value.others)

    def reaches(self, name: str) -> bool:
        """Tell whether a dotted name is one of those that changed, or a module or class that holds some."""
        return name in _holders(self.declared)

    def holds(self, name: str) -> bool:
        """Tell whether a dotted name is that of a module that holds some of those that changed."""
        return "." in name and self.reaches(name) and name not in self.declared

    def leads(self, name: str) -> bool:
        """Tell whether it matters where a module, class or function goes that has this dotted name."""
        is_one = name in self._followed or name in self._annotated or name.rpartition(".")[2] in self.watched
        return is_one or "*" in name or self.reaches(name)

    @classmethod
    def of(cls, migrations: Sequence[Migration], moving: Collection[str] = ()) -> DeclaredNames:
        """Gather what `migrations` declare; `moving` are the old names that this run is about to replace."""
        producers: dict[str, tuple[int, frozenset[Path]]] = {}
        moves: dict[str, str] = {}
        called: set[str] = set()
        for number, migration in enumerate(migrations):
            renamed = {move.old: move.new for move in migration.moves}
            moves.update(renamed)
            called.update(renamed.get(argument.of, argument.of) for argument in migration.arguments)
            producers.update({row.function: (number, _paths(row)) for row in migration.producers})
        owners = {function.rpartition(".")[0] for function in producers}
        configs = frozenset(config.name for migration in migrations for config in migration.configs)
        objects = frozenset(number for number, migration in enumerate(migrations) if migration.has_objects)
        settled = {old: moves[old] for old in moving if old in moves}
        declared = frozenset(owners | called | configs | producers.keys())
        return cls(producers, frozenset(owners | called), configs, settled, moves, objects=objects, declared=declared)

    @cached_property
    def _followed(self) -> frozenset[str]:
        made = (name.removesuffix("()") for name in self.types if name.endswith("()"))
        return frozenset((*self.producers, *self.classes, *self.configs, *made))

    @cached_property
    def _annotated(self) -> frozenset[str]:
        """The functions and classes of other files of which annotations are told: one may be asked for them."""
        return frozenset(name.removesuffix(HINTS) for name, _ in self.handed.marked(HINTS))

    @cached_property
    def called_back(self) -> Mapping[str, Mapping[str, Handed]]:
        """Return what another file gives to unknown functions, by the place or name of the parameter."""
        found: dict[str, dict[str, Handed]] = {}
        for name, handed in self.handed.marked(GIVEN_BACK):
            giver, _, place = name.partition(GIVEN_BACK)
            found.setdefault(giver, {})[place] = handed
        return found

    @property
    def owners(self) -> frozenset[str]:
        """The classes of which producers are methods."""
        homes = (function.rpartition(".")[0] for function in self.producers)
        return frozenset(home for home in homes if home.rpartition(".")[2][:1].isupper())

    @property
    def last_names(self) -> frozenset[str]:
        """The bare names of all producers and classes."""
        return frozenset(name.rpartition(".")[2] for name in (*self.producers, *self.classes, *self.moving))

    def settle(self, name: str) -> str:
        """Return the dotted name under which the migrations know `name`."""
        return _renamed(name, self.moving)

    def settle_text(self, name: str) -> str:
        """Return the same for a string that names code: it may be of any time, and nothing in the file tells."""
        return _renamed(name, self.moved)


@lru_cache(maxsize=32)
def _holders(declared: frozenset[str]) -> frozenset[str]:
    """Return the names, and all that hold one; kept, since each file of a run asks for the same thousands."""
    parts = [name.split(".") for name in declared]
    return frozenset(".".join(path[:size]) for path in parts for size in range(1, len(path) + 1))


def _renamed(name: str, names: Mapping[str, str]) -> str:
    for old, new in names.items():
        if name == old or name.startswith(old + "."):
            return new + name[len(old) :]
    return name


def _paths(producer: Producer) -> frozenset[Path]:
    if producer.records:
        return frozenset(path for text in producer.records if (path := parse_records(text)) is not None)
    return frozenset({(*(parse_shape(producer.returns) or ()), Each())})
