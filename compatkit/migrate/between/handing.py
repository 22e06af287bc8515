"""Follow names and objects whose interface changed from file to file of a project."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

from compatkit.migrate.between.facts_index import FactsIndex, FileFacts, ReaderWords, module_stem
from compatkit.migrate.between.importers import of_kind, read_quietly
from compatkit.migrate.between.naming import ModuleName, Namer
from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.finding.reading import answers_of, sift
from compatkit.migrate.finding.sieve import SPELLS
from compatkit.migration import Migration
from compatkit.options import Options
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.neighbours import ALONE, Facts, Neighbours
from compatkit.rewrite.flow.declared_names import Answers
from compatkit.rewrite.outcome import RewriteError
from compatkit.rewrite.prefilter.interfaces import changes_interface, libraries_of, lies_in, may_hand_on
from compatkit.rewrite.prefilter.words import can_be_modern, modern_of

# From a facade of a facade of a facade on, nothing new is told.
_ROUNDS = 4
# To follow the values of a file takes many times as long as to search it.
_PAYS_FROM = 64


class Handing:
    """Answers for one run over a tree; most runs change no interface, and ask nothing."""

    def __init__(
        self,
        kinds: Sequence[int],
        namer: Namer,
        migrations: Iterable[Migration],
        options: Options,
    ) -> None:
        declared = tuple(migrations)
        self._calling = tuple(filter(changes_interface, declared))
        modern = modern_of(declared, options)
        # By their number, records are known of which migration they are.
        self._recording = modern if any(migration.has_objects for migration in modern) else ()
        self._kinds = kinds
        self._namer = namer
        self._options = options
        self._told: dict[str, FileFacts] = {}
        self._heard: dict[str, Heard] = {}
        self._index = FactsIndex()
        self.is_needed = bool(self._calling or self._recording)

    def prepare(self, known: Sequence[FoundFile], facades: Set[bytes], *, processes: int) -> frozenset[str]:
        """Propagate the facts from file to file, in a few rounds; return the names of the files that they reach.

        `known` are the files of the run, and behind them all others of their projects; `facades` are the last parts of
        modules from which others take a module of the library.
        """
        every = [file for file in known if not file.is_data]
        spelling = {file.name for file in of_kind(known, self._kinds, SPELLS)}
        pending = [*self._first(every, spelling, facades, processes)]
        reached: dict[str, FoundFile] = {}
        for _ in range(_ROUNDS):
            changed = self._learn(pending, processes)
            if not changed:
                break
            # What is told in one round is heard in the next one, whatever the order of the files.
            self._index = FactsIndex(self._told.values())
            words = ReaderWords.of(changed)
            pending = [every[number] for number in sift(every, words.may_read, processes=processes)]
            reached |= {file.name: file for file in pending}
        return frozenset(reached)

    def of(self, source: bytes, file: FoundFile, named: ModuleName) -> Neighbours:
        """Return the facts of other files that this one may use."""
        if not self._told:
            return ALONE
        told = self._told.get(file.name)
        index = self._index
        return Neighbours(
            handed=index.handed(source, file),
            sent=tuple(sorted(index.sent(named.name, file, source).items())),
            mixed=tuple(sorted(index.mixed(named.name, file).items())),
            overridden=index.overridden(told.facts if told else Facts()),
        )

    def _first(
        self, every: Sequence[FoundFile], spelling: Set[str], facades: Set[bytes], processes: int
    ) -> Iterator[FoundFile]:
        """Yield the files that may tell something by themselves, and those from which another takes the library.

        The first are among those `spelling` a word of the run, or lie in the library.
        """
        libraries = frozenset[bytes]().union(*map(libraries_of, self._calling))
        here = os.getcwd()  # noqa: PTH109 - see find.py
        paths = {file.name: f"{here}{os.sep}{file.name}" for file in every}
        # What leads to records may have its new name, which the run does not look for.
        near = [
            file for file in every if self._recording or file.name in spelling or lies_in(libraries, paths[file.name])
        ]

        def may_have_facts(source: bytes, file: FoundFile) -> bool:
            is_one = may_hand_on(source, self._calling, path=paths[file.name])
            return is_one or can_be_modern(source, self._recording)

        with_own_facts = {near[number].name for number in sift(near, may_have_facts, processes=processes)}
        for file in every:
            if file.name in with_own_facts or (facades and module_stem(file) in facades):
                yield file

    def _learn(self, files: Sequence[FoundFile], processes: int) -> list[FileFacts]:
        """Ask files for their facts; return those that are new."""
        asked: list[tuple[FileFacts, Neighbours]] = []
        for file in files:
            named = self._namer.name(file.path, file.root)
            around = self.of(read_quietly(file.path), file, named)
            heard = self._heard.get(file.name)
            if heard is None or not heard.is_answered_alike(around):
                asked.append((FileFacts(file, named, Facts()), around))
        answers = answers_of(
            len(asked), lambda number: self._ask(*asked[number]), processes=processes, pays_from=_PAYS_FROM
        )
        new: list[FileFacts] = []
        for (one, around), answer in zip(asked, answers, strict=True):
            if answer is None:
                continue
            facts, names = answer
            self._heard[one.file.name] = Heard(around, names)
            before = self._told.get(one.file.name)
            if before is None or before.facts != facts:
                told = self._told[one.file.name] = replace(one, facts=facts)
                new += [told] if before or facts != Facts() else []
        return new

    def _ask(self, one: FileFacts, around: Neighbours) -> tuple[Facts, frozenset[str]] | None:
        """Return the facts of a file, and the names by which it asked for those of others; None if it is no Python."""
        # Imported here: few runs follow what is handed on.
        from compatkit.rewrite.call_rules import interface_facts
        from compatkit.rewrite.record_rules import record_facts

        try:
            read = File.of(read_quietly(one.file.path), FileModule(one.named.name, one.named.is_package), around)
        except RewriteError:
            return None
        facts, asked = Facts(), set[str]()
        if one.named.name and self._calling:
            facts = interface_facts(read, self._calling, self._options, asked)
        if one.named.name and self._recording:
            facts = facts.and_those_of(record_facts(read, self._recording, asked))
        return facts, frozenset(asked)


@dataclass(frozen=True, slots=True)
class Heard:
    """The answers that a file was told when it was followed, and the names by which it asked for some of them."""

    around: Neighbours
    asked: frozenset[str]

    def is_answered_alike(self, now: Neighbours) -> bool:
        """Tell whether the facts that the file asked for are the same as before."""
        before = self.around
        if before.mixed != now.mixed:
            return False
        asked = set(self.asked)
        return all(
            Answers(told, asked=set()).are_like(Answers(then, asked=asked))
            for then, told in ((before.handed, now.handed), (before.sent, now.sent))
        )


def with_facts(neighbours: Neighbours, told: Neighbours) -> Neighbours:
    """Return both together."""
    if told is ALONE:
        return neighbours
    return replace(neighbours, handed=told.handed, sent=told.sent, mixed=told.mixed, overridden=told.overridden)
