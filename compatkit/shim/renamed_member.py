"""A member of a class under its old name, and a hook that a subclass defines under its old name."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from compatkit.migration import Move
from compatkit.shim.lookup import MISSING, dynamic, top_of
from compatkit.shim.warning import caller_frame, module_of, only_looks, warn_moved


def defines(kind: type, name: str) -> bool:
    """Tell whether a class has a name by itself: in its body, or as a field that only its instances have."""
    inside = vars(kind)
    return name in inside or name in inside.get("__annotations__", ())


class RenamedMember:
    """Stands in a class under a member's old name, and leads to its new one: what is read, set and deleted.

    What an instance keeps under the old name by itself comes before it, and a subclass's own before both. The
    `library` uses no old names: it looks at all that its classes have, or whether a hook is defined, which this is not.
    """

    def __init__(self, move: Move, owner: type, *, library: str = "", is_hook: bool = False) -> None:
        self._move = move
        self._owner = owner
        self._library = library
        self._is_hook = is_hook

    def __get__(self, instance: object, kind: type) -> object:
        caller = caller_frame()
        above = _after(kind, self._owner, self._move, caller)
        if above is None and (own := self._own(instance, kind, caller)) is not MISSING:
            return own
        target: Any = kind if instance is None else instance
        value = getattr(target if above is None else super(above, target), self._move.new_name)
        if instance is None and inspect.isdatadescriptor(value):
            # A property, of which a class knows no value.
            return self
        # Last, because nobody is warned of a member that is not there.
        self._warn(caller)
        return value

    def __set__(self, instance: object, value: object) -> None:
        caller = caller_frame()
        # A value that takes the place of a method is somebody's own, of that name by chance.
        is_own = inspect.isroutine(inspect.getattr_static(type(instance), self._move.new_name, None)) and not callable(
            value
        )
        if is_own or self._is_of_library(caller) or not self._is_new(instance):
            _held(instance, self._move.old_name)[self._move.old_name] = value
        else:
            setattr(instance, self._move.new_name, value)
            self._warn(caller)

    def __delete__(self, instance: object) -> None:
        held = _held(instance, self._move.old_name)
        if self._move.old_name in held:
            del held[self._move.old_name]
        elif self._is_of_library(caller_frame()) or not self._is_new(instance):
            raise _missing(type(instance), self._move.old_name)
        else:
            delattr(instance, self._move.new_name)

    def _own(self, instance: object, kind: type, caller: FrameType | None) -> object:
        """Return what there is under the old name by itself, or MISSING. Raises where the name must seem missing."""
        name = self._move.old_name
        if instance is None:
            found = self if self._is_of_library(caller) and not self._is_hook else MISSING
        else:
            found = getattr(instance, "__dict__", {}).get(name, MISSING)
            found = dynamic(instance, name) if found is MISSING else found
        if found is MISSING and (self._is_field(kind) or (self._is_hook and self._is_of_library(caller))):
            raise _missing(kind, name)
        return found

    def _is_new(self, instance: object) -> bool:
        """Tell whether an object is seen to be v2's, of which the member is the new one."""
        held, kind = getattr(instance, "__dict__", {}), type(instance)
        has_new = self._move.new_name in held or any(self._move.new_name in vars(base) for base in kind.__mro__)
        return has_new and self._move.old_name not in held and not self._is_field(kind)

    def _is_field(self, kind: type) -> bool:
        """Tell whether a subclass declares the old name, for its instances to have."""
        below = _before(kind, self._owner)
        return any(self._move.old_name in vars(base).get("__annotations__", ()) for base in below)

    def _is_of_library(self, caller: FrameType | None) -> bool:
        return bool(self._library) and top_of(module_of(caller)) == self._library

    def _warn(self, caller: FrameType | None) -> None:
        if not (only_looks(caller) or self._is_of_library(caller)):
            warn_moved(self._move, caller, is_member=True)


class RenamedHook:
    """Stands in a user's class under a hook's new name, which the library calls, and leads to the old one."""

    def __init__(self, definer: type, old: str) -> None:
        self._definer = definer
        self._old = old

    def __get__(self, instance: object, kind: type) -> object:
        if (own := getattr(instance, "__dict__", {}).get(self._old, MISSING)) is not MISSING:
            return own
        # Looked up each time: it may be patched.
        value = vars(self._definer)[self._old]
        bind = getattr(type(value), "__get__", None)
        return value if bind is None else bind(value, instance, kind)


class SubclassWatch:
    """Stands in a class as its `__init_subclass__`, does what that does, and then acts on the new subclass."""

    def __init__(self, owner: type, own: Any, act: Callable[[type], None]) -> None:
        self._owner: Any = owner
        self.own = own
        self._act = act

    def __get__(self, instance: object, kind: type) -> Callable[..., None]:
        return functools.partial(self._init, kind)

    def _init(self, kind: Any, /, **kwargs: object) -> None:
        if self.own is None:
            super(self._owner, kind).__init_subclass__(**kwargs)
        else:
            self.own.__get__(None, kind)(**kwargs)
        self._act(kind)


def _before(kind: type, owner: type) -> Iterator[type]:
    for base in kind.__mro__:
        if base is owner:
            return
        yield base


def _after(kind: type, owner: type, move: Move, caller: FrameType | None) -> type | None:
    """Return the class behind which to look, where the old name was looked up by `super()`; else None.

    Where a subclass defines the old name, nothing else finds the member of `owner`. Where its new method asks for the
    old one of the class above, that is not the new method again.
    """
    below = list(_before(kind, owner))
    defining = [base for base in below if move.old_name in vars(base)]
    asked_by = caller.f_code if caller is not None else MISSING
    asking = [base for base in below if _code_of(vars(base).get(move.new_name)) is asked_by]
    return next(iter([*reversed(defining), *reversed(asking)]), None)


def _code_of(value: object) -> object:
    return getattr(getattr(value, "__func__", value), "__code__", None)


def _held(instance: object, name: str) -> dict[str, object]:
    """Return what an instance holds by itself. Raises where it can hold nothing."""
    held: dict[str, object] | None = getattr(instance, "__dict__", None)
    if held is None:
        raise _missing(type(instance), name)
    return held


def _missing(kind: type, name: str) -> AttributeError:
    return AttributeError(f"{kind.__name__!r} object has no attribute {name!r}", name=name)
