"""One object adapted by hand: what the shim does to declared producers, for a trainer at hand."""

from __future__ import annotations

import functools
import inspect
from typing import TypeVar

from compatkit.errors import nearest
from compatkit.migration import Migration, Producer, find_migration, parse_shape
from compatkit.shim.producers import MigrationReader
from compatkit.shim.returned import Results
from compatkit.shim.warning import ShimError
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
        raise ShimError(
            f"returns is {returns!r}, which is no path.",
            where="adapt()",
            hint="""give '.history', '[1]' or '["history"]'""",
        )
    # One who adapts an object wants records, whatever it returns.
    reader = MigrationReader(declared, converts=True)
    if not methods and isinstance(trainer, type):
        hint = "adapt an object of it, or declare its method under [[producers]] in a migration"
        raise ShimError(f"{trainer.__qualname__} is a class.", where="adapt()", hint=hint)
    if not methods and (inspect.isroutine(trainer) or isinstance(trainer, functools.partial)):
        return wrapped(trainer, _results(trainer, returns, reader))  # type: ignore[return-value]  # a wrapper stands for its function
    wanted = dict.fromkeys(methods, returns) or _declared(type(trainer), declared)
    if not wanted:
        raise ShimError(
            f"The migration {declared.id!r} declares no producer of {type(trainer).__qualname__}.",
            where=f"the module {type(trainer).__module__}",
            hint="name the methods that return a history: adapt(trainer, 'train')",
        )
    for name, path in wanted.items():
        _wrap(trainer, name, path, reader)
    return trainer


def _declared(kind: type, migration: Migration) -> dict[str, str]:
    """Return the producers that are methods of `kind` or of a class above it, and where each has its history."""
    names = {f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__}
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
        public = [known for known in dir(trainer) if not known.startswith("_")]
        raise ShimError(
            f"{type(trainer).__qualname__} has no method {name!r}.",
            where=f"the module {type(trainer).__module__}",
            hint=nearest(name, public) or "name the method that returns the history",
        )
    if is_wrapped(method):
        return
    try:
        setattr(trainer, name, wrapped(method, _results(method, returns, reader)))
    except AttributeError as error:
        raise ShimError(
            f"{name!r} cannot be replaced on this {type(trainer).__qualname__}, which takes no new attribute.",
            where=f"the module {type(trainer).__module__}",
            hint="read what it returns with compatkit.read_history, or declare the method under [[producers]]",
        ) from error
