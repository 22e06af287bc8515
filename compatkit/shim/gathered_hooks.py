"""Hooks that are gone and were given all outputs of an epoch: those are gathered, and the old hook gets them.

A class that defines `validation_epoch_end`, say, has what its `validation_step` returns kept until v2 calls
`on_validation_epoch_end`; then the old hook is called first. The library, which refuses classes that have the old
hook, does not see it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from compatkit.migration import MemberChange, Migration, Move
from compatkit.shim.library_classes import LibraryClasses
from compatkit.shim.lookup import passed_over, top_of
from compatkit.shim.warning import caller_frame, module_of, warn_defined

_GATHERED = "_compatkit_gathered"
_INSIDE = "_compatkit_inside"


class GatheredHooks(LibraryClasses[MemberChange]):
    """Watches the classes of the library as their modules come in, and connects their subclasses."""

    def __init__(self, migrations: Iterable[Migration]) -> None:
        every = tuple(migrations)
        moves = [move for migration in every for move in migration.moves]
        super().__init__((row for migration in every for row in migration.members if row.gathers), moves)

    def is_about(self, kind: type, rows: Iterable[MemberChange]) -> bool:
        # Where the hook is still called by the library, there is nothing to do.
        return not any(hasattr(kind, row.v1) for row in rows)

    def connect(self, owner: type, rows: Iterable[MemberChange], kind: type) -> None:
        library = top_of(owner.__module__)
        if top_of(kind.__module__) == library:
            return
        for member in rows:
            definer = next((base for base in kind.__mro__ if member.v1 in vars(base)), None)
            hook = vars(definer).get(member.v1) if definer else None
            is_above = isinstance(hook, _HiddenHook)
            if isinstance(hook, FunctionType):
                # In a mixin it stays: others may use it.
                self.put(kind, member.v1, _HiddenHook(hook, library))
                name = f"{definer.__module__}.{definer.__qualname__}" if definer else ""
                warn_defined(Move(member.code, f"{name}.{member.v1}", f"{name}.{member.calls_at}"), hook)
                is_above = any(isinstance(vars(base).get(member.v1), _HiddenHook) for base in kind.__mro__[1:])
            elif not is_above:
                continue
            for name, make in ((member.gathers, _gathering), (member.calls_at, _ending)):
                own = vars(kind).get(name)
                if isinstance(own, FunctionType) or not is_above:
                    self.put(kind, name, make(member, kind, own))


class _HiddenHook:
    """The old hook in its class: there for everybody but the library, which refuses a class that has it."""

    def __init__(self, hook: FunctionType, library: str) -> None:
        self.hook = hook
        self._library = library

    def __get__(self, instance: object, kind: type) -> object:
        if top_of(module_of(caller_frame())) == self._library:
            raise AttributeError(f"{kind.__name__!r} object has no attribute {self.hook.__name__!r}")
        return self.hook if instance is None else self.hook.__get__(instance, kind)


@passed_over
def _gathering(member: MemberChange, kind: type, own: Any) -> Callable[..., object]:
    """Return the step, which keeps what it returns; one that calls that of the class above keeps one result."""
    inner = own if own is not None else _of_class_above(kind, member.gathers)

    @functools.wraps(inner)
    def step(self: Any, *args: Any, **kwargs: Any) -> object:
        inside = self.__dict__.setdefault(_INSIDE, set())
        is_outer = member.gathers not in inside
        inside.add(member.gathers)
        try:
            result = (
                own(self, *args, **kwargs)
                if own is not None
                else getattr(super(kind, self), member.gathers)(*args, **kwargs)
            )
        finally:
            if is_outer:
                inside.discard(member.gathers)
        if is_outer:
            loader = kwargs.get("dataloader_idx", args[2] if len(args) > 2 else None)
            kept = self.__dict__.setdefault(_GATHERED, {}).setdefault(member.gathers, {})
            kept.setdefault(loader, []).extend([] if result is None else [_kept(result, member.wrapped_as)])
        return result

    return step


@passed_over
def _ending(member: MemberChange, kind: type, own: Any) -> Callable[..., object]:
    """Return v2's hook, which first calls the old one with what was gathered."""
    inner = own if own is not None else _of_class_above(kind, member.calls_at)

    @functools.wraps(inner)
    def end(self: Any, *args: Any, **kwargs: Any) -> object:
        kept = self.__dict__.get(_GATHERED, {}).pop(member.gathers, {})
        if kept:
            several = [outputs for loader, outputs in sorted(kept.items(), key=lambda gathered: gathered[0] or 0)]
            getattr(self, member.v1)(several if len(several) > 1 or None not in kept else several[0])
        if own is not None:
            return own(self, *args, **kwargs)
        return getattr(super(kind, self), member.calls_at)(*args, **kwargs)

    return end


def _of_class_above(kind: type, name: str) -> Any:
    return next((vars(base)[name] for base in kind.__mro__[1:] if name in vars(base)), lambda *_, **__: None)


def _kept(result: Any, wrapped_as: str) -> Any:
    """Return a result as v1 kept it: without the graph that led to it, and a lone value under its name."""
    if isinstance(result, dict):
        return {key: _detached(value) for key, value in result.items()}
    return {wrapped_as: _detached(result)} if wrapped_as else _detached(result)


def _detached(value: Any) -> Any:
    return value.detach() if callable(getattr(value, "detach", None)) else value
