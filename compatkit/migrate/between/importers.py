"""Find the names that the files of a project take from one another, which `--rename` must leave alone."""

from __future__ import annotations

import ast
import itertools
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from compatkit.migrate.between.naming import Namer
from compatkit.migrate.finding.find import FoundFile, find_files
from compatkit.migrate.finding.git import repository_of
from compatkit.migrate.finding.reading import read_input, sift
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.syntax import read_syntax
from compatkit.rewrite.outcome import RewriteError
from compatkit.rewrite.prefilter.words import imports_star, lists_names, words_in

# A module is loaded whose name is not written there.
LOADS_ANY = re.compile(rb"(?:import_module|__import__|load_module|module_from_spec)\(\s*(?!\s|['\"][\w.]*['\"]\s*[,)])")
_WORD = re.compile(r"\w+")
_ESCAPED = re.compile(rb"\\(?:x..|u....|U........|[0-7]{1,3}|N\{[^}]*\}|.)(\w+)")
# A larger document is data.
_MAX_DOCUMENT = 1024 * 1024


@dataclass(frozen=True)
class _Mention:
    """One file: the old names that it spells; None: it hands on whatever it imports."""

    file: FoundFile
    real: str
    names: frozenset[str] | None

    @cached_property
    def modules(self) -> frozenset[str]:
        """The parts of all names that it may give to a module."""
        # Read once more: few files are asked for this, and all texts together may be large.
        text = read_quietly(self.file.path)
        return _words(text) if self.file.is_data else _imported_parts(text)


class Importers:
    """Answers for some files; those `near` are read at once: these may spell a name, hand one on or list all."""

    def __init__(
        self,
        files: Sequence[FoundFile],
        near: Sequence[FoundFile],
        names: Iterable[str],
        *,
        processes: int,
        with_listing: bool = False,
    ) -> None:
        self.candidates: list[FoundFile] = []
        self._with_listing = with_listing
        self._names = {name.encode(): name for name in sorted(names)}
        self._spelling: dict[str, list[_Mention]] = {}
        self._open: list[_Mention] = []
        self._every: list[_Mention] = []
        stems = {os.path.splitext(os.path.basename(file.name))[0] for file in files}  # noqa: PTH119, PTH122
        # Beyond ASCII, one name is spelled in several ways.
        others = {stem for stem in stems if not stem.isascii()}
        for mention, text in self._read(near, processes):
            self._every.append(mention)
            for stem in others | (stems & _spelled(text)):
                self._spelling.setdefault(stem, []).append(mention)
            if mention.names and LOADS_ANY.search(text):
                self._open.append(mention)

    def taken_from(self, path: Path) -> frozenset[str] | None:
        """Return the old names that another file may take from a module of this name; None where any may be."""
        real = os.path.realpath(path)
        near = (mention for mention in self._spelling.get(path.stem, ()) if mention.real != real)
        taken = {name for mention in self._open if mention.real != real for name in mention.names or ()}
        for mention in near:
            if path.stem in mention.modules:
                if mention.names is None:
                    return None
                taken |= mention.names
        return frozenset(taken)

    @property
    def files(self) -> list[FoundFile]:
        """All code that spells one of the names, or imports a star."""
        return [mention.file for mention in self._every if not mention.file.is_data]

    def _read(self, files: Sequence[FoundFile], processes: int) -> Iterator[tuple[_Mention, bytes]]:
        for number in sift(files, self._asks, processes=processes):
            file = files[number]
            self.candidates.append(file)
            text = read_quietly(file.path)
            names = frozenset(name for spelled, name in self._names.items() if spelled in text)
            hands_on = _hands_on(text, file)
            if names or hands_on:
                yield _Mention(file, os.path.realpath(file.name), None if hands_on else names), text

    def _asks(self, text: bytes, file: FoundFile) -> bool:
        if file.is_data and len(text) > _MAX_DOCUMENT:
            return False
        is_asked = any(name in text for name in self._names) or _hands_on(text, file)
        return is_asked or (self._with_listing and lists_names(text))


def _hands_on(text: bytes, file: FoundFile) -> bool:
    return not file.is_data and imports_star(text)


def read_quietly(path: Path) -> bytes:
    """Return a file's bytes; an unreadable file is reported when it is processed itself."""
    text = read_input(str(path), is_data=False)
    # A null byte is no Python, so that nothing is concluded from it.
    return text if isinstance(text, bytes) else b"\0"


def file_as_module(found: FoundFile, namer: Namer) -> File | None:
    """Return a file as a module by its name; None where it is no Python, which is told when it has its turn itself."""
    named = namer.name(found.path, found.root)
    try:
        return File.of(read_quietly(found.path), FileModule(named.name, named.is_package))
    except RewriteError:
        return None


def of_kind(files: Iterable[FoundFile], kinds: Sequence[int], bits: int) -> list[FoundFile]:
    """Return the files of whose kinds one of the bits is part, and those behind them, of which nothing is known."""
    return [file for number, file in enumerate(files) if number >= len(kinds) or kinds[number] & bits]


def of_projects(files: Sequence[FoundFile]) -> list[FoundFile]:
    """Return the files given, and behind them all others of the work trees, or else packages, in which they lie."""
    folders = {os.path.dirname(file.name) or "." for file in files}  # noqa: PTH120
    # Only what was given by name may be a link, to a file in another project even.
    given = [file.name for file in files if (os.path.dirname(file.name) or ".") == file.below]  # noqa: PTH120
    folders |= {os.path.dirname(os.path.realpath(name)) for name in given}  # noqa: PTH120
    tops = {top for folder in folders if (top := _project_around(Path(os.path.realpath(folder))))}
    if not tops:
        return list(files)
    known = dict(_real_names(files))
    return [*files, *(file for real, file in _real_names(find_files(sorted(tops))) if real not in known)]


def _real_names(files: Iterable[FoundFile]) -> Iterator[tuple[str, FoundFile]]:
    """Yield each file with its real path; resolving each folder only once takes a tenth of the time."""
    folders: dict[str, str] = {}
    for file in files:
        folder, name = os.path.split(file.name)
        if os.path.islink(file.name):  # noqa: PTH114
            yield os.path.realpath(file.name), file
            continue
        if folder not in folders:
            folders[folder] = os.path.realpath(folder or ".")
        yield os.path.join(folders[folder], name), file  # noqa: PTH118


def _project_around(folder: Path) -> Path | None:
    return repository_of(folder) or _package_around(folder)


def _package_around(folder: Path) -> Path | None:
    """Return the outermost package in which a folder lies."""
    inside = itertools.takewhile(lambda place: (place / "__init__.py").exists(), (folder, *folder.parents))
    return next(reversed(list(inside)), None)


def _spelled(text: bytes) -> frozenset[str]:
    """Return all words of a text that may be a module's: only these need be looked for in its tree."""
    # In a string, a word may begin right behind an escape.
    return _words(text) | _words(b" ".join(_ESCAPED.findall(text)))


def _words(text: bytes) -> frozenset[str]:
    if text.isascii():
        # The same, in less time.
        return frozenset(word.decode() for word in frozenset(words_in(text)))
    return frozenset(_WORD.findall(text.decode("utf-8", "replace")))


def _imported_parts(text: bytes) -> frozenset[str]:
    """Return the parts of all names that may be a module's: imported, behind a dot, or in a string."""
    try:
        nodes = read_syntax(text).nodes
    except RewriteError:
        # Python 2 and templates may import as well.
        return _words(text)
    parts: set[str] = set()
    for node in nodes:
        match node:
            case ast.ImportFrom(module=module, names=aliases):
                parts.update(_WORD.findall(" ".join([module or "", *(alias.name for alias in aliases)])))
            case ast.Import(names=aliases):
                parts.update(_WORD.findall(" ".join(alias.name for alias in aliases)))
            case ast.Attribute(attr=name):
                parts.add(name)
            case ast.Constant(value=str(value)):
                parts.update(_WORD.findall(value))
    return frozenset(parts)
