"""Install the shim into this process, and take it out again.

A script pays for this module at its start, and for the rest of the shim only once it imports what the shim has to do
with; hence nothing is imported here that the interpreter has not imported by itself.
"""

from __future__ import annotations

import os
import sys
from _thread import RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any, Protocol, SupportsIndex

    from compatkit.migration import Migration

    class _Installed(Protocol):
        def uninstall(self) -> None: ...


# The packages with whose import the default migration has something to do: see `Shim.watched`, which a test asks.
DEFAULT_WATCHED = frozenset({"backend", "compatkit.training", "torch", "yaml"})
_lock = RLock()
_installed: list[_Installed] = []


def install(migrations: Iterable[Migration] | None = None, *, named: Iterable[str] | None = None) -> None:
    """Let old imports resolve, and records be read in either spelling, in this process.

    Without `migrations` the bundled default is used, which is read once one of its names is imported. Installing again
    replaces what was installed. `named` are those that the command must name to which warnings point: by default, the
    ids of `migrations`.
    Raises `MigrationError` where two migrations claim one old name.
    """
    if migrations is None:
        wait_for(DEFAULT_WATCHED, _install_default)
    else:
        given = tuple(migrations)
        _install(given, [migration.id for migration in given] if named is None else named)


def wait_for(names: Iterable[str], then: Callable[[], None]) -> None:
    """Call `then`, which installs the shim, before the first import of one of `names`; now, if it was imported."""
    with _lock:
        uninstall()
        if any(name in sys.modules for name in names):
            then()
        else:
            _installed.append(_Waiting(names, then))


def wait_for_project(project: str, names: Iterable[str], files: Mapping[str, object]) -> None:
    """Have the shim of `project` installed once one of `names` is imported, as the `.pth` asks for.

    Now, where a parent process handed something down, or where one of `files` is not what it was: then nobody knows
    whether these are still the names.
    """

    def start() -> None:
        # `import compatkit` stays below 3 ms.
        from compatkit.shim.startup import start_guarded

        start_guarded(project)

    said = "" if sys.flags.ignore_environment else os.environ.get("COMPATKIT_SHIM", "")
    if "{" in said or any(state_of(file) != state for file, state in files.items()):
        start()
    elif not _installed:
        wait_for(names, start)


def state_of(file: str) -> tuple[int, int] | None:
    """Return what changes with a file; None where there is none."""
    try:
        found = os.stat(file)  # noqa: PTH116 - without pathlib, which costs more than all of this
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def uninstall() -> None:
    """Take the shim out of this process: finders, facades and wrapped producers."""
    with _lock:
        while _installed:
            _installed.pop().uninstall()
        if warning := sys.modules.get("compatkit.shim.warning"):
            warning.rewrite_by(())


def is_installed() -> bool:
    """True while the shim is in this process, or waits for an import with which it has something to do."""
    return bool(_installed)


def _install_default() -> None:
    # As above.
    from compatkit.migration import find_migration

    _install((find_migration(),), [])


def _install(migrations: tuple[Migration, ...], named: Iterable[str]) -> None:
    # As above.
    from compatkit.shim.installed import Shim
    from compatkit.shim.warning import rewrite_by

    with _lock:
        shim = Shim(migrations)
        uninstall()
        rewrite_by(named)
        # Before it acts on what is imported: a warning that is an error must not leave half of it behind.
        _installed.append(shim)
        try:
            shim.install()
        except BaseException:
            uninstall()
            raise


class Watched(list["Any"]):
    """`sys.meta_path` while the shim is in: what is put before its own finders later, goes behind them.

    Those that rewrite modules as they come in (typeguard, jaxtyping) go to the front, and answer alone. Behind the
    shim's they are asked all the same, because these ask all the others. Its own have no places: whoever put one to
    the front finds it there, and takes it away again.
    """

    def __init__(self, *front: object) -> None:
        self._before: list[Any] = sys.meta_path
        self._front = front
        super().__init__([*front, *self._before])
        sys.meta_path = self

    def give_back(self) -> None:
        """Let the list be the one that it was, in case that somebody holds it, with what was added since."""
        if sys.meta_path is self:
            self._before[:] = [finder for finder in self if finder not in self._front]
            sys.meta_path = self._before

    def __len__(self) -> int:
        return super().__len__() - self._hidden()

    def __getitem__(self, key: Any, /) -> Any:
        return super().__getitem__(self._place(key))

    def __delitem__(self, key: Any, /) -> None:
        super().__delitem__(self._place(key))

    def index(self, finder: Any, /, *limits: SupportsIndex) -> int:
        return super().index(finder, *map(self._place, limits)) - self._hidden()

    def pop(self, index: SupportsIndex = -1, /) -> Any:
        return super().pop(self._place(index))

    def insert(self, index: SupportsIndex, finder: Any, /) -> None:
        super().insert(self._place(index), finder)
        self._put_in_front()

    def sort(self, **how: Any) -> None:
        super().sort(**how)
        self._put_in_front()

    def reverse(self) -> None:
        super().reverse()
        self._put_in_front()

    def __setitem__(self, key: Any, value: Any, /) -> None:
        super().__setitem__(self._place(key), value)
        self._put_in_front()

    def _hidden(self) -> int:
        found = 0
        for finder in self:
            if finder not in self._front:
                break
            found += 1
        return found

    def _place(self, key: Any) -> Any:
        return key if isinstance(key, slice) or key.__index__() < 0 else key.__index__() + self._hidden()

    def _put_in_front(self) -> None:
        front = [finder for finder in self._front if finder in self]
        if list.__getitem__(self, slice(len(front))) != front:
            super().__setitem__(slice(None), [*front, *(finder for finder in self if finder not in front)])


class _Waiting:
    """The finder that installs the shim when one of its names is imported for the first time."""

    def __init__(self, names: Iterable[str], then: Callable[[], None]) -> None:
        self._names = frozenset(names)
        self._then = then
        self._path = Watched(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._names:
            return None
        with _lock:
            # Another thread may have been here first.
            if self in _installed:
                uninstall()
                self._then()
        found = (finder.find_spec(fullname, path, target) for finder in list(sys.meta_path) if finder is not self)
        return next((spec for spec in found if spec is not None), None)

    def uninstall(self) -> None:
        self._path.give_back()
        # Where another has taken the place of the list, this one may still be in it.
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]
