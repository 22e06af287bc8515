"""Find the changed calls and members that the code in a document may use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from compatkit.migration import CallChange, MemberChange, Migration, Removal
from compatkit.options import Options
from compatkit.rewrite.outcome import REVIEW
from compatkit.rewrite.prefilter.interfaces import can_call, changes_interface

_Row = TypeVar("_Row", CallChange, MemberChange)
_IMPORT = re.compile(r"\b(?:from\s+([\w.]+)\s+)?import\s+(\w[^\n;#]*)")
_FROM = re.compile(r"\bfrom\s+(?P<root>\w*)[\w.]*\s+import\b")
_ALIAS = re.compile(r"([\w.]+)(?:\s+as\s+(\w+))?")


# By identity: to build the rows of a large migration anew for every document costs more than to read it.
_known: dict[int, tuple[Migration, Migration]] = {}


def find_calling(source: bytes, migrations: Iterable[Migration], options: Options) -> tuple[Migration, ...]:
    """Return the migrations whose changed interface a document may use.

    What a value is, is followed from the top of a document to its end, and nobody has to run the cells of a notebook
    in that order. So without `--confidence review` what is safe in a module is only reported here.
    """
    found = tuple(m for m in migrations if changes_interface(m) and can_call(source, [m]))
    return found if options.confidence == "review" else tuple(map(_for_review, found))


def changes_named_in(
    code: str, document: str, migrations: Iterable[Migration]
) -> Iterator[tuple[str, CallChange | Removal]]:
    """Yield the changed calls, and what is gone, that code which is not understood may use, each with its name."""
    words: dict[str, frozenset[str]] = {}
    for migration in migrations:
        rows: Iterable[CallChange | Removal] = (*migration.calls, *migration.removed)
        for row in rows:
            names = row.of if isinstance(row, CallChange) else row.names
            if isinstance(row, CallChange) and not _may_give(code, row):
                continue
            spelled = (name for name in names if name.rpartition(".")[2] in _words_for(name, code, words))
            yield from ((name, row) for name in spelled if may_use(code, document, name))


def _may_give(code: str, row: CallChange) -> bool:
    """Tell whether code may call with an argument that a row is about: by name, by position, or by what it spreads."""
    if row.to or row.v2 is not None or not row.asked or "**" in code:
        return True
    places = [place for place, name in enumerate(row.v1) if name in row.asked]
    return any(re.search(rf"\b{re.escape(name)}\b", code) for name in row.asked) or (
        bool(places) and any(_gives_more(code, name.rpartition(".")[2], min(places)) for name in row.of)
    )


def _gives_more(code: str, word: str, count: int) -> bool:
    """Tell whether a call of this word may give more arguments by position than so many."""
    for call in re.finditer(rf"\b{re.escape(word)}\s*\(", code):
        depth, commas, at = 1, 0, call.end()
        while depth and at < len(code):
            depth += (code[at] in "([{") - (code[at] in ")]}")
            commas += depth == 1 and code[at] == ","
            at += 1
        given = code[call.end() : at - 1]
        if depth or "*" in given or "#" in given or commas + bool(given.strip()) > count:
            return True
    return False


def _words_for(name: str, code: str, kept: dict[str, frozenset[str]]) -> frozenset[str]:
    """Return the words of code by which it may mean a dotted name: not those of the modules of another package."""
    root = name.partition(".")[0]
    if root not in kept:
        own = _FROM.sub(lambda found: found[0] if found["root"] in ("", root) else "", code)
        kept[root] = frozenset(re.findall(r"\w+", own))
    return kept[root]


def may_use(code: str, document: str, name: str, *, is_module: bool = False) -> bool:
    """Tell whether code may mean a dotted name by the last part of it, a word like others: `map`, `config`.

    Then the document names the library, and the code takes it of something, or of its package; or it is imported.
    """
    home, _, word = name.rpartition(".")
    if not _has_word(document, name.partition(".")[0]):
        return False
    if not home:
        return _has_word(code, name)
    last = re.escape(home.rpartition(".")[2])
    owners = re.findall(rf"(?<![\w.])((?:\w+\s*\.\s*)*{last}\s*\.\s*){re.escape(word)}\b", code)
    behind = any(not _is_other(re.findall(r"\w+", owner), home, document) for owner in owners)
    imported = rf"\bimport\b[^\n]*\b{re.escape(word)}\b|\bimport\s*\([^)]*\b{re.escape(word)}\b"
    is_asked = behind or (not is_module and is_asked_of_library(code, document, name))
    return is_asked or re.search(imported, document) is not None


def is_asked_of_library(code: str, document: str, name: str) -> bool:
    """Tell whether code asks for a dotted name behind a dot: the function of a module, of what may be that module.

    That is what the document imports by another name, or else what abbreviates the module, as `np` does numpy.
    """
    home, _, word = name.rpartition(".")
    if name.partition(".")[0] not in document or word not in code:
        return False
    if home.rpartition(".")[2][:1].isupper() or not word.islower():
        # What has the method is mostly called as its class is, or as the module that has that.
        near = [part.lower() for part in home.split(".")[-2:]] if word.islower() else [""]
        is_near = any(part in document.lower() for part in near)
        return (
            is_near and re.search(rf"\.\s*{re.escape(word)}\b" + (r"\s*\(" if word.islower() else ""), code) is not None
        )
    owners = set(re.findall(rf"(?<![\w.])((?:\w+\s*\.\s*)+){re.escape(word)}\b", code))
    return any(_may_be(re.findall(r"\w+", owner), home, document) for owner in owners)


def _is_other(owner: list[str], home: str, document: str) -> bool:
    """Tell whether a chain of names is the like-named module of another package, as the document imports it."""
    roots = {found.partition(".")[0] for found in _imported_as(owner[0], document)}
    if not roots and len(owner) > home.count("."):
        # Nothing imports it here, so that it is named in full: `flaml.tune.run`.
        roots = {owner[0]}
    return bool(roots) and home.partition(".")[0] not in roots


def _imported_as(first: str, document: str) -> Iterator[str]:
    """Yield what the imports of a document make of a name."""
    for module, brought in _IMPORT.findall(document):
        for name, local in _ALIAS.findall(brought):
            if (local or name.partition(".")[0] if not module else local or name) == first:
                yield ".".join(filter(None, (module, name if module or local else first)))


def _may_be(owner: list[str], home: str, document: str) -> bool:
    """Tell whether a chain of names may stand for a module."""
    first, *rest = owner
    for stands_for in _imported_as(first, document):
        return ".".join([stands_for, *rest]) == home
    parts = home.split(".")
    meant = parts[-len(owner) :]
    letters = iter(meant[0].lower())
    return meant[1:] == rest and all(letter in letters for letter in first.lower())


def would_break(code: str, document: str, migrations: Iterable[Migration]) -> bool:
    """Tell whether code that is not understood may use a name whose import changes with its calls."""
    named = changes_named_in(code, document, migrations)
    return any(isinstance(row, CallChange) and row.to for _, row in named)


def is_about_change(text: str, codes: Iterable[str], migrations: Iterable[Migration]) -> bool:
    """Tell whether a text shows the new spelling of these changes as well, as a guide to them does."""
    wanted = frozenset(codes)
    rows = [row for migration in migrations for row in migration.calls if row.code in wanted]
    return any(_shows_new_home(text, row) or _shows_new_names(text, row) for row in rows)


def _shows_new_home(text: str, row: CallChange) -> bool:
    module, _, name = row.to.rpartition(".")
    return bool(module) and _has_word(text, module) and re.search(rf"\b{re.escape(name)}\b", text) is not None


def _shows_new_names(text: str, row: CallChange) -> bool:
    return any(re.search(rf"\b{re.escape(renaming.v2)}\s*=(?!=)", text) for renaming in row.rename)


def _has_word(text: str, word: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", text) is not None


def _for_review(migration: Migration) -> Migration:
    known = _known.get(id(migration))
    if known is None or known[0] is not migration:
        if len(_known) >= 256:
            _known.clear()
        weaker = replace(migration, calls=_weaker(migration.calls), members=_weaker(migration.members))
        known = _known[id(migration)] = (migration, weaker)
    return known[1]


def _weaker(rows: tuple[_Row, ...]) -> tuple[_Row, ...]:
    return tuple(_reviewed(row) if row.about.confidence == "safe" else row for row in rows)


def _reviewed(row: _Row) -> _Row:
    about = replace(row.about, confidence="review", why=REVIEW, since="", remove="")
    return replace(row, about=about)
