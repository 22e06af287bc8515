"""Find more names under which a library hands on what rows name: a use under such a name would be missed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compatkit.authoring.interface import Interface
from compatkit.authoring.suspicions import Suspicion
from compatkit.migration import CallChange, HookChange, MemberChange, Migration, Move, Removal
from compatkit.migration.renaming import renaming_of

_SHOWN = 5


def missing_names(migration: Migration, library: Interface) -> Iterator[Suspicion]:
    """Yield the rows that name a thing of v1, and not all of its names that are public."""
    moved = {move.old: move for move in Move.symbols(migration.moves)}
    told: set[tuple[str, ...]] = set()
    for path, row in migration.rows():
        names: Iterable[str]
        key = "of"
        if isinstance(row, Move) and row.old in moved:
            key, names = "old", [row.old]
        elif isinstance(row, Removal):
            key, names = "name", row.names
        elif isinstance(row, CallChange | MemberChange | HookChange):
            names = row.of
        else:
            continue
        every = dict.fromkeys(other for name in names for other in library.second_names(name))
        if key == "old":
            # A re-export has a row of its own, or goes with its module.
            missing = [name for name in every if name not in moved and not renaming_of(migration.moves).of(name)]
        else:
            missing = [name for name in every if name not in names]
        if missing and (key, *missing) not in told:
            told.add((key, *missing))
            shown = ", ".join(missing[:_SHOWN]) + (
                f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
            )
            hint = "give each a row of its own" if key == "old" else f"list them in `{key}`"
            yield Suspicion((*path, key), f"{row.code} names {next(iter(names))}, which is also {shown}.", hint)
