"""Find the functions of a project's modules that read the `__name__` of their arguments."""

from __future__ import annotations

import re
import unicodedata
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

# What may stand between two words of an import, and a name; non-ASCII letters are not taken apart.
_GAP = rb"(?:[ \t\f]|\\\r?\n)*"
_NAME = rb"[\w\x80-\xff]+"
_DOTTED = _NAME + rb"(?:" + _GAP + rb"\." + _GAP + _NAME + rb")*"
# The names of a from-import in parentheses, with its comments, or up to the end of the logical line.
_REST = rb"(?:[^\n\r;#\\]|\\\r?\n)*"
_NAMES = rb"(\((?:[^)#]|#[^\n\r]*)*|" + _REST + rb")"
# Where a statement may begin: also behind a byte-order mark, which ends with 0xBF.
_IMPORT = re.compile(
    rb"(?<![^\n\r;:\xbf])" + _GAP + rb"(?:"
    rb"from\b" + _GAP + rb"((?:\." + _GAP + rb")*)(" + _DOTTED + rb")?" + _GAP + rb"import\b" + _GAP + _NAMES + rb"|"
    rb"import\b(" + _REST + rb"))"
)
_COMMENT = re.compile(rb"#[^\n\r]*")
_SPACES = re.compile(rb"[\s\\()]+")
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
        if plain:
            yield from filter(None, map(_imported, plain.split(b",")))
            continue
        level = dots.count(b".")
        base = (home.base(level) or "") if level else ""
        if of := ".".join(filter(None, [base, _imported(module)])):
            yield of
            parts = map(_imported, _COMMENT.sub(b"", names).split(b","))
            yield from (f"{of}.{name}" for name in parts if name.isidentifier())


def _imported(alias: bytes) -> str:
    """Return the dotted name in one alias of an import, as Python spells it."""
    text = re.split(rb"[\s\\]as[\s\\]", alias)[0]
    return unicodedata.normalize("NFKC", _SPACES.sub(b"", text).decode("utf-8", "replace"))


# By content: a file may change while an editor is served.
@lru_cache(maxsize=512)
def _askers_in(source: bytes) -> tuple[Asker, ...]:
    try:
        return tuple(asker for asker in find_askers(read_syntax(source)) if not asker[0].startswith("*"))
    except (RewriteError, RecursionError):
        return ()
