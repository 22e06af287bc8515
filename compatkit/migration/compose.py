"""Several migrations as one: where one goes on from the new names of another, old names lead to the last home at once.

A declares `x` to `y`, B declares `y` to `z`: in one pass `x` becomes `z`, in the rewrite and in the shim, as if A had
been run first and B afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple, get_args

from compatkit.migration.errors import MigrationError
from compatkit.migration.model import Confidence, Migration, Move
from compatkit.migration.renaming import Renaming
from compatkit.migration.value import cached_by_identity

_IN_USE = "the migrations in use"
_WEAKEST_LAST: tuple[Confidence, ...] = get_args(Confidence)


def compose(migrations: Iterable[Migration]) -> tuple[Migration, ...]:
    """Return the migrations, in their order, with what they make of each other's new names.

    Raises `MigrationError`, naming both, where two claim one name or one code, go in a circle, or both say what
    becomes of the arguments of one callable: such two have to be run one after the other.
    """
    given = tuple(dict.fromkeys(migrations))
    validate_together(given)
    if len(given) < 2:
        return given
    composed: dict[str, Migration] = {}
    for migration in reversed(_in_order(given)):
        made = _packages(migration).new
        later = [composed[other.id] for other in given if other.id in composed]
        # Of a hundred migrations, few are about the same packages.
        composed[migration.id] = _chained(migration, [follower for follower in later if made & _packages(follower).old])
        for other in later:
            if made & _packages(other).owners:
                composed[other.id] = _under_older_names(other, migration)
    return tuple(composed[migration.id] for migration in given)


class _Packages(NamedTuple):
    """The top-level packages of what a migration moves, of where to, and of what its other rows are about."""

    old: frozenset[str]
    new: frozenset[str]
    owners: frozenset[str]


@cached_by_identity
def _packages(migration: Migration) -> _Packages:
    every = (getattr(migration, field.name) for field in fields(migration))
    owners = [name for rows in every if isinstance(rows, tuple) for row in rows for name in _owners(row)]
    names = [move.old for move in migration.moves], [move.new for move in migration.moves], owners
    return _Packages(*(frozenset(name.partition(".")[0] for name in group) for group in names))


def _in_order(migrations: Sequence[Migration]) -> list[Migration]:
    """Return the migrations so that each comes before those that go on from its new names."""
    after = {first.id: {other.id for other in migrations if _goes_on(first, other)} for first in migrations}
    left, ordered = list(migrations), list[Migration]()
    while left:
        free = [one for one in left if not any(one.id in after[other.id] for other in left if other is not one)]
        if not free:
            first, second = _circle([one.id for one in left], after)
            what = f"The migrations {first} and {second} go in a circle: each moves what the other has moved."
            raise MigrationError(what, where=_IN_USE, hint="use one of the two")
        ordered.append(free[0])
        left.remove(free[0])
    return ordered


def _circle(ids: list[str], after: dict[str, set[str]]) -> tuple[str, str]:
    """Return two migrations of a circle: go on, and after as many steps as there are migrations, one is in it."""
    at = ids[0]
    for _ in ids:
        at = next(former for former in ids if at in after[former])
    return at, next(latter for latter in ids if at in after[latter])


def _goes_on(first: Migration, second: Migration) -> bool:
    """Tell whether the second migration moves what the first one has made."""
    if first is second or _packages(first).new.isdisjoint(_packages(second).old):
        return False
    renaming = Renaming(second.moves)
    return any(
        renaming.of(move.new) or (move.is_module and any(_lies_in(other.old, move.new) for other in second.moves))
        for move in first.moves
    )


def _lies_in(name: str, module: str) -> bool:
    return name.startswith(f"{module}.")


def _chained(migration: Migration, later: Sequence[Migration]) -> Migration:
    """Lead every move of a migration on to where the later ones, which are composed already, bring its new name."""
    if not later:
        return migration
    others = [move for follower in later for move in follower.moves]
    renaming = Renaming(others)
    moves = [_led_on(move, renaming) for move in migration.moves]
    derived = [inner for move in migration.moves if move.is_module for inner in _inside(move, migration, others)]
    return replace(migration, moves=(*moves, *derived))


def _led_on(move: Move, renaming: Renaming) -> Move:
    found = renaming.of(move.new)
    return replace(move, new=found.new, confidence=_weaker(move, found)) if found else move


def _inside(module: Move, migration: Migration, others: Iterable[Move]) -> Iterator[Move]:
    """Yield what a module that moves as a whole holds, and moves on from there by itself."""
    own = Renaming(migration.moves)
    for other in others:
        if _lies_in(other.old, module.new):
            old = module.old + other.old.removeprefix(module.new)
            innermost = own.of(old)
            # A name that this migration itself brings elsewhere is not what the other one moves.
            if innermost and innermost.new == other.old:
                yield replace(other, code=module.code, old=old, confidence=_weaker(module, other))


def _weaker(one: Move, other: Move) -> Confidence:
    return max(one.confidence, other.confidence, key=_WEAKEST_LAST.index)


def _under_older_names(migration: Migration, before: Migration) -> Migration:
    """Let what a migration says of a callable hold under the name that it had before the migration `before`."""
    changed: dict[str, Any] = {}
    renaming = Renaming(before.moves)
    for field in fields(migration):
        rows = getattr(migration, field.name)
        if not isinstance(rows, tuple):
            continue
        older = [(row, [old for name in _owners(row) for old in renaming.older(name)]) for row in rows]
        _require_free({name for _, names in older for name in names}, migration, before)
        if any(names for _, names in older):
            changed[field.name] = tuple(made for row, names in older for made in _also_of(row, names))
    return replace(migration, **changed)


def _owners(row: object) -> tuple[str, ...]:
    """Return the callables or classes that a row is about; a move, which has a method of that name, has none."""
    of = getattr(row, "of", ())
    return (of,) if isinstance(of, str) else of if isinstance(of, tuple) else ()


def _also_of(row: Any, names: list[str]) -> Iterator[object]:
    """Yield a row that is about these, too: as one row where it can name several, else as a row for each."""
    if names and not isinstance(row.of, str):
        yield replace(row, of=(*row.of, *names))
        return
    yield row
    yield from (replace(row, of=name) for name in names)


def _require_free(names: set[str], migration: Migration, before: Migration) -> None:
    for field in fields(before):
        rows = getattr(before, field.name)
        for name in (name for row in (rows if isinstance(rows, tuple) else ()) for name in _owners(row)):
            if name in names:
                what = f"{before.id} and then {migration.id} say what becomes of the arguments of {name}."
                command = f"compatkit migrate --migration {before.id}, then --migration {migration.id}"
                raise MigrationError(what, where=_IN_USE, hint=f"run one after the other: {command}")


def validate_together(migrations: Iterable[Migration]) -> None:
    """Raise `MigrationError`, naming both, if two migrations that are used together claim one name, or one code."""
    owners: dict[str, str] = {}
    fields_said: dict[str, tuple[str, str]] = {}
    places: dict[str, str] = {}
    for migration in migrations:
        if migration.id in places:
            first, second = places[migration.id], str(migration.origin)
            what = f"The id {migration.id!r}"
            raise MigrationError.declared_twice(what, first, second, where=_IN_USE)
        places[migration.id] = str(migration.origin)
        for claim in dict.fromkeys(_claims(migration)):
            if (owner := owners.setdefault(claim, migration.id)) != migration.id:
                raise MigrationError.declared_twice(claim, owner, migration.id, where=_IN_USE)
        for field in migration.fields:
            # Two that say the same of a key do not contradict each other.
            v2, owner = fields_said.setdefault(field.v1, (field.v2, migration.id))
            if v2 != field.v2:
                what = f"The field {field.v1!r}, as {v2!r} and as {field.v2!r},"
                raise MigrationError.declared_twice(what, owner, migration.id, where=_IN_USE)


def codes_of(migration: Migration) -> Iterator[str]:
    """Yield the code of every row that has one, each once."""
    yield from dict.fromkeys(row.code for _, row in migration.rows())


def _claims(migration: Migration) -> Iterator[str]:
    """Yield what no other migration may claim at the same time."""
    for _, row in migration.rows():
        yield from row.claims()
    yield from (f"The code {code!r}" for code in codes_of(migration))
