"""A function that returns a history, wrapped so that it returns records: whatever kind of function it is."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any, cast

_MARK = "__compatkit_producer__"
_Function = Callable[..., object]
_Records = Generator[object, Any, object]
_AsyncRecords = AsyncGenerator[object, Any]
Read = Callable[[object], object]


def is_wrapped(function: object) -> bool:
    """True for what this module wrapped, also for what another copy of it did."""
    inner = getattr(function, "__func__", function)
    # The mark is the wrapper itself: `functools.wraps` copies it to functions that are none.
    return getattr(inner, _MARK, None) is inner


def wrapped(function: object, read: Read, read_record: Read) -> object:
    """Wrap a function, or the one inside a `staticmethod`, `classmethod` or `partialmethod`.

    `read` is applied to what it returns; `read_record` to each record that a generator yields. Name, signature,
    docstring and `inspect.unwrap` stay those of the function. What cannot be called is handed back as it is.
    """
    if isinstance(function, staticmethod | classmethod):
        return type(function)(_wrap(function.__func__, read, read_record))
    if isinstance(function, functools.partialmethod):
        inner = _wrap(function.func, read, read_record)
        return functools.partialmethod(inner, *function.args, **function.keywords)
    return _wrap(function, read, read_record) if callable(function) else function


def _wrap(function: _Function, read: Read, read_record: Read) -> _Function:
    wrapper: _Function
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def wrapper(*args: object, **kwargs: object) -> object:
            return read(await cast(Awaitable[object], function(*args, **kwargs)))

    elif inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def wrapper(*args: object, **kwargs: object) -> _Records:
            return (yield from _read_each(cast(_Records, function(*args, **kwargs)), read, read_record))

    elif inspect.isasyncgenfunction(function):
        # Not a layer around `_read_each_async`: there is no `yield from` that would hand on what is sent.
        wrapper = _read_each_async(function, read_record)
    else:

        @functools.wraps(function)
        def wrapper(*args: object, **kwargs: object) -> object:
            return _read_whatever(function(*args, **kwargs), read, read_record)

    setattr(wrapper, _MARK, wrapper)
    return wrapper


def _read_whatever(returned: object, read: Read, read_record: Read) -> object:
    """Read a value, or what a plain function hands on for another one, as decorators make them."""
    if inspect.isawaitable(returned):
        return _read_awaited(returned, read)
    if inspect.isgenerator(returned):
        return _read_each(returned, read, read_record)
    if inspect.isasyncgen(returned):
        return _read_each_async(lambda: returned, read_record)()
    return read(returned)


async def _read_awaited(returned: Awaitable[object], read: Read) -> object:
    return read(await returned)


def _read_each(records: _Records, read: Read, read_record: Read) -> _Records:
    """Hand on what the generator yields, and what is sent and thrown into it; what it returns may be the history."""
    try:
        record = next(records)
        while True:
            # Outside of the `try`: an error in reading is the caller's, not the generator's to catch.
            ready = read_record(record)
            try:
                sent = yield ready
            except GeneratorExit:
                raise
            except BaseException as error:  # noqa: BLE001 - handed on to the generator, whatever it is
                record = records.throw(error)
            else:
                record = records.send(sent)
    except StopIteration as stop:
        return read(stop.value)
    finally:
        records.close()


def _read_each_async(function: _Function, read_record: Read) -> Callable[..., _AsyncRecords]:
    """Return `function`, an async generator function, with the same done as in `_read_each`; these return nothing."""

    @functools.wraps(function)
    async def wrapper(*args: object, **kwargs: object) -> _AsyncRecords:
        records = cast(_AsyncRecords, function(*args, **kwargs))
        try:
            record = await anext(records)
            while True:
                ready = read_record(record)
                try:
                    sent = yield ready
                except GeneratorExit:
                    raise
                except BaseException as error:  # noqa: BLE001 - handed on to the generator, whatever it is
                    record = await records.athrow(error)
                else:
                    record = await records.asend(sent)
        except StopAsyncIteration:
            return
        finally:
            await records.aclose()

    return wrapper
