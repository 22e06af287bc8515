"""Tell what a set of moves makes of a name: one answer for the rewrite, the shim, texts, stubs and chains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from compatkit.migration.model import Migration, Move
from compatkit.migration.value import cached_by_identity

if TYPE_CHECKING:
    from compatkit.migration.changes import CallChange, HookChange, MemberChange


class Renaming:
    """Tells where names go. A name's own move counts before that of the module around it, the innermost before others.

    >>> renaming = Renaming([Move("CK101", "a", "x", kind="module"), Move("CK102", "a.N", "y.M")])
    >>> renaming.apply("a.N.method"), renaming.apply("a.b.N"), renaming.apply("b.N")
    ('y.M.method', 'x.b.N', 'b.N')
    """

    def __init__(self, moves: Iterable[Move]) -> None:
        self._declared = {move.old: move for move in moves}
        self._modules = {move.old: move for move in self._declared.values() if move.is_module}

    def of(self, dotted: str) -> Move | None:
        """Return the move of one dotted name, symbol or module."""
        move = self._declared.get(dotted) or self._covering(dotted)
        return move.of(dotted) if move else None

    def apply(self, dotted: str) -> str:
        """Return what a dotted name is in v2; a part of what moved, such as a method, goes with it."""
        move = self._innermost(dotted)
        return move.new + dotted.removeprefix(move.old) if move and not move.lacks(dotted) else dotted

    def declared(self, dotted: str) -> Move | None:
        """Return the move that is declared for this very name."""
        return self._declared.get(dotted)

    def is_whole(self, dotted: str) -> bool:
        """True for the declared old name of a module that moves with all that is in it."""
        return dotted in self._modules

    def whole(self, module: str) -> Move | None:
        """Return the move of a module that goes as a whole, or with the one around it."""
        move = self._modules.get(module) or self._covering(module)
        return move.of(module) if move else None

    def around(self, dotted: str) -> Move | None:
        """Return the declared move of the innermost module in which a dotted name lies, if v2 has the name there."""
        move = self._modules.get(dotted) or self._covering(dotted)
        return move if move and move.of(dotted) else None

    def lacking(self, dotted: str) -> Move | None:
        """Return the move of the module in which a name lies, if v2 does not have the name there."""
        move = self._innermost(dotted)
        return move if move and move.lacks(dotted) else None

    def of_import(self, module: str, name: str) -> Move | None:
        """Return the move of a name that is imported from a module. A star moves if all that it brings does."""
        if name == "*" and module in self._left_early:
            return None
        return self.of(f"{module}.{name}")

    def older(self, dotted: str) -> list[str]:
        """Return the names that become this one."""
        moves = (move for prefix in _outwards(dotted) for move in self._by_new.get(prefix, ()))
        return [move.old + dotted.removeprefix(move.new) for move in moves]

    def others(self, dotted: str) -> list[str]:
        """Return the names of the same thing before and after it moved, in the order of the declaration.

        What a row says of the one holds for the other: a second run, over code whose imports the first has rewritten,
        has to know what is left in it.
        """
        found = []
        for prefix in _outwards(dotted):
            if move := self._declared.get(prefix):
                found.append((self._order[move.old], move.new + dotted.removeprefix(prefix)))
            moves = self._by_new.get(prefix, ())
            found += [(self._order[move.old], move.old + dotted.removeprefix(prefix)) for move in moves]
        return [other for _, other in sorted(found)]

    @cached_property
    def homes(self) -> frozenset[str]:
        """Every old home: the modules that names move out of, and those that move themselves."""
        return frozenset(move.old_home for move in self._declared.values())

    @cached_property
    def modules(self) -> list[Move]:
        """The moves of whole modules, the innermost first."""
        return sorted(self._modules.values(), key=lambda move: -len(move.old))

    @cached_property
    def _order(self) -> dict[str, int]:
        return {old: number for number, old in enumerate(self._declared)}

    def _innermost(self, dotted: str) -> Move | None:
        """Return the declared move of a name, or of what holds it most closely."""
        return next(filter(None, map(self._declared.get, _outwards(dotted))), None)

    def _covering(self, dotted: str) -> Move | None:
        return next(filter(None, map(self._modules.get, _outwards(dotted))), None)

    @cached_property
    def _left_early(self) -> frozenset[str]:
        return frozenset(move.old_module for move in self._declared.values())

    @cached_property
    def _by_new(self) -> dict[str, list[Move]]:
        found: dict[str, list[Move]] = {}
        for move in self._declared.values():
            found.setdefault(move.new, []).append(move)
        return found


@cached_by_identity
def renaming_of(moves: tuple[Move, ...]) -> Renaming:
    return Renaming(moves)


def owners_of(member: MemberChange, migration: Migration) -> list[str]:
    """Return the classes of a member, under their old and their new names.

    Under a new name only where no other row gives the class a member that is called as this one was.
    """
    given = _given(migration)
    others = [
        other
        for owner in member.of
        for other in renaming_of(migration.moves).others(owner)
        if not {(owner, member.v1), (other, member.v1)} & given
    ]
    return list(dict.fromkeys([*member.of, *others]))


@cached_by_identity
def _given(migration: Migration) -> frozenset[tuple[str, str]]:
    """Return the classes with the members that they have in v2."""
    return frozenset((owner, row.v2) for row in migration.members for owner in row.of)


def subclassed(hook: HookChange, migration: Migration) -> list[str]:
    """Return the classes of a hook, under their old and their new names."""
    others = [other for owner in hook.of for other in renaming_of(migration.moves).others(owner)]
    return [*dict.fromkeys([*hook.of, *others])]


def callable_names(call: CallChange, migration: Migration) -> list[str]:
    """Return the names of a callable, old and new.

    Only as declared where the change comes with the new name, or would be made to a call that was written for v2.
    """
    if call.to or call.add or call.pin or call.meant or not (call.asked or call.v2 is not None):
        return list(call.of)
    others = [other for name in call.of for other in renaming_of(migration.moves).others(name)]
    return list(dict.fromkeys([*call.of, *others]))


def prefixes(dotted: str) -> Iterator[str]:
    """Yield every dotted name that holds another, the innermost first: of a thousand moves, these few may be about it.

    >>> list(prefixes("a.b.c"))
    ['a.b', 'a']
    """
    while dotted := dotted.rpartition(".")[0]:
        yield dotted


def _outwards(dotted: str) -> Iterator[str]:
    yield dotted
    yield from prefixes(dotted)
