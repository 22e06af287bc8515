"""The first pass: over raw bytes, before anything is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from compatkit.migration import Move
from compatkit.rewrite.outcome import Finding


def can_matter(source: bytes, moves: tuple[Move, ...]) -> bool:
    """Tell whether a file mentions any moved name or its old module; if not, nothing need be parsed."""
    return _mention(moves).search(source) is not None


def find_in_data(source: bytes, moves: tuple[Move, ...]) -> tuple[Finding, ...]:
    """Report each line of a file that is no Python source (a notebook, a configuration) that names an old module."""
    if not any(move.old_module.encode() in source for move in moves):
        return ()
    found: list[Finding] = []
    for number, line in enumerate(source.split(b"\n"), start=1):
        if match := _old_modules(moves).search(line):
            move = _owner(match.group().decode(), moves)
            message = f"names {match.group().decode()}; this kind of file is not rewritten: {move.new} is the new home"
            column = len(line[: match.start()].decode("utf-8", "replace")) + 1
            found.append(Finding(move.code, number, column, message, "manual"))
    return tuple(found)


@lru_cache(maxsize=16)
def _mention(moves: tuple[Move, ...]) -> re.Pattern[bytes]:
    words = {move.old_name for move in moves} | {move.old_module.rpartition(".")[2] for move in moves}
    # No \b in front: it would cost the regex its search for a first letter, and a superset is enough here.
    return re.compile(b"(?:%b)(?![A-Za-z0-9_])" % _any_of(words))


@lru_cache(maxsize=16)
def _old_modules(moves: tuple[Move, ...]) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![\w.])(?:%b)(?!\w)" % _any_of({move.old_module for move in moves}))


def _any_of(words: Iterable[str]) -> bytes:
    return b"|".join(re.escape(word).encode() for word in sorted(words, key=lambda word: (-len(word), word)))


def _owner(old_module: str, moves: tuple[Move, ...]) -> Move:
    return next(move for move in moves if move.old_module == old_module)
