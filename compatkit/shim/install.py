"""Install the shim into this process, and take it out again."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from compatkit.migration import Migration, compose, find_migration
from compatkit.shim.finder import HoleFinder
from compatkit.shim.import_hook import ImportHook
from compatkit.shim.producers import Producers
from compatkit.shim.third_party import ThirdParty

if TYPE_CHECKING:
    from compatkit.shim.changed_calls import ChangedCalls

_lock = threading.RLock()
_installed: list[_Shim] = []


class _Shim:
    """All that one `install` changed in the interpreter."""

    def __init__(self, given: tuple[Migration, ...]) -> None:
        migrations = compose(given)
        self._calls = _changed_calls(migrations)
        moves = [move for migration in migrations for move in migration.moves]
        self._finder = HoleFinder([*moves, *(self._calls.moves if self._calls else ())])
        self._producers = Producers(migrations)
        self._third_party = ThirdParty()
        actions = [self._finder.actions, self._producers.actions, self._third_party.actions]
        self._hook = ImportHook(*actions, self._calls.actions if self._calls else {})

    def install(self) -> None:
        moved = self._finder.moved_modules
        sys.meta_path[:0] = [moved, self._hook] if moved.names else [self._hook]
        sys.meta_path.append(self._finder)
        self._hook.run_for_imported()

    def uninstall(self) -> None:
        own = (self._finder, self._finder.moved_modules, self._hook)
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder not in own]
        if self._calls:
            # First, because they were wrapped last.
            self._calls.restore()
        self._producers.restore()
        self._third_party.restore()
        self._finder.restore()
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


def install(migrations: Iterable[Migration] | None = None) -> None:
    """Let old imports resolve, and records be read in either spelling, in this process.

    Without `migrations` the bundled default is used. Installing again replaces what was installed.
    Raises `MigrationError` where two migrations claim one old name.
    """
    chosen = (find_migration(),) if migrations is None else tuple(migrations)
    with _lock:
        shim = _Shim(chosen)
        uninstall()
        shim.install()
        _installed.append(shim)


def uninstall() -> None:
    """Take the shim out of this process: finders, facades and wrapped producers."""
    with _lock:
        while _installed:
            _installed.pop().uninstall()


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
