"""Hold all that one `install` changes in the interpreter, and take it back."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from compatkit.migration import Migration, Move, compose
from compatkit.shim.finder import HoleFinder
from compatkit.shim.gone_names import GoneNames
from compatkit.shim.import_hook import ImportHook
from compatkit.shim.install import Watched, install, uninstall
from compatkit.shim.producers import Producers
from compatkit.shim.third_party import ThirdParty

if TYPE_CHECKING:
    from compatkit.shim.changed_calls import ChangedCalls
    from compatkit.shim.members import RenamedMembers


class _Part(Protocol):
    """One kind of what the shim does: to modules as they come in, and back."""

    @property
    def actions(self) -> Mapping[str, Callable[[str], None]]: ...

    def restore(self) -> None: ...


class Shim:
    """All that one `install` changed in the interpreter."""

    def __init__(self, given: tuple[Migration, ...]) -> None:
        migrations = compose(given)
        calls, members = _changed_calls(migrations), _renamed_members(migrations)
        moves = [move for migration in migrations for move in migration.moves]
        changed = [*calls.moves] if calls else []
        self._finder = HoleFinder([*moves, *changed])
        self._producers = Producers(migrations)
        # In this order, and taken back in the other one.
        self._parts: list[_Part] = [
            self._finder,
            GoneNames(_gone(moves, changed, members)),
            ThirdParty(migration.record for migration in migrations if migration.record),
            self._producers,
            *([calls] if calls else []),
            *([members] if members else []),
            *_hooks(migrations),
        ]
        self._path: Watched | None = None
        self._hook = ImportHook(*(part.actions for part in self._parts), patterns=calls.patterns if calls else {})

    @property
    def watched(self) -> frozenset[str]:
        """The packages with whose import it has something to do: whole ones, but for compatkit's own."""
        names = {*self._hook.names, *self._finder.names}
        names.discard("compatkit")
        return frozenset(".".join(name.split(".")[: 1 + name.startswith("compatkit.")]) for name in names)

    def install(self) -> None:
        moved = self._finder.moved_modules
        self._path = Watched(*([self._hook, moved] if moved.names else [self._hook]))
        sys.meta_path.append(self._finder)
        atexit.register(self._producers.print_at_exit)
        self._hook.run_for_imported()

    def uninstall(self) -> None:
        atexit.unregister(self._producers.print_at_exit)
        own = (self._finder, self._finder.moved_modules, self._hook)
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder not in own]
        if self._path is not None:
            self._path.give_back()
        for part in reversed(self._parts):
            part.restore()
        # Another copy of compatkit left alone what was wrapped here: now it is for that one.
        for other in sys.meta_path:
            if type(other).__name__ == ImportHook.__name__ and hasattr(other, "run_for_imported"):
                other.run_for_imported()


def _changed_calls(migrations: Sequence[Migration]) -> ChangedCalls | None:
    if not any(migration.calls for migration in migrations):
        # Most migrations change no arguments, and need none of this.
        return None
    # Only migrations with such rows need it.
    from compatkit.shim.changed_calls import ChangedCalls

    return ChangedCalls(migrations)


def _renamed_members(migrations: Sequence[Migration]) -> RenamedMembers | None:
    if not any(migration.members for migration in migrations):
        return None
    # As above.
    from compatkit.shim.members import RenamedMembers

    return RenamedMembers(migrations)


def _hooks(migrations: Sequence[Migration]) -> Iterator[_Part]:
    if any(member.gathers for migration in migrations for member in migration.members):
        # As above.
        from compatkit.shim.gathered_hooks import GatheredHooks

        yield GatheredHooks(migrations)
    if any(migration.hooks for migration in migrations):
        # As above.
        from compatkit.shim.changed_hooks import ChangedHooks

        yield ChangedHooks(migrations)


def _gone(moves: Iterable[Move], changed: Iterable[Move], members: RenamedMembers | None) -> Iterator[Move]:
    """Yield what may be gone from a module that stays; a function that is called otherwise now has its own stand-in."""
    others = {move.old for move in changed}
    symbols = (move for move in Move.symbols(moves) if move.old not in others)
    yield from (*symbols, *(members.constants if members else ()))


@contextmanager
def shimmed(migrations: Iterable[Migration] | None = None) -> Iterator[None]:
    """Have the shim installed inside a `with` block."""
    install(migrations)
    try:
        yield
    finally:
        uninstall()
