"""Install the shim into this process, and take it out again."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from compatkit.migration import Migration, Move, compose, find_migration
from compatkit.shim.finder import HoleFinder
from compatkit.shim.gone_names import GoneNames
from compatkit.shim.import_hook import ImportHook, Watched
from compatkit.shim.producers import Producers
from compatkit.shim.third_party import ThirdParty
from compatkit.shim.warning import rewrite_by

if TYPE_CHECKING:
    from compatkit.shim.changed_calls import ChangedCalls
    from compatkit.shim.members import RenamedMembers

_lock = threading.RLock()
_installed: list[_Shim] = []


class _Part(Protocol):
    """One kind of what the shim does: to modules as they come in, and back."""

    @property
    def actions(self) -> Mapping[str, Callable[[str], None]]: ...

    def restore(self) -> None: ...


class _Shim:
    """All that one `install` changed in the interpreter."""

    def __init__(self, given: tuple[Migration, ...]) -> None:
        migrations = compose(given)
        calls, members = _changed_calls(migrations), _renamed_members(migrations)
        moves = [move for migration in migrations for move in migration.moves]
        changed = [*calls.moves] if calls else []
        self._finder = HoleFinder([*moves, *changed])
        # In this order, and taken back in the other one.
        self._parts: list[_Part] = [
            self._finder,
            GoneNames(_gone(moves, changed, members)),
            ThirdParty(),
            Producers(migrations),
            *([calls] if calls else []),
            *([members] if members else []),
        ]
        self._path: Watched | None = None
        self._hook = ImportHook(*(part.actions for part in self._parts), patterns=calls.patterns if calls else {})

    def install(self) -> None:
        moved = self._finder.moved_modules
        self._path = sys.meta_path = Watched(sys.meta_path, [self._hook, moved] if moved.names else [self._hook])
        sys.meta_path.append(self._finder)
        self._hook.run_for_imported()

    def uninstall(self) -> None:
        own = (self._finder, self._finder.moved_modules, self._hook)
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder not in own]
        if self._path is not None and sys.meta_path is self._path:
            # The list that was there before, in case that somebody holds it, with what was added since.
            self._path.before[:] = sys.meta_path
            sys.meta_path = self._path.before
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
    from compatkit.shim.changed_calls import ChangedCalls

    return ChangedCalls(migrations)


def _renamed_members(migrations: Sequence[Migration]) -> RenamedMembers | None:
    if not any(migration.members for migration in migrations):
        return None
    from compatkit.shim.members import RenamedMembers

    return RenamedMembers(migrations)


def _gone(moves: Iterable[Move], changed: Iterable[Move], members: RenamedMembers | None) -> Iterator[Move]:
    """Yield what may be gone from a module that stays; a function that is called otherwise now has its own stand-in."""
    others = {move.old for move in changed}
    symbols = (move for move in moves if not move.is_module and move.old not in others)
    yield from (*symbols, *(members.constants if members else ()))


def install(migrations: Iterable[Migration] | None = None, *, named: Iterable[str] | None = None) -> None:
    """Let old imports resolve, and records be read in either spelling, in this process.

    Without `migrations` the bundled default is used. Installing again replaces what was installed. `named` are those
    that the command must name to which warnings point: by default, the ids of `migrations`.
    Raises `MigrationError` where two migrations claim one old name.
    """
    chosen = (find_migration(),) if migrations is None else tuple(migrations)
    if named is None:
        named = [] if migrations is None else [migration.id for migration in chosen]
    with _lock:
        shim = _Shim(chosen)
        uninstall()
        rewrite_by(named)
        # Before it acts on what is imported: a warning that is an error must not leave half of it behind.
        _installed.append(shim)
        try:
            shim.install()
        except BaseException:
            uninstall()
            raise


def uninstall() -> None:
    """Take the shim out of this process: finders, facades and wrapped producers."""
    with _lock:
        while _installed:
            _installed.pop().uninstall()
        rewrite_by(())


def is_installed() -> bool:
    """True while the shim is in this process."""
    return bool(_installed)


@contextmanager
def shimmed(migrations: Iterable[Migration] | None = None) -> Iterator[None]:
    """Have the shim installed inside a `with` block."""
    install(migrations)
    try:
        yield
    finally:
        uninstall()
