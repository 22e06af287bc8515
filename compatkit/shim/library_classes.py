"""Classes of a library that users subclass: each is watched once its module is in, and all of it can be taken back."""

from __future__ import annotations

import functools
import sys
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from compatkit.migration import Move
from compatkit.migration.renaming import Renaming, prefixes
from compatkit.shim.lookup import class_at, restore
from compatkit.shim.renamed_member import SubclassWatch


class _OfClasses(Protocol):
    @property
    def of(self) -> tuple[str, ...]: ...


_Row = TypeVar("_Row", bound=_OfClasses)


class LibraryClasses(ABC, Generic[_Row]):
    """Calls `connect` for each subclass of the classes that `rows` are about: those that are there, and later ones."""

    def __init__(self, rows: Iterable[_Row], moves: Sequence[Move]) -> None:
        self._rows = rows_by_class(rows, moves)
        self._undo: list[Callable[[], None]] = []
        self._watched: weakref.WeakSet[type] = weakref.WeakSet()

    @abstractmethod
    def connect(self, owner: type, rows: Iterable[_Row], kind: type) -> None:
        """Act on `kind`, a subclass of the library's `owner`."""

    def is_about(self, kind: type, rows: Iterable[_Row]) -> bool:  # noqa: ARG002 - for those below
        """Tell whether the class that was imported is v2's."""
        return True

    @property
    def actions(self) -> Mapping[str, Callable[[str], None]]:
        """The action for every dotted name that may be a module with such a class."""
        return {module: self.add_in for name in self._rows for module in prefixes(name)}

    def add_in(self, module_name: str) -> None:
        """Watch the classes that the imported module `module_name` holds."""
        for name, rows in self._rows.items():
            if not name.startswith(f"{module_name}."):
                continue
            kind = class_at(sys.modules.get(module_name), name[len(module_name) + 1 :])
            if kind is not None and kind not in self._watched and self.is_about(kind, rows):
                self._watched.add(kind)
                connect = functools.partial(self.connect, kind, tuple(rows))
                self.put(kind, "__init_subclass__", SubclassWatch(kind, vars(kind).get("__init_subclass__"), connect))
                for subclass in subclasses(kind):
                    connect(subclass)

    def put(self, owner: type, name: str, value: Any) -> None:
        """Set an attribute of a class, until all is taken back."""
        before = vars(owner).get(name)
        try:
            setattr(owner, name, value)
        except (AttributeError, TypeError):
            # A class written in C takes no attribute.
            return
        self._undo.append(functools.partial(_restore, weakref.ref(owner), name, value, before))

    def restore(self) -> None:
        """Take every change away."""
        while self._undo:
            self._undo.pop()()
        self._watched.clear()


def rows_by_class(rows: Iterable[_Row], moves: Sequence[Move]) -> dict[str, dict[_Row, None]]:
    """Return the rows about each class, under its declared names and those to which it moved.

    A class that moved is often named by both its homes: it has a row once.
    """
    renaming = Renaming(moves)
    found: dict[str, dict[_Row, None]] = {}
    for row in rows:
        for name in row.of:
            for dotted in dict.fromkeys([name, renaming.apply(name)]):
                found.setdefault(dotted, {})[row] = None
    return found


def subclasses(kind: Any) -> Iterator[type]:
    for subclass in type.__subclasses__(kind):
        yield subclass
        yield from subclasses(subclass)


def _restore(owner: weakref.ref[type], name: str, value: object, before: object) -> None:
    kind = owner()
    if kind is not None:
        restore(kind, name, value, before)
