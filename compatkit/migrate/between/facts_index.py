"""Index the facts that files publish by the words that a reader of them must contain."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from compatkit.migrate.between.naming import ModuleName
from compatkit.migrate.finding.find import FoundFile
from compatkit.migration.renaming import prefixes
from compatkit.rewrite.file.neighbours import Facts, Handed
from compatkit.rewrite.flow.declared_names import GIVEN_BACK, HINTS
from compatkit.rewrite.prefilter.words import FEW, imports_star, words_in

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


class _Fact(NamedTuple):
    """A name of a file, and what is told of it, as other files call it.

    `word` is what such a file spells. `far` has the module's full name, and `near` its last part: of two scripts, one
    imports the other by its bare name.
    """

    word: bytes
    is_hint: bool
    is_for_all: bool
    far: tuple[str, Handed]
    near: tuple[str, Handed]


@dataclass(frozen=True)
class FileFacts:
    """One file that tells something: where it is, what it is called, and its facts."""

    file: FoundFile
    named: ModuleName
    facts: Facts

    @property
    def last(self) -> str:
        return self.named.name.rpartition(".")[2]

    @cached_property
    def folder(self) -> str:
        """The folder in full: a file that was given by its name is near others that were found."""
        return _full_folder(self.file)

    @property
    def hints(self) -> list[_Fact]:
        return [fact for fact in self.names if fact.is_hint]

    @cached_property
    def names(self) -> tuple[_Fact, ...]:
        """The facts about its own names, each made once: many files are told the same."""
        last, module = self.last, self.named.name
        return tuple(
            _Fact(
                _word(name),
                name.endswith(HINTS),
                GIVEN_BACK in name,
                (f"{module}.{name}", handed),
                (f"{last}.{name}", handed),
            )
            for name, handed in self.facts.handed
        )


class FactsIndex:
    """The facts that all files tell, by the word that a file must spell, or the name it must have, to learn of them."""

    def __init__(self, told: Iterable[FileFacts] = ()) -> None:
        self._by_last: dict[bytes, list[FileFacts]] = defaultdict(list)
        self._packages: list[FileFacts] = []
        self._conftests: list[FileFacts] = []
        self._annotated: list[FileFacts] = []
        self._sent: dict[str, list[tuple[str, str, Handed]]] = defaultdict(list)
        self._mixed: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        # What may come of any module, in order, by the word that a file spells who asks for it.
        self._by_word: dict[bytes, list[tuple[int, FileFacts, _Fact]]] = defaultdict(list)
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
        self._any_object = _AnyObject(key for _, key, _ in self._sent.get("*", ()))
        every = ((one, fact) for level in self._by_last.values() for one in level for fact in one.names)
        for number, (one, fact) in enumerate(every):
            if fact.far[1].weight:
                self._by_word[b"*" if fact.is_for_all else fact.word].append((number, one, fact))

    def handed(self, source: bytes, file: FoundFile) -> tuple[tuple[str, Handed], ...]:
        """Return what others tell of their names, of which a file spells one and the module, by the dotted names."""
        handed: dict[str, tuple[str, Handed]] = {}
        words, has_star = frozenset(words_in(source)), imports_star(source)
        folder = _full_folder(file)
        has_doubles = _DOUBLES.search(source) is not None
        is_open = _LOADS.search(source) is not None
        takes_all = has_star or (is_open and _LISTS.search(source) is not None)
        if is_open:
            near = self._spelled(self._by_word if takes_all else {b"*", *words})
        else:
            levels = [one for word in words & self._by_last.keys() for one in self._by_last[word]]
            levels += self._packages if b"from ." in source else ()
            near = [(told, told.names) for told in levels]
        for told, facts in near:
            if told.file.name != file.name:
                own = [
                    fact
                    for fact in facts
                    if takes_all or is_open or fact.word in words or fact.is_for_all
                    if has_doubles or not fact.is_hint
                ]
                handed |= {fact.far[0]: fact.far for fact in own}
                if told.folder == folder:
                    handed |= {fact.near[0]: fact.near for fact in own}
        if self._conftests and _TESTS.search(source):
            # Of several, the nearest one decides.
            parents = {folder, *map(str, Path(folder).parents)}
            above = [told for told in self._conftests if told.folder in parents]
            for told in sorted(above, key=lambda told: len(told.folder)):
                handed |= {fact.near[0]: fact.near for fact in told.names if fact.word in words}
        if _TYPES.search(source):
            # What is asked for them may come from a file that is not named here.
            for told in (told for told in self._annotated if told.file.name != file.name):
                known = ((fact.far, fact.near) if told.folder == folder else (fact.far,) for fact in told.hints)
                handed |= {pair[0]: pair for pairs in known for pair in pairs}
        return tuple(sorted(handed.values(), key=_dotted))

    def _spelled(self, words: Collection[bytes]) -> list[tuple[FileFacts, Sequence[_Fact]]]:
        """Return what any file tells of names with one of these words."""
        found = sorted((fact for word in self._by_word.keys() & words for fact in self._by_word[word]), key=_number)
        files = groupby(found, key=lambda fact: fact[1].file.name)
        parts = (list(facts) for _, facts in files)
        return [(facts[0][1], [fact for _, _, fact in facts]) for facts in parts]

    def sent(self, module: str, file: FoundFile, source: bytes) -> dict[str, Handed]:
        """Return what others give to the functions of a module, also to methods of objects that they do not know."""
        found: dict[str, Handed] = {}
        # Also what goes to a module of its package of which the name is not written.
        others = f"{module.rpartition('.')[0]}.*"
        for by, key, sent in self._sent.get(others, ()):
            if by != file.name:
                found[key[len(others) + 1 :]] = sent
        every = self._sent.get("*", ())
        any_object = [(every[at][0], name, every[at][2]) for at, name in self._any_object.arriving(source)]
        for by, key, sent in (*self._sent.get(module, ()), *any_object):
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
        alone = {name for name in own.defined if self._defined[name] == 1}
        # Where none is missing, all files share one set.
        return self._all_defined - alone if alone else self._all_defined


@dataclass(frozen=True, slots=True)
class ReaderWords:
    """The words that a file must spell to learn something: the last part of a module, and one of the names in it.

    A file that loads any module learns the `leading` ones: that a class has a method of its own changes nothing there.
    """

    names: Mapping[bytes, frozenset[bytes]]
    leading: frozenset[bytes]
    homes: frozenset[bytes]
    any_object: _AnyObject
    annotated: frozenset[bytes]
    fixtures: frozenset[bytes]

    @classmethod
    def of(cls, changed: Iterable[FileFacts]) -> ReaderWords:
        names: dict[bytes, frozenset[bytes]] = {}
        leading: set[bytes] = set()
        homes: set[bytes] = set()
        any_object: set[str] = set()
        annotated: set[bytes] = set()
        fixtures: set[bytes] = set()
        for told in changed:
            fixtures |= {fact.word for fact in told.names} if told.last == "conftest" else set()
            leading |= {fact.word for fact in told.names if fact.far[1].weight}
            own = frozenset(b"*" if fact.is_for_all else fact.word for fact in told.names)
            annotated |= {fact.word for fact in told.hints}
            names[told.last.encode()] = names.get(told.last.encode(), frozenset()) | own
            targets = [key.partition(":")[0] for key, _ in told.facts.sent] + [name for name, _ in told.facts.mixins]
            homes |= {part.encode() for target in targets for part in target.split(".")}
            any_object |= {key for key, _ in told.facts.sent if key.startswith("*")}
        return cls(
            names,
            frozenset(leading),
            frozenset(homes),
            _AnyObject(any_object),
            frozenset(annotated),
            frozenset(fixtures),
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
        has_star = bool(near) and imports_star(source)
        if any(
            self.names[last] & words or ((has_star or b"*" in self.names[last]) and self.names[last]) for last in near
        ):
            return True
        if self.any_object.arriving(source):
            return True
        if b"*" in self.homes and folder in self.homes:
            return True
        return module_stem(file) in self.homes


class _AnyObject:
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


def _dotted(fact: tuple[str, Handed]) -> str:
    return fact[0]


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


def module_stem(file: FoundFile) -> bytes:
    """Return the last part of what a file is called as a module; no path, because this is asked of every file."""
    stem = file.name.rpartition(os.sep)[2].rpartition(".")[0]
    return _folder(file) if stem == "__init__" else os.fsencode(stem)


def _full_folder(file: FoundFile) -> str:
    return os.path.dirname(os.path.abspath(file.name))  # noqa: PTH100, PTH120


def _folder(file: FoundFile) -> bytes:
    name = file.name.rpartition(os.sep)[0].rpartition(os.sep)[2]
    # Of the working folder, and of one above it, the name is not in the path.
    return os.fsencode(name if name.strip(".") else os.path.basename(_full_folder(file)))  # noqa: PTH119


def _word(name: str) -> bytes:
    """Return what a file spells that asks for a name, for what lies below it, `TABLE[]`, or for its annotations."""
    return name.removesuffix(HINTS).removesuffix("[]").encode()
