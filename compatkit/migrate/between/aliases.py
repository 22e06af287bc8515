"""Find names in a project's own modules that stand for moved code, for files that read their `__name__`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from compatkit.migrate.between.asking import modules_of
from compatkit.migrate.between.importers import read_quietly
from compatkit.migrate.between.naming import ModuleName, Namer
from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.finding.reading import sift
from compatkit.migration import Move
from compatkit.migration.renaming import prefixes, renaming_of
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.outcome import RewriteError
from compatkit.rewrite.prefilter.words import can_matter, may_ask, may_name, renamed_words, words_in_imports
from compatkit.rewrite.rules.own_names import values_in

# Facades of facades: what lies deeper is left open.
_DEEPEST = 3
_FROM_DOTS = re.compile(rb"from[\s\\]*\.[\s\\.]*import")
_STAR = re.compile(r"\.\*\Z")


class Aliases:
    """Answers for one run over a tree; `moves` are those of symbols."""

    def __init__(self, files: Sequence[FoundFile], namer: Namer, moves: tuple[Move, ...]) -> None:
        self._files = files
        self._namer = namer
        self._moves = moves
        self._where = renaming_of(moves)
        self._known: dict[str, tuple[tuple[str, str], ...]] = {}

    def askers(self, wanted: Sequence[int], may_concern: Sequence[int], *, processes: int) -> list[int]:
        """Return which of these files may ask a name of a module of those wanted for its own, or give it away.

        Only if something has another name, not only another home.
        """
        renamed = renamed_words(self._moves)
        if not renamed:
            return []
        homes = [self._files[number] for number in wanted if not self._files[number].is_data]
        named = [self._namer.name(file.path, file.root) for file in homes]
        spelled = {part.encode() for module in named for part in module.name.split(".")}
        packages = {module.name for module in named if module.is_package}
        files = [self._files[number] for number in may_concern]

        def asks(source: bytes, file: FoundFile) -> bool:
            if file.is_data or not may_name(source, renamed, is_quick=True):
                return False
            is_near = not spelled.isdisjoint(words_in_imports(source)) or self._is_inside(source, file, packages)
            return is_near and may_name(source, renamed)

        return [may_concern[number] for number in sift(files, asks, processes=processes)] if spelled else []

    def _is_inside(self, source: bytes, file: FoundFile, packages: set[str]) -> bool:
        """Tell whether a file may take something from a package that it lies in, without a word of its name."""
        if not packages or not _FROM_DOTS.search(source):
            return False
        return not packages.isdisjoint(prefixes(self._namer.name(file.path, file.root).name))

    def of(self, source: bytes, file: FoundFile, named: ModuleName, *, gives: bool) -> tuple[tuple[str, str], ...]:
        """Return the dotted names of the project behind which something moves, each with its old name.

        Only for a file that may ask one for its name, or `gives` such to what does.
        """
        if not self._moves or not (gives or may_ask(source)):
            return ()
        return tuple(sorted(set(self._behind(source, FileModule(named.name, named.is_package), file, 0))))

    def _behind(self, source: bytes, home: FileModule, file: FoundFile, depth: int) -> Iterator[tuple[str, str]]:
        for module in dict.fromkeys(modules_of(source, home)):
            if module not in self._known:
                self._known[module] = ()
                self._known[module] = tuple(self._in_module(module, file, depth))
            yield from self._known[module]

    def _in_module(self, module: str, file: FoundFile, depth: int) -> Iterator[tuple[str, str]]:
        path = self._namer.find(module, file.path, file.root) if depth < _DEEPEST else None
        if path is None:
            return
        source, home = read_quietly(path), FileModule(module, path.name == "__init__.py")
        behind = dict(self._behind(source, home, file, depth + 1))
        if not behind and not can_matter(source, self._moves):
            return
        for name, meaning in _values_in(source, home):
            if old := meaning if self._where.of(meaning) else behind.get(meaning, ""):
                yield f"{module}.{name}", old
                continue
            # A star, or a module that it hands on.
            start, shown = (_STAR.sub(".", meaning), "") if name == "*" else (f"{meaning}.", f"{name}.")
            inner = ((dotted[len(start) :], old) for dotted, old in behind.items() if dotted.startswith(start))
            yield from ((f"{module}.{shown}{rest}", old) for rest, old in inner)


# By content: a file may change while an editor is served.
@lru_cache(maxsize=512)
def _values_in(source: bytes, home: FileModule) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(values_in(File.of(source, home)))
    except (RewriteError, RecursionError):
        return ()
