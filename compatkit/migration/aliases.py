"""The names of one thing before and after it moved: what a row says of the one holds for the other.

Else a second run, over code whose imports were rewritten by the first, would no longer know what is left in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from compatkit.migration import CallChange, HookChange, MemberChange, Migration, Move


def owners_of(member: MemberChange, migration: Migration) -> list[str]:
    """Return the classes of a member, under their old and their new names.

    Under a new name only where no other row gives the class a member that is called as this one was.
    """
    given = {(owner, row.v2) for row in migration.members for owner in row.of}
    others = [
        other
        for owner in member.of
        for other in _other_names(owner, migration.moves)
        if not {(owner, member.v1), (other, member.v1)} & given
    ]
    return list(dict.fromkeys([*member.of, *others]))


def subclassed(hook: HookChange, migration: Migration) -> list[str]:
    """Return the classes of a hook, under their old and their new names."""
    others = [other for owner in hook.of for other in _other_names(owner, migration.moves)]
    return [*dict.fromkeys([*hook.of, *others])]


def names_of(call: CallChange, migration: Migration) -> list[str]:
    """Return the names of a callable, old and new.

    Only as declared where the change comes with the new name, or would be made to a call that was written for v2.
    """
    if call.to or call.add or call.pin or call.meant or not (call.asked or call.v2 is not None):
        return list(call.of)
    others = [other for name in call.of for other in _other_names(name, migration.moves)]
    return list(dict.fromkeys([*call.of, *others]))


def _other_names(name: str, moves: tuple[Move, ...]) -> Iterator[str]:
    table = _table_of(moves)
    found, end = [], len(name)
    while end > 0:
        found += [(number, there + name[end:]) for number, there in table.get(name[:end], ())]
        end = name.rfind(".", 0, end)
    # In the order of the declaration.
    yield from (other for _, other in sorted(found))


_Table = dict[str, list[tuple[int, str]]]
_tables: dict[int, tuple[tuple[Move, ...], _Table]] = {}
_MOST = 64


def _table_of(moves: tuple[Move, ...]) -> _Table:
    """Return for each name that moves name the other one; kept by identity: a row in a thousand asks for it."""
    known = _tables.get(id(moves))
    if known is None:
        table: _Table = {}
        for number, move in enumerate(moves):
            table.setdefault(move.old, []).append((2 * number, move.new))
            table.setdefault(move.new, []).append((2 * number + 1, move.old))
        if len(_tables) >= _MOST:
            _tables.clear()
        # The moves are kept, too, so that no other ones can get their identity.
        known = _tables[id(moves)] = (moves, table)
    return known[1]
