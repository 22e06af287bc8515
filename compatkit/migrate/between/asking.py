"""Find the functions of a project's modules that ask what they are given for its own name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from compatkit.migrate.between.importers import read_quietly
from compatkit.migrate.between.naming import ModuleName, Namer
from compatkit.migrate.finding.find import FoundFile
from compatkit.migration import Move
from compatkit.migration.value import cached_by_identity
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.syntax import read_syntax
from compatkit.rewrite.outcome import RewriteError
from compatkit.rewrite.prefilter.words import FEW, may_ask, words_in
from compatkit.rewrite.rules.name_askers import Asker, find_askers

_IMPORT = re.compile(rb"(?m)^[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import\b[ \t(]*([\w, \t]*)|import[ \t]+([\w.]+))")
# A from-import on one line without `as`: what it binds is called as what it imports.
_PLAIN_IMPORT = re.compile(rb"[ \t]*from[ \t]+[\w.]+[ \t]+import[ \t]+\w+(?:[ \t]*,[ \t]*\w+)*[ \t]*\r?")


def askers_for(
    source: bytes, file: FoundFile, named: ModuleName, namer: Namer, moves: tuple[Move, ...]
) -> tuple[Asker, ...]:
    """Return those of the modules that a file imports, by their dotted names, and of what packages hand on.

    A file that spells what moves in plain imports only gives it to nobody, unless it asks others for names.
    """
    names = _names_of(moves)
    if names is not None and not may_ask(source) and not _may_give(source, names):
        return ()
    home = FileModule(named.name, named.is_package)
    return tuple(_askers(source, home, namer.finder(file.path, file.root)))


@cached_by_identity
def _names_of(moves: tuple[Move, ...]) -> frozenset[bytes] | None:
    """Return the words by which what moves is called; None where a module moves, which has names of its own."""
    return None if any(move.is_module for move in moves) else frozenset(move.old_name.encode() for move in moves)


def _may_give(source: bytes, names: frozenset[bytes]) -> bool:
    """Tell whether a file may have one of these names in an expression, or by another name."""
    if not source.isascii():
        # One name is spelled in several ways then.
        return True
    for name in names if len(names) <= FEW else names.intersection(words_in(source)):
        at = source.find(name)
        while at >= 0:
            end = source.find(b"\n", at)
            end = len(source) if end < 0 else end
            if not _PLAIN_IMPORT.fullmatch(source, source.rfind(b"\n", 0, at) + 1, end):
                return True
            at = source.find(name, end)
    return False


def _askers(source: bytes, home: FileModule, find: Callable[[str], Path | None]) -> Iterator[Asker]:
    for module in dict.fromkeys(modules_of(source, home)):
        if (path := find(module)) is None:
            continue
        inside = read_quietly(path)
        asking = _askers_in(inside) if may_ask(inside) else ()
        yield from ((f"{module}.{way}", place, attribute) for way, place, attribute in asking)
        if path.name == "__init__.py" and b"import" in inside and not home.is_package:
            # As they are called by whoever takes them from the package.
            for way, place, attribute in _askers(inside, FileModule(module, is_package=True), find):
                yield f"{module}.{'.'.join(way.removeprefix(f'{module}.').split('.')[1:])}", place, attribute


def modules_of(source: bytes, home: FileModule) -> Iterator[str]:
    """Yield the modules that a file imports, and what may be one among the names that it imports."""
    for dots, module, names, plain in _IMPORT.findall(source):
        base = (home.base(len(dots)) or "") if dots else ""
        of = ".".join(filter(None, [base, (module or plain).decode("utf-8", "replace")]))
        if of:
            yield of
            yield from (f"{of}.{name.decode()}" for name in re.findall(rb"[A-Za-z_]\w*", names))


# By content: a file may change while an editor is served.
@lru_cache(maxsize=512)
def _askers_in(source: bytes) -> tuple[Asker, ...]:
    try:
        return tuple(asker for asker in find_askers(read_syntax(source)) if not asker[0].startswith("*"))
    except (RewriteError, RecursionError):
        return ()
