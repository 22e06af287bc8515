"""Point out rows that are valid, but hardly meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.machinery import PathFinder
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any, Literal

from compatkit.authoring.examples import Example, Examples, acts_in, codes_met
from compatkit.authoring.skeleton import ID
from compatkit.errors import nearest
from compatkit.migration import (
    Argument,
    CallChange,
    HookChange,
    MemberChange,
    Migration,
    Move,
    bundled_migrations,
    codes_of,
    load_migration,
)
from compatkit.migration.inventory import read_inventory
from compatkit.migration.lines import Path as EntryPath
from compatkit.migration.renaming import Renaming

_CLASS = re.compile(r"_*[A-Z]\w*[a-z]\w*")
_OF_LIBRARY = (Argument, CallChange, HookChange, MemberChange)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Something that looks wrong, and the path of its entry; empty where it is about a file of the examples."""

    path: EntryPath
    what: str
    hint: str
    severity: Literal["error", "warning"] = "warning"


def suspicions_of(migration: Migration, document: Mapping[str, object], examples: Examples) -> Iterator[Suspicion]:
    """Yield what looks wrong in a migration that is valid."""
    yield from _odd_head(migration)
    yield from _moves_into_classes(migration)
    yield from _foreign_owners(migration)
    yield from _idle_moves(migration)
    yield from _unseen_positions(migration, document)
    yield from _moved_and_unhandled(migration)
    yield from _borrowed_codes(migration, document)
    yield from _untrue_inventory(migration)
    for name in examples.strays:
        what = f"The example {name} is never tried."
        yield Suspicion((), what, "call it NAME.before.txt with NAME.after.txt, or NAME.unchanged.txt")
    yield from _idle_examples(migration, examples.found)
    yield from _without_examples(migration, examples.found)


def _odd_head(migration: Migration) -> Iterator[Suspicion]:
    if not ID.fullmatch(migration.id):
        what = f"The id {migration.id!r} is awkward to name in a command."
        yield Suspicion(("id",), what, "take small letters, digits and single hyphens, such as acme-v2")
    if migration.versions.v1 == migration.versions.v2:
        what = f"v1 and v2 are the same release, {migration.versions.v1}."
        yield Suspicion(("versions",), what, "give the old release and the new one")


def _moves_into_classes(migration: Migration) -> Iterator[Suspicion]:
    """Yield the moves whose new home is called as classes are, and is not seen to be a module."""
    symbols = [(path, row) for path, row in migration.rows() if isinstance(row, Move) and row.kind == "symbol"]
    # What holds a class is a module: no class of users' interest lies in another one.
    modules = {move.new_module for _, move in symbols if move.new_name[:1].isupper()}
    for path, move in symbols:
        owner = move.new_module.rpartition(".")[2]
        if _CLASS.fullmatch(owner) and move.new_module not in modules and not _is_module(move.new_module, migration):
            what = f"{move.new}, says {move.code}, lies in what looks like a class: no import can bring it."
            hint = "tell it with [[removed]]; or, if it is a module, list it in an inventory or install v2"
            yield Suspicion((*path, "new"), what, hint, "error")


def _is_module(dotted: str, migration: Migration) -> bool:
    """Tell whether the inventory lists a module, or it is installed; nothing is imported."""
    if any(dotted in read_inventory(move.inventory).names for move in migration.moves if move.inventory):
        return True
    folders = None
    for name in dotted.split("."):
        spec = PathFinder.find_spec(name, folders)
        if spec is None:
            return False
        folders = list(spec.submodule_search_locations or ())
    return True


def _foreign_owners(migration: Migration) -> Iterator[Suspicion]:
    """Yield the names in `of` whose package no move names, where there are moves."""
    moved = {name for move in migration.moves for name in (move.old, move.new)}
    packages = {name.partition(".")[0] for name in moved}
    for path, row in migration.rows() if moved else ():
        of = getattr(row, "of", ()) if isinstance(row, _OF_LIBRARY) else ()
        for name in [of] if isinstance(of, str) else of:
            if name.partition(".")[0] not in packages:
                hint = nearest(name, moved) or f"write the library's own name: {', '.join(sorted(packages))}"
                what = f"{name}, of {row.code}, lies in a package that no move of this migration names."
                yield Suspicion((*path, "of"), what, hint)


def _idle_moves(migration: Migration) -> Iterator[Suspicion]:
    """Yield the moves that say nothing that the move of a module around them does not say."""
    modules = Renaming(migration.moves).modules
    for number, move in enumerate(migration.moves):
        for around in modules:
            if around is not move and (same := around.of(move.old)) and same.new == move.new:
                what = f"{move.code} says what {around.code} says already: {around.old} moves as a whole."
                yield Suspicion(("moves", number), what, "take it out")


def _unseen_positions(migration: Migration, document: Mapping[str, Any]) -> Iterator[Suspicion]:
    """Yield the callables of whose arguments rows speak, and do not say what v1 took by position."""
    found: dict[str, list[tuple[EntryPath, str, str]]] = {}
    for path, row in migration.rows():
        if isinstance(row, CallChange) and not row.v1:
            about = (row.mapped, row.pin, row.when, row.matches, row.made_of, row.unless_when, row.unless_matches)
            names = [*(row.name for rows in about for row in rows), *row.drop, *row.asks, *row.unless, *row.lacks]
            table, number = path
            if names and "v1" not in document[table][number]:
                found.setdefault(row.of[0], []).append(((table, number), row.code, names[0]))
    for of, rows in found.items():
        place, code, name = rows[0]
        more = f" and {len(rows) - 1} more rows" if len(rows) > 1 else ""
        what = f"Of a call of {of} that gives {name} by position, {code}{more} cannot tell."
        yield Suspicion(place, what, "give the positional parameters of v1 as `v1`, or `v1 = []` if there are none")


def _moved_and_unhandled(migration: Migration) -> Iterator[Suspicion]:
    for number, unhandled in enumerate(migration.unhandled):
        if declared := next((move.old for move in migration.moves if fnmatchcase(move.old, unhandled.name)), ""):
            what = f"{declared} is moved, and listed as unhandled."
            yield Suspicion(("unhandled", number), what, "keep one of the two")


def _untrue_inventory(migration: Migration) -> Iterator[Suspicion]:
    """Yield what the inventory says and the installed release, if it is v2, does not have, or the other way round."""
    for move in Renaming(migration.moves).modules if migration.inventory else ():
        if found := _installed(move.new, migration.versions.v2):
            version, there = found
            listed = read_inventory(move.inventory).names
            below = {
                module: names
                for module, names in listed.items()
                if module == move.new or module.startswith(f"{move.new}.")
            }
            lost = sorted(
                f"{module}.{name}" for module, names in below.items() for name in names - there.get(module, frozenset())
            )
            more = sorted(
                f"{module}.{name}" for module, names in there.items() for name in names - below.get(module, frozenset())
            )
            for names, what in (
                (lost, "lacks, and the inventory lists"),
                (more, "has, and the inventory does not list"),
            ):
                if names:
                    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
                    hint = f"write it anew: compatkit migrations inventory RELEASE {move.new} > {migration.inventory}"
                    yield Suspicion(("inventory",), f"{move.new} {version}, as installed, {what}: {shown}.", hint)


def _installed(module: str, v2: str) -> tuple[str, Mapping[str, frozenset[str]]] | None:
    """Return the version and the names of a module, where v2 of its library is installed; nothing is imported."""
    top = module.partition(".")[0]
    try:
        # It needs the extra `draft`.
        from compatkit.authoring.releases import take_inventory
    except ImportError:
        # What reads a release comes with an extra; without it this is not asked.
        return None
    spec = PathFinder.find_spec(top)
    versions = [version(name) for name in packages_distributions().get(top, ())] if spec else []
    is_v2 = bool(versions) and re.split(r"[.\s]", versions[0])[0] == re.split(r"[.\s]", v2)[0]
    if not (is_v2 and spec and spec.submodule_search_locations):
        return None
    folder = Path(next(iter(spec.submodule_search_locations))).parent
    return versions[0], take_inventory(module, folder).names


def _borrowed_codes(migration: Migration, document: Mapping[str, object]) -> Iterator[Suspicion]:
    """Yield the codes that a bundled migration has, too: the two could not be used together."""
    for known, file in bundled_migrations().items():
        if known == migration.id:
            continue
        theirs = set(codes_of(load_migration(file)))
        for key, number, code in _codes(document):
            if code in theirs:
                what = f"The code {code} belongs to the bundled migration {known}."
                yield Suspicion((key, number, "code"), what, "take letters of your own, such as ACME101")


def _idle_examples(migration: Migration, examples: tuple[Example, ...]) -> Iterator[Suspicion]:
    for example in examples:
        if example.after == example.before:
            what = f"The example {example.name} shows no change."
            yield Suspicion((), what, f"call it {example.name}.unchanged.txt")
        elif example.after is None and not _mentions(migration, example.before):
            what = f"The example {example.name} names nothing that this migration is about."
            yield Suspicion((), what, "show a case that is near to what is rewritten")


def _mentions(migration: Migration, source: bytes) -> bool:
    words = {word for _, row in migration.rows() for word in row.spellings()}
    words |= {row.name.partition("(")[0].rpartition(".")[2].replace("*", "") for row in migration.unhandled} - {""}
    return any(word.encode() in source for word in words)


def _without_examples(migration: Migration, examples: tuple[Example, ...]) -> Iterator[Suspicion]:
    """Yield the rows of which no example shows what they do."""
    shown = frozenset[str]().union(*(codes_met(migration, example) for example in examples))
    for path, row in {row.code: (path, row) for path, row in migration.rows()}.values():
        word = row.subject.rpartition(".")[2].encode()
        # Of several rows that act on one place, the first one is named.
        asked = (example for example in examples if word in example.before)
        is_shown = row.code in shown or any(acts_in(row.code, migration, example) for example in asked)
        if row.is_rewritten and not is_shown:
            yield Suspicion(path, f"No example shows {row.code}.", f"add one that uses {row.subject}")


def _codes(document: Mapping[str, object]) -> Iterator[tuple[str, int, str]]:
    for key, rows in document.items():
        for number, row in enumerate(rows if isinstance(rows, list) else []):
            if isinstance(row, dict) and isinstance(code := row.get("code"), str):
                yield key, number, code
