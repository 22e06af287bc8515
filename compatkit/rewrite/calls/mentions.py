"""The first pass over raw bytes: which files may use an interface that changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from compatkit.migration import Migration

_Words: TypeAlias = tuple[bytes, ...]


def can_call(source: bytes, migrations: Iterable[Migration]) -> bool:
    """Tell whether a file mentions a library whose interface changed, and one of the names that did."""
    return any(_mentions(source, migration) for migration in migrations)


def changes_interface(migration: Migration) -> bool:
    return bool(migration.calls or migration.members or migration.removed)


def _mentions(source: bytes, migration: Migration) -> bool:
    tops, names = _words(migration)
    return any(top in source for top in tops) and any(name in source for name in names)


def called_otherwise(migrations: Iterable[Migration]) -> frozenset[str]:
    """Return the last part of each name that moves and takes other arguments then."""
    moving = [call for migration in migrations for call in migration.calls if call.to]
    # Whoever takes a name from elsewhere may go on calling what is only renamed.
    names = [name for call in moving if call.add or call.rename or call.drop or call.v2 is not None for name in call.of]
    return frozenset(name.rpartition(".")[2] for name in names)


# By identity: to hash a migration for every file costs more than to search the file.
_known: dict[int, tuple[Migration, tuple[_Words, _Words]]] = {}


def _words(migration: Migration) -> tuple[_Words, _Words]:
    known = _known.get(id(migration))
    if known is None or known[0] is not migration:
        if len(_known) >= 256:
            _known.clear()
        known = _known[id(migration)] = (migration, _gathered(migration))
    return known[1]


def _gathered(migration: Migration) -> tuple[_Words, _Words]:
    calls = [name for call in migration.calls for name in call.of]
    members = [f"{owner}.{member.v1}" for member in migration.members for owner in member.of]
    every = (*calls, *members, *(name for removal in migration.removed for name in removal.names))
    tops = {name.partition(".")[0].encode() for name in every}
    return tuple(sorted(tops)), tuple(sorted({name.rpartition(".")[2].encode() for name in every}))
