"""A function that returns a history, wrapped so that it returns records: whatever kind of function it is."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from types import AsyncGeneratorType, BuiltinFunctionType, FunctionType, GeneratorType
from typing import Any, cast

from compatkit.shim.lookup import passed_over
from compatkit.shim.returned import Results
from compatkit.shim.stand_in import pass_for, stand_in
from compatkit.shim.warning import caller_frame, module_of

_MARK = "__compatkit_producer__"
_Function = Callable[..., object]
_Records = Generator[object, Any, object]
_AsyncRecords = AsyncGenerator[object, Any]


def is_wrapped(function: object) -> bool:
    """True for what this module wrapped, also for what another copy of it did."""
    # The mark is the wrapper itself: `functools.wraps` copies it to functions that are none.
    inside = (getattr(function, name, None) for name in ("__func__", "fget", "func"))
    return any(getattr(found, _MARK, None) is found for found in (function, *inside) if found is not None)


def wrapped(function: object, results: Results) -> object:
    """Wrap a function, or the one inside a property, `staticmethod`, `classmethod` or `partialmethod`.

    What it returns is read, and each record that a generator yields. Name, signature, docstring and `inspect.unwrap`
    stay those of the function. For a callable object or a descriptor, another object stands that passes for it. What
    cannot be called, and a class, is handed back as it is.
    """
    if isinstance(function, staticmethod | classmethod):
        return type(function)(_wrap(function.__func__, results))
    if isinstance(function, functools.partialmethod):
        inner = _wrap(function.func, results)
        return functools.partialmethod(inner, *function.args, **function.keywords)
    if type(function) is property and function.fget is not None:
        return property(_wrap_getter(function.fget, results), function.fset, function.fdel, function.__doc__)
    if type(function) is functools.cached_property:
        cached = functools.cached_property(_wrap(function.func, results))
        if function.attrname is not None:
            cached.__set_name__(object, function.attrname)
        return cached
    if isinstance(function, FunctionType | BuiltinFunctionType):
        return _wrap(function, results)
    is_descriptor = hasattr(type(function), "__get__") and type(function).__module__ != "builtins"
    if isinstance(function, type) or not (callable(function) or is_descriptor):
        return function

    def bound(found: object) -> object:
        return wrapped(found, results) if callable(found) else results.read(found)

    return stand_in(function, _wrap(cast(_Function, function), results), mark=_MARK, bound=bound)


@passed_over
def _wrap_getter(getter: _Function, results: Results) -> _Function:
    @functools.wraps(getter)
    def wrapper(instance: object) -> object:
        # The module of the class reads what it keeps there itself, and may add to it.
        is_own = module_of(caller_frame()) == getter.__module__
        value = getter(instance)
        return value if is_own else results.read(value)

    setattr(wrapper, _MARK, wrapper)
    return wrapper


@passed_over
def _wrap(function: _Function, results: Results) -> _Function:
    wrapper: _Function
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def wrapper(*args: object, **kwargs: object) -> object:
            return results.read(await cast(Awaitable[object], function(*args, **kwargs)))

    elif inspect.isgeneratorfunction(function) and not _is_awaited(function):

        @functools.wraps(function)
        def wrapper(*args: object, **kwargs: object) -> _Records:
            return (yield from _read_each(cast(_Records, function(*args, **kwargs)), results))

    elif inspect.isasyncgenfunction(function):
        # Not a layer around `_read_each_async`: there is no `yield from` that would hand on what is sent.
        wrapper = _read_each_async(function, results)
    else:

        @functools.wraps(function)
        def wrapper(*args: object, **kwargs: object) -> object:
            return _read_whatever(function(*args, **kwargs), results)

    wrapper = pass_for(wrapper, function)
    setattr(wrapper, _MARK, wrapper)
    return wrapper


def _is_awaited(function: object) -> bool:
    """True for a generator function that `types.coroutine` marked: what it returns is awaited."""
    code = getattr(inspect.unwrap(cast(_Function, function)), "__code__", None)
    return code is not None and bool(code.co_flags & inspect.CO_ITERABLE_COROUTINE)


def _read_whatever(returned: object, results: Results) -> object:
    """Read a value, or what a plain function hands on for another one, as decorators make them."""
    # Asked of the class: a mock has every attribute, and a proxy whose object is gone raises when it is asked.
    kind: Any = type(returned)
    if kind is GeneratorType and not inspect.isawaitable(returned):
        return _read_each(cast(_Records, returned), results, closes=_is_new(returned))
    if kind is GeneratorType or (hasattr(kind, "__await__") and hasattr(kind, "send")):
        return _read_awaited(cast(Awaitable[object], returned), results)
    if kind is AsyncGeneratorType:
        return _read_each_async(lambda: returned, results, closes=_is_new(returned))()
    # What asyncio knows a future by; whoever holds it may cancel it, or ask whether it is done.
    return _read_future(returned, results) if hasattr(kind, "_asyncio_future_blocking") else results.read(returned)


def _is_new(returned: object) -> bool:
    """True for a generator that nobody else holds: one that a trainer keeps goes on when its caller drops it."""
    return sys.getrefcount(returned) <= _HELD_BY_TWO


def _held(returned: object) -> int:
    return sys.getrefcount(returned)


def _held_by_two(returned: object) -> int:
    return _held(returned)


# Counted where as many hold it as in `_is_new`, because Python's releases count differently.
_HELD_BY_TWO = _held_by_two(_ for _ in [None])


def _read_future(returned: Any, results: Results) -> object:
    """Return a future in the loop of the one that was returned, which need not run, and is done if that one is."""
    loop = returned.get_loop()
    if not returned.done():
        return loop.create_task(_read_awaited(returned, results))
    # Not by `exception()`, after which asyncio tells no more that nobody asked for it.
    if returned.cancelled() or getattr(returned, "_exception", None) is not None:
        return returned
    done = loop.create_future()
    done.set_result(results.read(returned.result()))
    return done


@passed_over
async def _read_awaited(returned: Awaitable[object], results: Results) -> object:
    return results.read(await returned)


@passed_over
def _read_each(records: _Records, results: Results, *, closes: bool = True) -> _Records:
    """Hand on what the generator yields, and what is sent and thrown into it; what it returns may be the history."""
    is_begun = False
    try:
        record = next(records)
        is_begun = True
        while True:
            # Outside of the `try`: an error in reading is the caller's, not the generator's to catch.
            ready = results.read_record(record)
            try:
                sent = yield ready
            except GeneratorExit:
                raise
            except BaseException as error:  # noqa: BLE001 - handed on to the generator, whatever it is
                record = records.throw(error)
            else:
                record = records.send(sent)
    except StopIteration as stop:
        # What follows records may be anything.
        return results.read(stop.value, is_quiet=is_begun)
    finally:
        if closes:
            records.close()


@passed_over
def _read_each_async(function: _Function, results: Results, *, closes: bool = True) -> Callable[..., _AsyncRecords]:
    """Return `function`, an async generator function, with the same done as in `_read_each`; these return nothing."""

    @functools.wraps(function)
    async def wrapper(*args: object, **kwargs: object) -> _AsyncRecords:
        records = cast(_AsyncRecords, function(*args, **kwargs))
        try:
            record = await anext(records)
            while True:
                ready = results.read_record(record)
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
            if closes:
                await records.aclose()

    return wrapper
