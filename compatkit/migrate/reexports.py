"""For `--through-reexports`: which modules of the tree hand a moved name on, and facades of facades."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from compatkit.migrate.find import FoundFile
from compatkit.migrate.naming import Namer
from compatkit.migration import Move
from compatkit.rewrite.imports.reexports import find_reexports
from compatkit.rewrite.place import FileModule
from compatkit.rewrite.scan import can_matter


def gather_reexports(files: Iterable[FoundFile], namer: Namer, moves: tuple[Move, ...]) -> tuple[Move, ...]:
    """Return the moves that follow from facades among `files`. The files are read, once a level of facades."""
    sources = [file for file in files if not file.is_data]
    known = {move.old: move for move in moves}
    latest = moves
    while latest:
        level = [found for file in sources for found in _of_file(file, namer, latest)]
        latest = tuple(move for move in level if known.setdefault(move.old, move) is move)
    return tuple(known.values())[len(moves) :]


def _of_file(file: FoundFile, namer: Namer, moves: tuple[Move, ...]) -> tuple[Move, ...]:
    try:
        source = Path(file.name).read_bytes()
    except OSError:
        # It is told when the file itself has its turn.
        return ()
    if not can_matter(source, moves) and not any(move.new_name.encode() in source for move in moves):
        return ()
    named = namer.name(file.path, file.root)
    return find_reexports(source, FileModule(named.name, named.is_package), moves)
