"""One object adapted by hand: what the shim does to declared producers, for a trainer at hand."""

from __future__ import annotations

import functools
import inspect
from typing import TypeVar

from compatkit.migration import Migration, Producer, find_migration, parse_shape
from compatkit.shim.errors import ShimError
from compatkit.shim.producers import MigrationReader
from compatkit.shim.returned import Results
from compatkit.shim.wrapper import is_wrapped, wrapped

_Trainer = TypeVar("_Trainer")


def adapt(trainer: _Trainer, *methods: str, returns: str = "", migration: Migration | None = None) -> _Trainer:
    """Let this one trainer return records that either generation can read; other objects of its class stay as they are.

    A function is returned wrapped. Of an object, `methods` are wrapped on the object itself, which is returned; without
    them, those that the migration (by default the bundled one) declares for its class. `returns` is the path from the
    returned value to the history, such as `".history"` or `"[1]"`.
    Raises `ShimError` where nothing is declared and no method is named, or the object takes no attribute.
    """
    declared = find_migration() if migration is None else migration
    if parse_shape(returns) is None:
        raise ShimError.bad_path(returns)
    # One who adapts an object wants records, whatever it returns.
    reader = MigrationReader(declared, converts=True)
    if not methods and isinstance(trainer, type):
        raise ShimError.class_given(trainer)
    if not methods and (inspect.isroutine(trainer) or isinstance(trainer, functools.partial)):
        return wrapped(trainer, _results(trainer, returns, reader))  # type: ignore[return-value]  # a wrapper stands for its function
    wanted = dict.fromkeys(methods, returns) or _declared(type(trainer), declared)
    if not wanted:
        raise ShimError.nothing_declared(trainer, declared.id)
    for name, path in wanted.items():
        _wrap(trainer, name, path, reader)
    return trainer


def _declared(kind: type, migration: Migration) -> dict[str, str]:
    """Return the producers that are methods of `kind` or of a class above it, and where each has its history."""
    names = {f"{each.__module__}.{each.__qualname__}" for each in kind.__mro__}
    return {
        name: producer.returns
        for producer in migration.producers
        for owner, name in [_split(producer)]
        if owner in names
    }


def _split(producer: Producer) -> tuple[str, str]:
    owner, _, name = producer.function.rpartition(".")
    return owner, name


def _results(function: object, returns: str, reader: MigrationReader) -> Results:
    name = getattr(function, "__qualname__", type(function).__qualname__)
    hint = f"Say where its history lies: adapt(..., returns='.history'); now it is {returns!r}"
    return Results(reader, parse_shape(returns) or (), said=f"{name} returned what the shim cannot read", hint=hint)


def _wrap(trainer: object, name: str, returns: str, reader: MigrationReader) -> None:
    method = getattr(trainer, name, None)
    if not callable(method):
        raise ShimError.no_method(trainer, name)
    if is_wrapped(method):
        return
    try:
        setattr(trainer, name, wrapped(method, _results(method, returns, reader)))
    except AttributeError as error:
        raise ShimError.takes_no_attribute(trainer, name) from error
