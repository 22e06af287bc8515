"""Follow names and objects whose interface changed from file to file of a project."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import groupby

from compatkit.migrate.between.importers import of_kind, of_projects, read_quietly
from compatkit.migrate.between.naming import ModuleName, Namer
from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.finding.reading import sift, sort
from compatkit.migrate.finding.sieve import SPELLS
from compatkit.migration import Migration
from compatkit.migration.renaming import prefixes
from compatkit.options import Options
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.neighbours import ALONE, Facts, Handed, Neighbours
from compatkit.rewrite.flow.declared_names import HINTS, Answers
from compatkit.rewrite.outcome import RewriteError
from compatkit.rewrite.prefilter.interfaces import changes_interface, libraries_of, lies_in, may_hand_on
from compatkit.rewrite.prefilter.words import FEW, can_be_modern, modern_of, words_in

# From a facade of a facade of a facade on, nothing new is told.
_ROUNDS = 4
_STAR = re.compile(rb"import\s*\(?\s*\*")
# A file that loads modules by names that it may not write, and one that goes through the names of a module.
_LOADS = re.compile(rb"\bexec\(|import_module|__import__|module_from_spec|run_path|sys\.modules")
# A file that asks for annotations, and one that gives doubles to what has them.
_TYPES = re.compile(rb"get_type_hints|get_annotations|__annotations__|\bsignature\(|\bfields\(")
_DOUBLES = re.compile(rb"Mock\(|SimpleNamespace\(")
# A file with tests or fixtures, whose parameters are fixtures.
_TESTS = re.compile(rb"\bdef test|fixture")
# A method, or an attribute that is asked for, with what a call of it begins with.
_METHOD = re.compile(rb"def \w+\(?")
_ATTRIBUTE = re.compile(rb"\.\w+\(?")
_START = re.compile(rb"(?:def |\.)\w+\(?")
_LISTS = re.compile(rb"\bexec\(|getmembers|__dict__|\bvars\(|\bgetattr\(|\brun_path")


@dataclass(frozen=True, slots=True)
class _Told:
    """One file that tells something: where it is, what it is called, and its facts."""

    file: FoundFile
    named: ModuleName
    facts: Facts

    @property
    def last(self) -> str:
        return self.named.name.rpartition(".")[2]

    @property
    def hints(self) -> list[tuple[str, Handed]]:
        return [(name, handed) for name, handed in self.facts.handed if name.endswith(HINTS)]


class _Index:
    """The facts that all files tell, by the word that a file must spell, or the name it must have, to learn of them."""

    def __init__(self, told: Iterable[_Told] = ()) -> None:
        self._by_last: dict[bytes, list[_Told]] = defaultdict(list)
        self._packages: list[_Told] = []
        self._conftests: list[_Told] = []
        self._annotated: list[_Told] = []
        self._sent: dict[str, list[tuple[str, str, Handed]]] = defaultdict(list)
        self._mixed: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        # What may come of any module, in order, by the word that a file spells who asks for it.
        self._by_word: dict[bytes, list[tuple[int, _Told, str, Handed]]] = defaultdict(list)
        self._defined = Counter[str]()
        for one in told:
            self._by_last[one.last.encode()].append(one)
            self._packages += [one] if one.named.is_package else []
            self._conftests += [one] if one.last == "conftest" else []
            self._defined.update(one.facts.defined)
            self._annotated += [one] if one.hints else []
            for key, sent in one.facts.sent:
                for module in prefixes(key.partition(":")[0]):
                    self._sent[module].append((one.file.name, key, sent))
            for key, base in one.facts.mixins:
                for module in prefixes(key):
                    self._mixed[module].append((one.file.name, key, base))
        self._all_defined = frozenset(self._defined)
        self._anyones = _Anyones(key for _, key, _ in self._sent.get("*", ()))
        every = ((one, *fact) for level in self._by_last.values() for one in level for fact in one.facts.handed)
        for number, (one, name, handed) in enumerate(every):
            if handed.weight():
                self._by_word[b"*" if ".*:" in name else _word(name)].append((number, one, name, handed))

    def handed(self, source: bytes, file: FoundFile) -> dict[str, Handed]:
        """Return what others tell of their names, of which a file spells one and the module."""
        handed: dict[str, Handed] = {}
        words, has_star = frozenset(words_in(source)), _STAR.search(source) is not None
        has_doubles = _DOUBLES.search(source) is not None
        is_open = _LOADS.search(source) is not None
        takes_all = has_star or (is_open and _LISTS.search(source) is not None)
        if is_open:
            near = self._spelled(self._by_word if takes_all else {b"*", *words})
        else:
            levels = [one for word in words & self._by_last.keys() for one in self._by_last[word]]
            levels += self._packages if b"from ." in source else ()
            near = [(told, [*told.facts.handed]) for told in levels]
        for told, facts in near:
            if told.file.name != file.name:
                own = {
                    name: handed_on
                    for name, handed_on in facts
                    if takes_all or is_open or _word(name) in words or ".*:" in name
                    if has_doubles or not name.endswith(HINTS)
                }
                handed |= {f"{told.named.name}.{name}": handed for name, handed in own.items()}
                if told.file.path.parent == file.path.parent:
                    # Of two scripts, one imports the other by its bare name.
                    handed |= {f"{told.last}.{name}": handed for name, handed in own.items()}
        if self._conftests and _TESTS.search(source):
            # Of several, the nearest one decides.
            above = [told for told in self._conftests if told.file.path.parent in file.path.parents]
            for told in sorted(above, key=lambda told: len(told.file.path.parts)):
                own = {name: each for name, each in told.facts.handed if _word(name) in words}
                handed |= {f"conftest.{name}": each for name, each in own.items()}
        if _TYPES.search(source):
            # What is asked for them may come from a file that is not named here.
            for told in (told for told in self._annotated if told.file.name != file.name):
                is_near = told.file.path.parent == file.path.parent
                homes = {told.named.name, told.last if is_near else told.named.name}
                handed |= {f"{home}.{name}": handed_on for home in homes for name, handed_on in told.hints}
        return handed

    def _spelled(self, words: Collection[bytes]) -> list[tuple[_Told, list[tuple[str, Handed]]]]:
        """Return what any file tells of names with one of these words."""
        found = sorted((fact for word in self._by_word.keys() & words for fact in self._by_word[word]), key=_number)
        files = groupby(found, key=lambda fact: fact[1].file.name)
        parts = (list(facts) for _, facts in files)
        return [(facts[0][1], [(name, handed) for _, _, name, handed in facts]) for facts in parts]

    def sent(self, module: str, file: FoundFile, source: bytes) -> dict[str, Handed]:
        """Return what others give to the functions of a module, also to methods of objects that they do not know."""
        found: dict[str, Handed] = {}
        # Also what goes to a module of its package of which the name is not written.
        others = f"{module.rpartition('.')[0]}.*"
        for by, key, sent in self._sent.get(others, ()):
            if by != file.name:
                found[key[len(others) + 1 :]] = sent
        every = self._sent.get("*", ())
        anyones = [(every[at][0], name, every[at][2]) for at, name in self._anyones.arriving(source)]
        for by, key, sent in (*self._sent.get(module, ()), *anyones):
            if by != file.name:
                name = key if key.startswith("*") else key[len(module) + 1 :]
                found[name] = sent.joined(found[name]) if name in found else sent
        return found

    def mixed(self, module: str, file: FoundFile) -> dict[str, str]:
        """Return the declared classes beside which others have a class of a module for a base."""
        # Also a module of its package of which the name is not written.
        homes = f"{module.rpartition('.')[0]}.*", module
        mixed = [(home, *mixin) for home in homes for mixin in self._mixed.get(home, ())]
        return {key[len(home) + 1 :]: base for home, by, key, base in mixed if by != file.name}

    def overridden(self, own: Facts) -> frozenset[str]:
        """Return the members that classes of other files define themselves."""
        return self._all_defined - {name for name in own.defined if self._defined[name] == 1}


class Handing:
    """Answers for one run over a tree; most runs change no interface, and ask nothing."""

    def __init__(
        self,
        files: Sequence[FoundFile],
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
        self._files = files
        self._kinds = kinds
        self._namer = namer
        self._options = options
        self._told: dict[str, _Told] = {}
        self._heard: dict[str, Heard] = {}
        self._index = _Index()
        self.is_needed = bool(self._calling or self._recording)

    def prepare(self, *, processes: int) -> frozenset[str]:
        """Follow what is handed on, from file to file; return the names of the files that are reached by it."""
        if not self.is_needed:
            return frozenset()
        is_part = any(file.is_named for file in self._files)
        known = of_projects(self._files) if is_part else self._files
        every = [file for file in known if not file.is_data]
        spelling = {file.name for file in of_kind(known, self._kinds, SPELLS)}
        pending = [*self._first(every, spelling, processes)]
        reached: dict[str, FoundFile] = {}
        for _ in range(_ROUNDS):
            changed = [told for file in pending if (told := self._learn(file)) is not None]
            if not changed:
                break
            # What is told in one round is heard in the next one, whatever the order of the files.
            self._index = _Index(self._told.values())
            words = _Words.of(changed)
            pending = [every[number] for number in sift(every, words.may_read, processes=processes)]
            reached |= {file.name: file for file in pending}
        return frozenset(reached)

    def of(self, source: bytes, file: FoundFile, named: ModuleName) -> Neighbours:
        """Return what other files tell this one."""
        if not self._told:
            return ALONE
        told = self._told.get(file.name)
        index = self._index
        return Neighbours(
            handed=tuple(sorted(index.handed(source, file).items())),
            sent=tuple(sorted(index.sent(named.name, file, source).items())),
            mixed=tuple(sorted(index.mixed(named.name, file).items())),
            overridden=index.overridden(told.facts if told else Facts()),
        )

    def _first(self, every: Sequence[FoundFile], spelling: Set[str], processes: int) -> Iterator[FoundFile]:
        """Yield the files that may tell something by themselves, and those from which another takes the library.

        Outside of the library, both spell its name, hence are among those `spelling` a word of the run.
        """
        libraries = frozenset[bytes]().union(*map(libraries_of, self._calling))
        tops = sorted(libraries)
        anyone = b"|".join(map(re.escape, tops))
        # As in `from app.service import acme`, and in `service.acme.press`.
        taken = re.compile(rb"\b(\w+)\s+import\b[^\n#;]*\b(?:" + anyone + rb")\b|\b(\w+)\.(?:" + anyone + rb")\.")

        here = os.getcwd()  # noqa: PTH109 - see find.py
        paths = {file.name: f"{here}{os.sep}{file.name}" for file in every}
        # What leads to records may have its new name, which the run does not look for.
        near = [
            file for file in every if self._recording or file.name in spelling or lies_in(libraries, paths[file.name])
        ]

        def kind_of(source: bytes, file: FoundFile) -> int:
            tells = may_hand_on(source, self._calling, path=paths[file.name]) or can_be_modern(source, self._recording)
            takes = any(top in source for top in tops) and taken.search(source) is not None
            return tells + 2 * takes

        kinds = sort(near, kind_of, processes=processes)
        modules: set[bytes] = set()
        for file in (file for file, kind in zip(near, kinds, strict=True) if kind & 2):
            for found in taken.finditer(read_quietly(file.path)):
                modules |= {part for part in found.groups() if part and part not in tops}
        telling = {file.name for file, kind in zip(near, kinds, strict=True) if kind & 1}
        for file in every:
            if file.name in telling or (modules and _stem(file) in modules):
                yield file

    def _learn(self, file: FoundFile) -> _Told | None:
        """Ask a file for its facts; return them if they are new."""
        # Imported here: few runs follow what is handed on.
        from compatkit.rewrite.call_rules import interface_facts
        from compatkit.rewrite.record_rules import record_facts

        source, named = read_quietly(file.path), self._namer.name(file.path, file.root)
        around = self.of(source, file, named)
        heard = self._heard.get(file.name)
        if heard is not None and heard.is_answered_alike(around):
            return None
        try:
            read = File.of(source, FileModule(named.name, named.is_package), around)
        except RewriteError:
            return None
        facts, asked = Facts(), set[str]()
        if named.name and self._calling:
            facts = interface_facts(read, self._calling, self._options, asked)
        if named.name and self._recording:
            facts = facts.and_those_of(record_facts(read, self._recording, asked))
        self._heard[file.name] = Heard(around, frozenset(asked))
        before = self._told.get(file.name)
        if before and before.facts == facts:
            return None
        told = self._told[file.name] = _Told(file, named, facts)
        return told if before or facts != Facts() else None


@dataclass(frozen=True, slots=True)
class Heard:
    """The answers that a file was told when it was followed, and the names by which it asked for some of them."""

    around: Neighbours
    asked: frozenset[str]

    def is_answered_alike(self, now: Neighbours) -> bool:
        """Tell whether a file would be told the same as before, as far as it asks."""
        before = self.around
        if before.mixed != now.mixed:
            return False
        asked = set(self.asked)
        return all(
            Answers(told, asked=set()).are_like(Answers(then, asked=asked))
            for then, told in ((before.handed, now.handed), (before.sent, now.sent))
        )


@dataclass(frozen=True, slots=True)
class _Words:
    """The words that a file must spell to learn something: the last part of a module, and one of the names in it.

    A file that loads any module learns the `leading` ones: that a class has a method of its own changes nothing there.
    """

    names: Mapping[bytes, frozenset[bytes]]
    leading: frozenset[bytes]
    homes: frozenset[bytes]
    anyones: _Anyones
    annotated: frozenset[bytes]
    fixtures: frozenset[bytes]

    @classmethod
    def of(cls, changed: Iterable[_Told]) -> _Words:
        names: dict[bytes, frozenset[bytes]] = {}
        leading: set[bytes] = set()
        homes: set[bytes] = set()
        anyones: set[str] = set()
        annotated: set[bytes] = set()
        fixtures: set[bytes] = set()
        for told in changed:
            fixtures |= {_word(name) for name, _ in told.facts.handed} if told.last == "conftest" else set()
            leading |= {_word(name) for name, handed in told.facts.handed if handed.weight()}
            own = frozenset(b"*" if ".*:" in name else _word(name) for name, _ in told.facts.handed)
            annotated |= {name.removesuffix(HINTS).encode() for name, _ in told.hints}
            names[told.last.encode()] = names.get(told.last.encode(), frozenset()) | own
            targets = [key.partition(":")[0] for key, _ in told.facts.sent] + [name for name, _ in told.facts.mixins]
            homes |= {part.encode() for target in targets for part in target.split(".")}
            anyones |= {key for key, _ in told.facts.sent if key.startswith("*")}
        return cls(
            names, frozenset(leading), frozenset(homes), _Anyones(anyones), frozenset(annotated), frozenset(fixtures)
        )

    def may_read(self, source: bytes, file: FoundFile) -> bool:
        folder = _folder(file)
        is_open = bool(self.leading) and _LOADS.search(source) is not None
        is_beside = folder in self.names and b"from ." in source
        # Few modules are searched for in less time than a text takes to fall into words.
        may_name = len(self.names) > FEW or any(last in source for last in self.names)
        is_tested = bool(self.fixtures) and _TESTS.search(source) is not None
        needs_words = may_name or is_open or is_beside or is_tested or self.annotated
        words = frozenset(words_in(source)) if needs_words else frozenset[bytes]()
        if self.annotated and (
            _TYPES.search(source) or (not self.annotated.isdisjoint(words) and _DOUBLES.search(source))
        ):
            return True
        if is_tested and not self.fixtures.isdisjoint(words):
            return True
        if is_open and (_LISTS.search(source) or not self.leading.isdisjoint(words)):
            return True
        near = (words & self.names.keys()) | ({folder} if is_beside else frozenset())
        has_star = bool(near) and _STAR.search(source) is not None
        if any(
            self.names[last] & words or ((has_star or b"*" in self.names[last]) and self.names[last]) for last in near
        ):
            return True
        if self.anyones.arriving(source):
            return True
        if b"*" in self.homes and folder in self.homes:
            return True
        return _stem(file) in self.homes


def _stem(file: FoundFile) -> bytes:
    """Return the last part of what a file is called as a module; no path, because this is asked of every file."""
    stem = os.path.splitext(os.path.basename(file.name))[0]  # noqa: PTH119, PTH122
    return _folder(file) if stem == "__init__" else stem.encode()


def _folder(file: FoundFile) -> bytes:
    return os.path.basename(os.path.dirname(os.path.abspath(file.name))).encode()  # noqa: PTH100, PTH119, PTH120


def _word(name: str) -> bytes:
    """Return what a file spells that asks for a name, for what lies below it, `TABLE[]`, or for its annotations."""
    return name.removesuffix(HINTS).removesuffix("[]").encode()


class _Anyones:
    """Keys of what goes to the methods and attributes of any object, by what a file spells that has one of them."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._by_start: dict[bytes, list[tuple[int, str]]] = defaultdict(list)
        self._others: list[tuple[int, str]] = []
        for at, key in enumerate(keys):
            name, _, place = key.removeprefix("*.").partition(":")
            start = (b"." if place == "=" else b"def ") + name.removesuffix(")").encode()
            if _START.fullmatch(start):
                self._by_start[start].append((at, key))
            else:
                self._others.append((at, key))
        self._sizes = sorted({len(start) for start in self._by_start})

    def arriving(self, source: bytes) -> list[tuple[int, str]]:
        """Return the numbers of the keys that a file has to do with, each with what it is called there."""
        found = [(at, name) for at, key in self._others for name in _arriving(key, source)]
        if self._sizes:
            starts = {*_METHOD.findall(source), *_ATTRIBUTE.findall(source)}
            spelled = {start[:size] for start in starts for size in self._sizes if size <= len(start)}
            found += [key for start in self._by_start.keys() & spelled for key in self._by_start[start]]
        return sorted(found, key=_number)


def _number(numbered: tuple[int, *tuple[object, ...]]) -> int:
    return numbered[0]


def _arriving(key: str, source: bytes) -> list[str]:
    """Return the key, if a file has a method, or asks for an attribute, of this name; of `*.on_*`, each that fits."""
    name, _, place = key.removeprefix("*.").partition(":")
    start = b"." if place == "=" else b"def "
    if "*" not in name:
        return [key] if start + name.removesuffix(")").encode() in source else []
    if start + name.partition("*")[0].encode() not in source:
        return []
    # A text that is looked up may hold anything.
    pattern = rb"\w*".join(map(re.escape, name.encode().split(b"*")))
    methods = re.findall(rb"def (" + pattern + rb")\(", source)
    return [f"*.{method.decode()}:{place}" for method in sorted(set(methods))]


def with_facts(neighbours: Neighbours, told: Neighbours) -> Neighbours:
    """Return both together."""
    if told is ALONE:
        return neighbours
    return replace(neighbours, handed=told.handed, sent=told.sent, mixed=told.mixed, overridden=told.overridden)
