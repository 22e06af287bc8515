"""Renamed members of classes: the old name reads the new one, and the library finds hooks under their old names.

Nothing takes the place of what the new class, a class above it or a user's subclass defines. Classes that take no
attribute, as those written in C, are left as they are.
"""

from __future__ import annotations

import functools
import inspect
import sys
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import FunctionType

from compatkit.migration import MemberChange, Migration, Move
from compatkit.migration.renaming import prefixes
from compatkit.shim.library_classes import rows_by_class, subclasses
from compatkit.shim.lookup import class_at, restore, top_of
from compatkit.shim.mapped_call import renamed_at_run_time
from compatkit.shim.renamed_member import RenamedHook, RenamedMember, SubclassWatch, defines
from compatkit.shim.warning import caller_frame, warn_defined, warn_moved, warn_unfit

_StandIn = RenamedMember | RenamedHook | SubclassWatch


class RenamedMembers:
    """Adds old names to classes as their modules come in, and can take all of it back."""

    def __init__(self, migrations: Iterable[Migration]) -> None:
        every = tuple(migrations)
        moves = [move for migration in every for move in migration.moves]
        rows = (row for migration in every for row in migration.members if renamed_at_run_time(row))
        self._members = rows_by_class(rows, moves)
        self._undo: list[Callable[[], None]] = []

    @property
    def constants(self) -> Iterator[Move]:
        """Moves for the members that turn out to be constants of a module."""
        for owner, members in self._members.items():
            yield from (_move(owner, member) for member in members)

    @property
    def actions(self) -> Mapping[str, Callable[[str], None]]:
        """The action for every dotted name that may be a module with such a class."""
        return {module: self.add_in for name in self._members for module in prefixes(name)}

    def add_in(self, module_name: str) -> None:
        """Add the old names to the classes that the imported module `module_name` holds."""
        for name, members in self._members.items():
            if name.startswith(f"{module_name}."):
                kind = class_at(sys.modules.get(module_name), name[len(module_name) + 1 :])
                if kind is not None:
                    self._add(kind, name, members)

    def restore(self) -> None:
        """Take every old name away."""
        while self._undo:
            self._undo.pop()()

    def _add(self, kind: type, name: str, members: Iterable[MemberChange]) -> None:
        if vars(kind).get("_is_protocol"):
            # Whoever has all that a protocol has is one of it: an old name more, and nobody would be.
            return
        library = _library_of(kind)
        # Without the new hook, nothing tells that the class is v2's.
        may_be_old = [member.v1 for member in members if member.defined and not _has(kind, member.v2)]
        gone = [member for member in members if not (member.v1 in may_be_old or _has(kind, member.v1))]
        for member in gone:
            stand_in = RenamedMember(_move(name, member), kind, library=library, is_hook=member.defined)
            if not self._set(kind, member.v1, stand_in):
                return
        if hooks := [member for member in gone if member.defined]:
            self._watch_subclasses(kind, _Hooks(kind, hooks, library, self._set))

    def _watch_subclasses(self, kind: type, hooks: _Hooks) -> None:
        watch = SubclassWatch(kind, vars(kind).get("__init_subclass__"), hooks.connect)
        self._set(kind, "__init_subclass__", watch)
        for subclass in subclasses(kind):
            hooks.connect(subclass)

    def _set(self, owner: type, name: str, value: _StandIn) -> bool:
        try:
            setattr(owner, name, value)
        except (AttributeError, TypeError):
            return False
        # Classes come and go, and are not kept for this.
        self._undo.append(functools.partial(_restore, weakref.ref(owner), name, weakref.ref(value)))
        return True


class _Hooks:
    """The renamed hooks of one class, connected in those of its subclasses that define them under the old name."""

    def __init__(
        self, owner: type, members: Iterable[MemberChange], library: str, put: Callable[[type, str, RenamedHook], bool]
    ) -> None:
        self._owner = owner
        self._members = tuple(members)
        self._library = library
        self._put = put

    def connect(self, kind: type) -> None:
        """Let the library find the hooks of a new subclass; its own subclasses mean what they say."""
        found = [(member, definer) for member in self._members if (definer := self._definer(kind, member)) is not None]
        # Two old hooks that became one cannot both be it.
        counts = Counter(member.v2 for member, _ in found)
        for member, definer in found:
            move, hook = _move(f"{definer.__module__}.{definer.__qualname__}", member), vars(definer)[member.v1]
            if not _takes(hook, inspect.getattr_static(self._owner, member.v2, None)):
                warn_unfit(move, inspect.unwrap(hook))
            elif counts[member.v2] == 1 and self._put(kind, member.v2, RenamedHook(definer, member.v1)):
                _warn(move, hook)

    def _definer(self, kind: type, member: MemberChange) -> type | None:
        """Return the class whose hook is the one that v1 called, if v2 would not find it."""
        for base in kind.__mro__:
            if member.v2 in vars(base) or base is self._owner:
                return None
            if member.v1 in vars(base):
                return base if _is_hook(vars(base)[member.v1]) and not self._is_of_library(base) else None
        return None

    def _is_of_library(self, kind: type) -> bool:
        return kind.__module__ == self._owner.__module__ or top_of(kind.__module__) == self._library


def _has(kind: type, name: str) -> bool:
    return any(defines(base, name) for base in kind.__mro__)


def _is_hook(value: object) -> bool:
    return inspect.isroutine(value) and not isinstance(value, RenamedMember)


def _takes(hook: object, called: object) -> bool:
    """Tell whether a method takes what every call of the library's own hook passes; True where nobody knows."""
    if not (isinstance(hook, FunctionType) and isinstance(called, FunctionType)):
        return True
    every = inspect.signature(called).parameters.values()
    needed = [
        parameter
        for parameter in every
        if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    try:
        inspect.signature(hook).bind(*needed)
    except TypeError:
        return False
    return True


def _move(owner: str, member: MemberChange) -> Move:
    return Move(member.code, f"{owner}.{member.v1}", f"{owner}.{member.v2}")


def _library_of(kind: type) -> str:
    """Return the top-level package of a class that comes with a distribution; empty for one of a project's own."""
    top = top_of(kind.__module__)
    file = str(getattr(sys.modules.get(kind.__module__), "__file__", None) or "")
    return top if {"site-packages", "dist-packages"} & set(Path(file).parts) else ""


def _restore(owner: weakref.ref[type], name: str, value: weakref.ref[_StandIn]) -> None:
    kind, stand_in = owner(), value()
    if kind is not None and stand_in is not None:
        restore(kind, name, stand_in, stand_in.own if isinstance(stand_in, SubclassWatch) else None)


def _warn(move: Move, hook: object) -> None:
    function = inspect.unwrap(getattr(hook, "__func__", hook))  # type: ignore[arg-type]  # it is a routine
    if isinstance(function, FunctionType):
        warn_defined(move, function)
    else:
        warn_moved(move, caller_frame())
