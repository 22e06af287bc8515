"""Search the raw bytes of every file for what a run looks for, so that few have to be parsed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.job import Task
from compatkit.migration import Migration, Move
from compatkit.migration.value import cached_by_identity
from compatkit.options import Options
from compatkit.rewrite.prefilter.interfaces import (
    all_words_in,
    called_otherwise,
    can_call,
    can_name_keys,
    changes_interface,
    flags_in,
    flags_of,
    keys_of,
    libraries_of,
    may_split,
)
from compatkit.rewrite.prefilter.reach import Reach
from compatkit.rewrite.prefilter.words import (
    FEW,
    can_be_modern,
    can_matter,
    facade_words,
    imports_star,
    is_utf16,
    lists_names,
    may_name,
    may_transform,
    modern_of,
    relative_words,
    renamed_words,
    wanted_of,
    words_for,
)

# What is found of a file, one bit each: it can be affected; it may be by what it imports; it spells a word of the run;
# it hands on, or lists, names that it does not spell.
WANTED, MAY_CONCERN, SPELLS, IS_OPEN = 1, 2, 4, 8


@dataclass(frozen=True, slots=True)
class Quick:
    """The words that make a file worth a closer look: one of `words` anywhere, or one of `relative` in an import.

    A file below a folder whose path has one of `folders` in it is looked at in any case.
    """

    words: frozenset[bytes] = frozenset()
    folders: frozenset[str] = frozenset()
    relative: frozenset[bytes] = frozenset()
    always: bool = False

    @classmethod
    def any_of(cls, parts: Iterable[Quick]) -> Quick:
        """Return what lets through all that one of the parts does."""
        every = list(parts)
        words = frozenset[bytes]().union(*(part.words for part in every))
        # Where a word is, so is each part of it.
        needed = frozenset(word for word in words if not any(other in word for other in words if other != word))
        return cls(
            needed,
            frozenset[str]().union(*(part.folders for part in every)),
            frozenset[bytes]().union(*(part.relative for part in every)),
            any(part.always for part in every) or len(needed) > FEW,
        )

    def hidden(self, words: frozenset[bytes]) -> frozenset[bytes]:
        """Return those of some words that a file may spell without being let through."""
        if max(len(words), len(self.words)) > FEW:
            return words
        return frozenset(word for word in words if not any(own in word for own in self.words))

    def may_matter(self, source: bytes, path: str) -> bool:
        # Loops, not generators: this runs once for each file of a tree.
        for word in self.words:
            if word in source:
                return True
        for folder in self.folders:
            if folder in path:
                return True
        if self.relative and not self.relative.isdisjoint(relative_words(source)):
            return True
        return self.always or is_utf16(source)


def quick_of(moves: tuple[Move, ...]) -> Quick:
    """Return what a file must have that uses one of these moves.

    Few homes are searched for as they are. With many, the packages that hold them are: whatever does not name its
    package reaches a home by a relative import.
    """
    wanted = wanted_of(moves)
    if len(wanted.words) <= FEW:
        return Quick(wanted.homes, wanted.folders)
    return Quick(wanted.tops, relative=wanted.words)


class Sieve:
    """Holds back what cannot be affected by a task, so that it need not travel to a worker."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._calling = tuple(filter(changes_interface, task.migrations))
        self._modern = modern_of(task.migrations, task.options)
        self._here = os.getcwd()  # noqa: PTH109 - see find.py
        self._quick = _quick(task, self._calling, self._modern)
        self._renamed = renamed_words(Move.symbols(task.moves))
        self._hidden = self._quick.hidden(self._renamed)
        self._names = Quick.any_of([Quick(self._quick.hidden(_names(task)))])
        self._has_met = False

    def sort(self, source: bytes, file: FoundFile) -> int:
        """Return what is found of a file, all bits together.

        Before the first one that is wanted, what only others ask for is not searched: where none is, nobody asks.
        """
        path = f"{self._here}{os.sep}{file.name}"
        spells = self._quick.may_matter(source, path)
        if (spells and self._looks_closely(source, path, is_data=file.is_data)) or self._has_ignores(source):
            self._has_met = True
            return WANTED | SPELLS | IS_OPEN
        if not self._has_met:
            return MAY_CONCERN | IS_OPEN | (SPELLS if spells or self._names != Quick() else 0)
        found = SPELLS if spells or self._names.may_matter(source, "") else 0
        if self._renamed and may_name(source, self._renamed if spells else self._hidden, is_quick=True):
            found |= MAY_CONCERN
        is_asked = self._task.options.rename and not found & SPELLS
        return found | IS_OPEN if is_asked and (imports_star(source) or lists_names(source)) else found

    def may_matter(self, source: bytes, file: FoundFile) -> bool:
        """Tell whether a file can be affected at all."""
        path = f"{self._here}{os.sep}{file.name}"
        return self._has_ignores(source) or (
            self._quick.may_matter(source, path) and self._looks_closely(source, path, is_data=file.is_data)
        )

    def _has_ignores(self, source: bytes) -> bool:
        return self._task.options.report_unused_ignores and b"compatkit:" in source

    def _looks_closely(self, source: bytes, path: str, *, is_data: bool) -> bool:
        return (
            can_matter(source, self._task.moves, path=path)
            or can_matter(source, self._task.reexports, path=path)
            or can_call(source, self._calling, path=path)
            or (is_data and can_name_keys(source, self._task.migrations))
            or (is_data and may_split(source, self._task.moves, self._calling))
            or bool(flags_in(source, self._task.migrations, self._task.options))
            or may_transform(source, self._task.migrations, self._task.options)
            or any(self._is_modern_matter(source, migration, path) for migration in self._modern)
        )

    def _is_modern_matter(self, source: bytes, migration: Migration, path: str) -> bool:
        """Tell whether a file can receive a history or call what takes moved arguments, and spells one of them."""
        # Of records that are objects in v2, any key that is asked counts.
        spelled = migration.has_objects or any(field.v1.encode() in source for field in migration.fields)
        names = _takers(migration) | (_producers(migration) if spelled else set())
        if not any(word in source for name in names for word in _needed_for(name)):
            return False
        # A facade hands them on under its own name, and a test may replace them where another module keeps them.
        is_elsewhere = bool(self._task.reexports) or any(word in source for word in (b"patch(", b"patch.", b"setattr("))
        reach = _reach_of(migration)
        return is_elsewhere or reach is None or reach.holds(source, path)


class SpelledSieve(Sieve):
    """Holds a file back only if it says nothing of a migration's library, nor of what others could hand on of it."""

    def __init__(self, migration: Migration) -> None:
        super().__init__(Task.of([migration], Options(modernize=True)))
        self._libraries = libraries_of(migration) if changes_interface(migration) else frozenset[bytes]()

    def may_concern(self, source: bytes, file: FoundFile) -> bool:
        """Tell whether a file can be affected, or can lead to one that is."""
        if any(library in source for library in self._libraries) and not self._libraries.isdisjoint(
            all_words_in(source)
        ):
            return True
        return self.may_matter(source, file) or can_be_modern(source, self._modern)


def _quick(task: Task, calling: Iterable[Migration], modern: Iterable[Migration]) -> Quick:
    parts = [quick_of(task.moves), quick_of(task.reexports)]
    for libraries in map(libraries_of, calling):
        # A file of the library's own package may import from it without its name.
        inside = (f"{os.sep}{os.fsdecode(library)}{os.sep}" for library in libraries)
        parts.append(Quick(libraries, frozenset(inside)))
    parts += [
        Quick(keys_of(migration) | flags_of(migration) | words_for(migration, task.options))
        for migration in task.migrations
    ]
    parts += [Quick(frozenset(_holders(migration))) for migration in modern]
    return Quick.any_of(parts)


def _names(task: Task) -> frozenset[bytes]:
    """Return what a file must spell that takes a name from others, or hands it on, where the options ask who does."""
    words = frozenset[bytes]()
    if task.options.rename:
        words |= {
            name.encode() for name in (*called_otherwise(task.migrations), *(move.old_name for move in task.moves))
        }
    if task.options.through_reexports:
        words |= facade_words(task.moves)
    return words


def _holders(migration: Migration) -> Iterator[bytes]:
    for name in (*_producers(migration), *_takers(migration)):
        yield from _needed_for(name)


@cached_by_identity
def _reach_of(migration: Migration) -> Reach | None:
    """Return what tells whether the modules of producers and takers are reached; None for many of them."""
    names = [*_producers(migration), *_takers(migration)]
    homes = {_module_of(name) for name in names}
    for move in migration.moves:
        names += [move.old, move.new]
        homes |= {move.old_home, move.new_home}
    return Reach(homes, (name.rpartition(".")[2] for name in names)) if len(homes) <= FEW else None


def _module_of(dotted: str) -> str:
    """Return the module that holds a function, a class, or the class of a method."""
    home = dotted.rpartition(".")[0]
    return home.rpartition(".")[0] if home.rpartition(".")[2][:1].isupper() else home


def _producers(migration: Migration) -> set[str]:
    return {producer.function for producer in migration.producers}


def _takers(migration: Migration) -> set[str]:
    return {argument.of for argument in migration.arguments}


def _needed_for(dotted: str) -> Iterator[bytes]:
    """Yield the words of which a file must spell one to reach a function, a method or a class: what holds it, say."""
    *_, holder, name = ["", *dotted.split(".")]
    yield holder.encode()
    # The name of a method, such as `train`, is everywhere; its class is what must be named.
    if not holder[:1].isupper():
        yield name.encode()
