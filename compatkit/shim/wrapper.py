"""A function that returns a history, wrapped so that it returns records: whatever kind of function it is."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any, cast

_MARK = "__compatkit_producer__"
_Function = Callable[..., object]
Read = Callable[[object], object]


def is_wrapped(function: object) -> bool:
    """True for what this module wrapped, also for what another copy of it did."""
    return hasattr(getattr(function, "__func__", function), _MARK)


def wrapped(function: object, read: Read, read_record: Read) -> object:
    """Wrap a function, or the one inside a `staticmethod` or `classmethod`.

    `read` is applied to what it returns; `read_record` to each record that a generator yields. Name, signature,
    docstring and `inspect.unwrap` stay those of the function.
    """
    if isinstance(function, staticmethod | classmethod):
        return type(function)(_wrap(function.__func__, read, read_record))
    return _wrap(cast(_Function, function), read, read_record)


def _wrap(function: _Function, read: Read, read_record: Read) -> _Function:
    wrapper: _Function
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def wrapper(*args: object, **kwargs: object) -> object:
            return read(await cast(Awaitable[object], function(*args, **kwargs)))

    elif inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def wrapper(*args: object, **kwargs: object) -> Generator[object, Any, object]:
            records = cast("Generator[object, Any, object]", function(*args, **kwargs))
            return (yield from _read_each(records, read, read_record))

    elif inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def wrapper(*args: object, **kwargs: object) -> object:
            records = cast("AsyncGenerator[object, Any]", function(*args, **kwargs))
            async for record in _read_each_async(records, read_record):
                yield record

    else:

        @functools.wraps(function)
        def wrapper(*args: object, **kwargs: object) -> object:
            returned = function(*args, **kwargs)
            if inspect.isawaitable(returned):
                # A plain function that hands on a coroutine, as decorators make them.
                return _read_awaited(returned, read)
            return read(returned)

    setattr(wrapper, _MARK, True)
    return wrapper


async def _read_awaited(returned: Awaitable[object], read: Read) -> object:
    return read(await returned)


def _read_each(
    records: Generator[object, Any, object], read: Read, read_record: Read
) -> Generator[object, Any, object]:
    """Hand on what the generator yields, and what is sent and thrown into it; what it returns may be the history."""
    try:
        record = next(records)
        while True:
            try:
                sent = yield read_record(record)
            except GeneratorExit:
                records.close()
                raise
            except BaseException as error:  # noqa: BLE001 - handed on to the generator, whatever it is
                record = records.throw(error)
            else:
                record = records.send(sent)
    except StopIteration as stop:
        return read(stop.value)


async def _read_each_async(records: AsyncGenerator[object, Any], read_record: Read) -> AsyncGenerator[object, Any]:
    try:
        async for record in records:
            yield read_record(record)
    finally:
        await records.aclose()
