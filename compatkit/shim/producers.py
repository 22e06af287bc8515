"""Producers: functions whose returned history is handed on as records that either generation can read."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import cast

from compatkit.record import EpochRecord, read_history

_MARK = "__compatkit_producer__"
_Function = Callable[..., object]


class Producers:
    """Wraps the producers that a migration names, as their modules come in, and can take all of it back."""

    def __init__(self, functions: Iterable[str]) -> None:
        self._functions = tuple(functions)
        self._undo: list[Callable[[], None]] = []

    @property
    def modules(self) -> frozenset[str]:
        """Every dotted name that may be the module of a producer; which one it is shows when it is imported."""
        return frozenset(prefix for function in self._functions for prefix in _prefixes(function))

    def wrap_in(self, module_name: str) -> None:
        """Wrap the producers that the imported module `module_name` holds."""
        for function in self._functions:
            if function.startswith(module_name + "."):
                self._wrap(module_name, function[len(module_name) + 1 :].split("."))

    def wrap_imported(self) -> None:
        """Wrap the producers in modules that were imported already."""
        for name in self.modules & sys.modules.keys():
            self.wrap_in(name)

    def restore(self) -> None:
        """Put every original back."""
        while self._undo:
            self._undo.pop()()

    def _wrap(self, module_name: str, path: list[str]) -> None:
        owner: object = sys.modules.get(module_name)
        for name in path[:-1]:
            owner = getattr(owner, name, None)
        name = path[-1]
        original = inspect.getattr_static(owner, name, None) if owner is not None else None
        if original is None or _is_wrapped(original):
            return
        is_own = name in vars(owner)
        setattr(owner, name, _wrapped(original))
        self._undo.append(functools.partial(_restore, owner, name, original if is_own else None))


def _restore(owner: object, name: str, original: object | None) -> None:
    if original is None:
        # It was inherited: taking ours away shows the parent's again.
        delattr(owner, name)
    else:
        setattr(owner, name, original)


def _prefixes(function: str) -> Iterator[str]:
    while function := function.rpartition(".")[0]:
        yield function


def _is_wrapped(original: object) -> bool:
    return hasattr(getattr(original, "__func__", original), _MARK)


def _wrapped(original: object) -> object:
    """Wrap a function, or the function inside a `staticmethod` or `classmethod`."""
    if isinstance(original, staticmethod | classmethod):
        return type(original)(_wrap_function(original.__func__))
    return _wrap_function(cast(_Function, original))


def _wrap_function(function: _Function) -> _Function:
    wrapper: _Function
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def wrapper(*args: object, **kwargs: object) -> object:
            return _read(await cast(Awaitable[object], function(*args, **kwargs)))

    elif inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def wrapper(*args: object, **kwargs: object) -> object:
            return _read_each(function(*args, **kwargs))

    else:

        @functools.wraps(function)
        def wrapper(*args: object, **kwargs: object) -> object:
            return _read(function(*args, **kwargs))

    setattr(wrapper, _MARK, True)
    return wrapper


def _read(history: object) -> object:
    # A trainer that returns nothing returned no history to read.
    return None if history is None else read_history(cast(Iterable[object], history))


def _read_each(records: object) -> Iterator[EpochRecord]:
    for record in cast(Iterable[object], records):
        yield from read_history([record])
