"""Follow names and objects whose interface changed from file to file of a project."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from compatkit.migrate.between.importers import of_projects, read_quietly
from compatkit.migrate.between.naming import ModuleName, Namer
from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.finding.reading import sift
from compatkit.migration import Migration
from compatkit.options import Options
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.neighbours import ALONE, Facts, Handed, Neighbours
from compatkit.rewrite.outcome import RewriteError
from compatkit.rewrite.prefilter.interfaces import changes_interface, libraries_of, may_hand_on
from compatkit.rewrite.prefilter.words import can_be_modern, modern_of

# From a facade of a facade of a facade on, nothing new is told.
_ROUNDS = 4
_STAR = re.compile(rb"import\s*\(?\s*\*")


@dataclass(frozen=True, slots=True)
class _Told:
    """One file that tells something: where it is, what it is called, and its facts."""

    file: FoundFile
    named: ModuleName
    facts: Facts

    @property
    def last(self) -> str:
        return self.named.name.rpartition(".")[2]


class Handing:
    """Answers for one run over a tree; most runs change no interface, and ask nothing."""

    def __init__(
        self, files: Sequence[FoundFile], namer: Namer, migrations: Iterable[Migration], options: Options
    ) -> None:
        declared = tuple(migrations)
        self._calling = tuple(filter(changes_interface, declared))
        modern = modern_of(declared, options)
        # By their number, records are known of which migration they are.
        self._recording = modern if any(migration.has_objects for migration in modern) else ()
        self._files = files
        self._namer = namer
        self._options = options
        self._told: dict[str, _Told] = {}
        self._defined: frozenset[str] = frozenset()
        self.is_needed = bool(self._calling or self._recording)

    def prepare(self, *, processes: int) -> frozenset[str]:
        """Follow what is handed on, from file to file; return the names of the files that are reached by it."""
        if not self.is_needed:
            return frozenset()
        is_part = any(file.is_named for file in self._files)
        every = [file for file in (of_projects(self._files) if is_part else self._files) if not file.is_data]
        pending = [every[number] for number in sift(every, self._has, processes=processes)]
        pending += self._carriers(every, {file.name for file in pending}, processes)
        reached: dict[str, FoundFile] = {}
        for _ in range(_ROUNDS):
            changed = [told for file in pending if (told := self._learn(file)) is not None]
            if not changed:
                break
            words = _Words.of(changed)
            pending = [every[number] for number in sift(every, words.may_read, processes=processes)]
            reached |= {file.name: file for file in pending}
        self._defined = frozenset[str]().union(*(told.facts.defined for told in self._told.values()))
        return frozenset(reached)

    def of(self, source: bytes, file: FoundFile, named: ModuleName) -> Neighbours:
        """Return what other files tell this one."""
        if not self._told:
            return ALONE
        handed: dict[str, Handed] = {}
        has_star = _STAR.search(source) is not None
        others = [told for told in self._told.values() if told.file.name != file.name]
        for told in others:
            if told.last.encode() in source or (told.named.is_package and b"from ." in source):
                own = {name: each for name, each in told.facts.handed if has_star or name.encode() in source}
                handed |= {f"{told.named.name}.{name}": each for name, each in own.items()}
                if told.file.path.parent == file.path.parent:
                    # Of two scripts, one imports the other by its bare name.
                    handed |= {f"{told.last}.{name}": each for name, each in own.items()}
        inside = f"{named.name}."
        sent = {key: each for told in others for key, each in told.facts.sent if key.startswith(inside)}
        mixed = {key: each for told in others for key, each in told.facts.mixins if key.startswith(inside)}
        overridden = frozenset[str]().union(*(told.facts.defined for told in others))
        return Neighbours(
            handed=tuple(sorted(handed.items())),
            sent=tuple((key.removeprefix(inside), each) for key, each in sorted(sent.items())),
            mixed=tuple((key.removeprefix(inside), each) for key, each in sorted(mixed.items())),
            overridden=overridden,
        )

    def _has(self, source: bytes, _file: FoundFile) -> bool:
        return may_hand_on(source, self._calling) or can_be_modern(source, self._recording)

    def _carriers(self, every: Sequence[FoundFile], known: set[str], processes: int) -> Iterator[FoundFile]:
        """Yield the files from which another one takes the library itself, or a package of it."""
        tops = sorted(frozenset[bytes]().union(*map(libraries_of, self._calling)))
        anyone = b"|".join(map(re.escape, tops))
        # As in `from app.service import acme`, and in `service.acme.press`.
        taken = re.compile(rb"\b(\w+)\s+import\b[^\n#;]*\b(?:" + anyone + rb")\b|\b(\w+)\.(?:" + anyone + rb")\.")
        modules: set[bytes] = set()

        def takes(source: bytes, _file: FoundFile) -> bool:
            return any(top in source for top in tops) and taken.search(source) is not None

        for number in sift(every, takes, processes=processes):
            for found in taken.finditer(read_quietly(every[number].path)):
                modules |= {part for part in found.groups() if part and part not in tops}
        for file in every if modules else ():
            stem = file.path.parent.name if file.path.stem == "__init__" else file.path.stem
            if file.name not in known and stem.encode() in modules:
                yield file

    def _learn(self, file: FoundFile) -> _Told | None:
        """Ask a file for its facts; return them if they are new."""
        # Imported here: few runs follow what is handed on.
        from compatkit.rewrite.call_rules import tell
        from compatkit.rewrite.record_rules import tell_records

        source, named = read_quietly(file.path), self._namer.name(file.path, file.root)
        try:
            read = File.of(source, FileModule(named.name, named.is_package), self.of(source, file, named))
        except RewriteError:
            return None
        facts = Facts()
        if named.name and self._calling:
            facts = tell(read, self._calling, self._options)
        if named.name and self._recording:
            facts = facts.and_those_of(tell_records(read, self._recording))
        told = _Told(file, named, facts)
        before = self._told.get(file.name)
        self._told[file.name] = told
        return told if told.facts != (before.facts if before else Facts()) else None


@dataclass(frozen=True, slots=True)
class _Words:
    """The words that a file must spell to learn something: the last part of a module, and one of the names in it."""

    names: Mapping[bytes, frozenset[bytes]]
    homes: frozenset[bytes]

    @classmethod
    def of(cls, changed: Iterable[_Told]) -> _Words:
        names: dict[bytes, frozenset[bytes]] = {}
        homes: set[bytes] = set()
        for told in changed:
            own = frozenset(name.encode() for name, _ in told.facts.handed)
            names[told.last.encode()] = names.get(told.last.encode(), frozenset()) | own
            targets = [key.partition(":")[0] for key, _ in told.facts.sent] + [name for name, _ in told.facts.mixins]
            homes |= {target.encode() for target in targets}
        return cls(names, frozenset(homes))

    def may_read(self, source: bytes, file: FoundFile) -> bool:
        for last, names in self.names.items():
            is_near = last in source or (b"from ." in source and file.path.absolute().parent.name.encode() == last)
            if is_near and (any(name in source for name in names) or (names and _STAR.search(source))):
                return True
        stem = file.path.absolute().parent.name if file.path.stem == "__init__" else file.path.stem
        return any(stem.encode() in home.split(b".") for home in self.homes)


def with_facts(neighbours: Neighbours, told: Neighbours) -> Neighbours:
    """Return both together."""
    if told is ALONE:
        return neighbours
    return replace(neighbours, handed=told.handed, sent=told.sent, mixed=told.mixed, overridden=told.overridden)
