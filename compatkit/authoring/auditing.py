"""Name the changes of an interface that a migration neither declares nor lists as left to people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compatkit.authoring.changes import Change
from compatkit.migration import CallChange, Migration
from compatkit.migration.compose import follow


def uncovered(changes: Iterable[Change], migration: Migration) -> list[Change]:
    """Return the changes that a migration neither declares nor lists as unhandled."""
    return [change for change in changes if not _is_declared(change, migration) and not _is_listed(change, migration)]


def _is_declared(change: Change, migration: Migration) -> bool:
    names = frozenset(_names_of(change.old, migration))
    if any(_lies_in(name, gone) for row in migration.removed for gone in row.names for name in names):
        return True
    if change.kind == "position":
        rows = [row for row in migration.calls if _is_about(row.of, names)]
        return any(_says_all(row) or (row.v1 and (row.v2 is not None or row.drop)) for row in rows)
    if change.argument:
        return _declares_argument(change.argument, names, migration)
    # What it is called otherwise with, or that it is gone: a row that only changes arguments says nothing of the name.
    is_called_otherwise = any((row.to or _says_all(row)) and _is_about(row.of, names) for row in migration.calls)
    is_member = any(f"{owner}.{row.v1}" in names for row in migration.members for owner in row.of)
    return follow(change.old, migration.moves) is not None or is_called_otherwise or is_member


def _declares_argument(argument: str, names: frozenset[str], migration: Migration) -> bool:
    rows = [row for row in migration.calls if _is_about(row.of, names)]
    if any(_says_all(row) or argument in _arguments_of(row) for row in rows):
        return True
    return any(row.of in names and row.v1 == argument for row in migration.arguments)


def _arguments_of(row: CallChange) -> Iterator[str]:
    """Yield every argument that a row is about, under its old and its new name."""
    for renaming in row.rename:
        yield from (renaming.v1, renaming.v2)
    for settings in (row.add, row.pin):
        yield from (setting.name for setting in settings)
    yield from (each.name for rows in (row.values, row.when, row.matches) for each in rows)
    yield from (*row.drop, *row.asks, *row.literal)


def _says_all(row: CallChange) -> bool:
    """True for a row that says what to do about any call."""
    return bool(row.say) and not row.asked


def _names_of(name: str, migration: Migration) -> Iterator[str]:
    """Yield the names under which a migration may speak of something: the old one, and where it, or its class, went."""
    parts = name.removesuffix(".__init__").split(".")
    yield ".".join(parts)
    for size in range(len(parts), 0, -1):
        if move := follow(".".join(parts[:size]), migration.moves):
            yield ".".join([move.new, *parts[size:]])
            return


def _is_about(owners: Iterable[str], names: frozenset[str]) -> bool:
    return any(_fits(owner, name) for owner in owners for name in names)


def _fits(pattern: str, name: str) -> bool:
    wanted, parts = pattern.split("."), name.split(".")
    return len(wanted) == len(parts) and all(each in ("*", part) for each, part in zip(wanted, parts, strict=True))


def _lies_in(name: str, gone: str) -> bool:
    return name == gone or name.startswith(f"{gone}.")


def _is_listed(change: Change, migration: Migration) -> bool:
    return any(row.fits(change.name) for row in migration.unhandled)
