"""A `migration.toml` drafted from what changed: what is believed is written, the rest stands there as comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields

from compatkit.authoring.changes import Change
from compatkit.authoring.skeleton import SCHEMA_FILE
from compatkit.migration import Migration, Move
from compatkit.migration.compose import follow


@dataclass(frozen=True, slots=True)
class Draft:
    """What a draft is about."""

    migration_id: str
    package: str
    old_version: str
    new_version: str
    changes: tuple[Change, ...]

    def text(self) -> str:
        """Return the draft as TOML. It is a valid migration."""
        return "\n".join(self._lines()).rstrip() + "\n"

    def _lines(self) -> Iterator[str]:
        yield f"#:schema ./{SCHEMA_FILE}"
        yield "# A draft: each entry was found by comparing the two releases. Read the evidence before you keep it."
        yield "schema = 1"
        yield f"id = {_quoted(self.migration_id)}"
        yield f"summary = {_quoted(f'Move from {self.package} {self.old_version} to {self.new_version}.')}"
        yield f"versions = {{ v1 = {_quoted(self.old_version)}, v2 = {_quoted(self.new_version)} }}"
        moves, doubtful = _without_chains([change for change in self.changes if change.kind in _MOVED])
        renamed = [change for change in self.changes if change.kind == "argument renamed"]
        arguments = [change for change in renamed if change.confidence == "safe"]
        written = {*moves, *arguments}
        letters = re.sub("[^A-Z]", "", self.package.upper()).ljust(2, "X")
        codes = _codes(letters, 1, len(moves))
        for code, change in zip(codes, moves, strict=True):
            yield from ("", _evidence(change), "[[moves]]", f'code = "{code}"')
            if change.kind == "module moved":
                yield 'kind = "module"'
            yield f"old = {_quoted(change.old)}"
            yield f"new = {_quoted(change.new)}"
            if change.confidence != "safe":
                yield f'confidence = "{change.confidence}"'
        for code, change in zip(_codes(letters, 3, len(arguments)), arguments, strict=True):
            yield from ("", _evidence(change), "[[arguments]]", f'code = "{code}"')
            yield f"of = {_quoted(change.old)}"
            yield f"v1 = {_quoted(change.argument)}"
            yield f"v2 = {_quoted(change.new)}"
        left = [change for change in self.changes if change not in written]
        if left:
            yield from ("", "# What is left for you: declare it above, or take the comment signs away, and say why.")
            yield "# Until then, `compatkit migrations audit` names it."
        for change in left:
            doubt = " It would be a chain." if change in doubtful else ""
            yield from ("", _evidence(change) + doubt, "# [[unhandled]]", f"# name = {_quoted(change.name)}")
            yield f"# why = {_quoted(describe(change))}"


_MOVED = ("moved", "module moved")


def describe(change: Change) -> str:
    """Say in a few words what changed."""
    match change.kind:
        case "moved" | "module moved" | "renamed":
            return f"{change.kind} to {change.new}"
        case "argument renamed":
            return f"the argument is called {change.new}"
        case "default":
            return "its default changed"
        case "removed" | "deprecated":
            return f"it is {change.kind}"
        case "argument removed" | "argument added":
            return f"the argument is {change.kind.removeprefix('argument ')}"


def uncovered(changes: list[Change], migration: Migration) -> list[Change]:
    """Return the changes that a migration neither declares nor lists as unhandled."""
    return [change for change in changes if not _is_declared(change, migration) and not _is_listed(change, migration)]


def _is_declared(change: Change, migration: Migration) -> bool:
    if change.kind in {"deprecated", "removed", *_MOVED} and not change.argument:
        is_moved = follow(change.old, migration.moves) is not None
        return is_moved or change.name in set(_declared_names(migration))
    return change.name in set(_declared_names(migration))


def _declared_names(migration: Migration) -> Iterator[str]:
    """Yield every name that a row of the migration is about, whatever kind of row that is."""
    new_names = {move.new: move.old for move in migration.moves}
    for field in fields(migration):
        rows = getattr(migration, field.name)
        for row in rows if isinstance(rows, tuple) else ():
            owners = _texts(getattr(row, "of", ()))
            for owner in (*owners, *(new_names[name] for name in owners if name in new_names)):
                yield owner
                yield from (f"{owner}.{inner}" for inner in _inner_names(row))
                yield from (f"{owner}({inner})" for inner in _inner_names(row))
            if not owners:
                yield from (*_texts(getattr(row, "old", ())), *_texts(getattr(row, "names", ())))


def _inner_names(row: object) -> Iterator[str]:
    """Yield the arguments or members that a row is about."""
    for key in ("v1", "old"):
        if isinstance(name := getattr(row, key, None), str):
            yield name
    for key in ("rename", "drop", "pin", "values"):
        for each in getattr(row, key, ()):
            yield each if isinstance(each, str) else str(getattr(each, "name", None) or getattr(each, "v1", ""))


def _texts(value: object) -> tuple[str, ...]:
    given = (value,) if isinstance(value, str) else value
    return tuple(each for each in given if isinstance(each, str)) if isinstance(given, tuple) else ()


def _is_listed(change: Change, migration: Migration) -> bool:
    return any(_matches(change, row.name) for row in migration.unhandled)


def _matches(change: Change, pattern: str) -> bool:
    # A name with brackets is an argument; fnmatch would take other brackets for a set of characters.
    wanted = re.escape(pattern).replace(r"\*", ".*")
    return re.fullmatch(wanted, change.name) is not None


def _without_chains(changes: list[Change]) -> tuple[list[Change], list[Change]]:
    """Put aside what the loader would refuse: a move to what itself moves."""
    kept = list(changes)
    doubtful: list[Change] = []
    while True:
        moves = [_move(change) for change in kept]
        chained = [change for change in kept if follow(change.new, moves)]
        if not chained:
            return kept, doubtful
        doubtful += chained
        kept = [change for change in kept if change not in chained]


def _move(change: Change) -> Move:
    return Move("XX100", change.old, change.new, kind="module" if change.kind == "module moved" else "symbol")


def _codes(letters: str, hundred: int, count: int) -> list[str]:
    """Return codes of as many digits as there must be: 101, 102, …, or 1001, 1002, …"""
    zeros = len(str(max(count, 99)))
    return [f"{letters}{hundred}{number:0{zeros}}" for number in range(1, count + 1)]


def _evidence(change: Change) -> str:
    return f"# {describe(change)}; confidence: {change.confidence}; evidence: {' '.join(change.evidence.split())}"


def _quoted(text: str) -> str:
    # A JSON string is a TOML string.
    return json.dumps(text, ensure_ascii=False)
