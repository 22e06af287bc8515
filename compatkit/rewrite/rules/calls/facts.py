"""Define the input of the rules for calls: a file with its flow facts, the interface rows by name, and one use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from compatkit.migration import CallChange, HookChange, MemberChange, Migration, Move, Removal, Unhandled
from compatkit.migration.model import UNHANDLED
from compatkit.migration.renaming import callable_names, owners_of, prefixes, subclassed
from compatkit.options import Options
from compatkit.rewrite.file.file import File
from compatkit.rewrite.flow.declared_names import DeclaredNames
from compatkit.rewrite.flow.flow_facts import FlowFacts


@dataclass(frozen=True, slots=True)
class CallFacts:
    """One file with its trace, and the changes to look for."""

    file: File
    trace: FlowFacts
    index: Index
    options: Options


_Row = TypeVar("_Row", CallChange, HookChange, MemberChange, Removal)


@dataclass(frozen=True)
class Index:
    """The changes on which a run acts.

    Attributes:
        calls, members, hooks, removals: by the dotted name that they are about; of a member or hook, with its class.
        anywhere: methods that are gone by their last part, where a call on any object is taken for one of them.
        patterns: calls of which a part of the name is open, by its last part.
        loaded: modules that come with their top-level package.
        classes: classes of which instances, or subclasses, are of interest.
        types: the classes of attributes, and of what calls return.
        unhandled: what the migrations leave to people.
        moved: names that have a new home, whatever became of what held them.
    """

    calls: dict[str, list[CallChange]] = field(default_factory=dict)
    patterns: dict[str, list[tuple[list[str], CallChange]]] = field(default_factory=dict)
    members: dict[str, MemberChange] = field(default_factory=dict)
    hooks: dict[str, HookChange] = field(default_factory=dict)
    removals: dict[str, Removal] = field(default_factory=dict)
    anywhere: dict[str, str] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)
    types: dict[str, str] = field(default_factory=dict)
    unhandled: list[Unhandled] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, migrations: Iterable[Migration], options: Options) -> Index:
        """Return what is to be looked for; kept, since every file of a run asks for the same."""
        given = tuple(migrations)
        key = (tuple(map(id, given)), options)
        if key not in _known:
            if len(_known) >= _MOST:
                _known.clear()
            # The migrations are kept, too, so that no other ones can get their identity.
            _known[key] = (given, cls._made(given, options))
        return _known[key][1]

    @classmethod
    def _made(cls, migrations: tuple[Migration, ...], options: Options) -> Index:
        index = cls()
        for migration in migrations:
            index.loaded.update(migration.loaded)
            index.types.update(migration.types)
            for call in _acted_on(migration.calls, options):
                index._add_call(call, callable_names(call, migration))
            for member in _acted_on(migration.members, options):
                owners = owners_of(member, migration)
                index.classes.update(owners)
                index.members.update({f"{owner}.{member.v1}": member for owner in owners})
            for hook in _acted_on(migration.hooks, options):
                owners = subclassed(hook, migration)
                index.classes.update(owners)
                index.hooks.update({f"{owner}.{hook.name}": hook for owner in owners})
            for removal in _acted_on(migration.removed, options):
                index.removals.update(dict.fromkeys(removal.names, removal))
                index.anywhere.update({name.rpartition(".")[2]: name for name in removal.names if removal.anywhere})
            index.moved.update(move.old for move in Move.symbols(migration.moves) if options.acts_on(move.code))
            index.unhandled.extend(migration.unhandled if options.acts_on(UNHANDLED) else ())
        owners = [row.name.partition("(")[0].rpartition(".")[0] for row in index.unhandled]
        index.classes.update(filter(_is_class, owners))
        return index

    def calls_of(self, name: str) -> tuple[CallChange, ...]:
        """Return the changes of the callable with this dotted name, in the order of the declaration."""
        parts = name.split(".")
        found = [change for pattern, change in self.patterns.get(parts[-1], ()) if _fits(pattern, parts)]
        return (*self.calls.get(name, ()), *found)

    def around(self, name: str) -> Removal | None:
        """Return the removal of this name, or of what holds it."""
        for prefix in (name, *prefixes(name)):
            if prefix in self.removals or prefix in self.moved:
                return self.removals.get(prefix)
        return None

    def members_called(self, last: str) -> Sequence[tuple[str, MemberChange]]:
        """Return the members with this name, each with the class that has it."""
        return self._by_last.get(last, ())

    @cached_property
    def _by_last(self) -> dict[str, list[tuple[str, MemberChange]]]:
        found: dict[str, list[tuple[str, MemberChange]]] = {}
        for name, member in self.members.items():
            owner, _, last = name.rpartition(".")
            found.setdefault(last, []).append((owner, member))
        return found

    @cached_property
    def shown_by_module(self) -> dict[str, list[tuple[str, CallChange]]]:
        """Return the rows that some argument shows, by the module that holds their callable."""
        found: dict[str, list[tuple[str, CallChange]]] = {}
        for name, changes in self.calls.items():
            module = name.rpartition(".")[0]
            found.setdefault(module, []).extend((name, change) for change in changes if change.asked)
        return found

    @cached_property
    def known(self) -> DeclaredNames:
        """Return the names to follow; kept, since every file of a run asks for the same."""
        names = (*self.calls, *self.patterns, *self.members, *self.hooks, *self.removals)
        names += tuple(row.name.partition("(")[0] for row in self.unhandled)
        watched = frozenset(name.rpartition(".")[2] for name in names)
        makers = (name.removesuffix("()") for name in self.types if name.endswith("()"))
        declared = frozenset((*self.calls, *self.removals, *self.classes, *makers))
        classes = frozenset(self.classes)
        return DeclaredNames({}, classes, frozenset(), {}, watched=watched, types=self.types, declared=declared)

    def _add_call(self, call: CallChange, names: Iterable[str]) -> None:
        for name in names:
            parts = name.split(".")
            if "*" in parts:
                self.patterns.setdefault(parts[-1], []).append((parts, call))
                continue
            self.calls.setdefault(name, []).append(call)
            # By convention: of a method, its class is what gets instantiated.
            self.classes.update(candidate for candidate in (name, name.rpartition(".")[0]) if _is_class(candidate))


_known: dict[tuple[tuple[int, ...], Options], tuple[tuple[Migration, ...], Index]] = {}
_MOST = 32


def _is_class(name: str) -> bool:
    return name.rpartition(".")[2][:1].isupper()


def _fits(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    return len(pattern) == len(parts) and all(p in ("*", part) for p, part in zip(pattern, parts, strict=True))


def _acted_on(rows: Iterable[_Row], options: Options) -> Iterator[_Row]:
    return (row for row in rows if options.acts_on(row.code))
