"""Find the modules that re-export a moved name, and facades of facades, for `--through-reexports`."""

from __future__ import annotations

from collections.abc import Iterable

from compatkit.migrate.between.naming import Namer
from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.finding.reading import read_input, sift
from compatkit.migration import Move
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.prefilter.words import FEW, can_matter, facade_words
from compatkit.rewrite.rules.reexports import find_reexports, may_reexport


def gather_reexports(
    files: Iterable[FoundFile], near: Iterable[FoundFile], namer: Namer, moves: tuple[Move, ...], *, processes: int
) -> tuple[Move, ...]:
    """Return the moves that follow from facades among `files`, of which those `near` spell a word of the moves.

    The files are read, once a level of facades.
    """
    sources = [file for file in near if not file.is_data]
    known = {move.old: move for move in moves}
    latest = moves
    while latest:
        numbers = sift(sources, _Facades(namer, latest).is_one, processes=processes)
        level = [found for number in numbers for found in _of_file(sources[number], namer, latest)]
        latest = tuple(move for move in level if known.setdefault(move.old, move) is move)
        sources = [file for file in files if latest and not file.is_data]
    return tuple(known.values())[len(moves) :]


class _Facades:
    def __init__(self, namer: Namer, moves: tuple[Move, ...]) -> None:
        self._namer = namer
        self._moves = moves
        self._new = {move.new_name.encode() for move in moves}
        # Whatever imports one of the names spells it, or its home; only few words are searched for in less time.
        words = facade_words(moves)
        parts = [word for word in words if not any(other in word for other in words - {word})]
        self._words = parts if len(parts) <= FEW else []

    def is_one(self, source: bytes, file: FoundFile) -> bool:
        if self._words and not any(word in source for word in self._words):
            return False
        if not (can_matter(source, self._moves) or any(name in source for name in self._new)):
            return False
        if not may_reexport(source, is_package=file.path.stem == "__init__"):
            return False
        # Parsed here, where several processes ask, so that few are left to be parsed once more.
        return bool(_of_source(source, file, self._namer, self._moves))


def _of_file(file: FoundFile, namer: Namer, moves: tuple[Move, ...]) -> tuple[Move, ...]:
    source = read_input(file.name, is_data=False)
    # If it cannot be read, that is told when the file itself has its turn.
    return _of_source(source, file, namer, moves) if isinstance(source, bytes) else ()


def _of_source(source: bytes, file: FoundFile, namer: Namer, moves: tuple[Move, ...]) -> tuple[Move, ...]:
    named = namer.name(file.path, file.root)
    return find_reexports(source, FileModule(named.name, named.is_package), moves)
