"""Stand in for a callable that is no plain function, as it is: its type, its attributes, and how it binds."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial, update_wrapper
from types import FunctionType
from typing import Any

from compatkit.shim.lookup import passed_over

_Function = Callable[..., object]
# What the stand-in does by itself; the rest of an object's special methods, Python looks up in its class.
_OWN = {
    *("__call__", "__get__", "__getattribute__", "__setattr__", "__delattr__", "__class__", "__dict__", "__doc__"),
    *("__new__", "__init__", "__del__", "__init_subclass__", "__subclasshook__", "__class_getitem__", "__set_name__"),
    *("__slots__", "__weakref__", "__module__"),
}


# Who asks whether a function is asynchronous, or a generator's, asks these.
_KINDS = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


def pass_for(wrapper: Any, function: Any) -> Any:
    """Return a wrapper of `functools.wraps` that answers as `function` for its kind, and for what it takes.

    Flags tell the kind to who asks. Python makes a coroutine by an instruction, which a plain wrapper does not have.
    """
    code = wrapper.__code__
    missing = getattr(getattr(function, "__code__", None), "co_flags", 0) & _KINDS & ~code.co_flags
    if missing:
        code = code.replace(co_flags=code.co_flags | missing)
        wrapper = update_wrapper(FunctionType(code, wrapper.__globals__, closure=wrapper.__closure__), function)
    for name in ("__defaults__", "__kwdefaults__"):
        setattr(wrapper, name, getattr(function, name, None))
    # A decorated one is unwrapped to what it decorates.
    wrapper.__wrapped__ = getattr(function, "__wrapped__", function)
    with suppress(TypeError, ValueError):  # of some that are written in C, nobody knows it
        wrapper.__signature__ = inspect.signature(function)
    return wrapper


# Python 3.13 alone warns where a partial is taken from an object, of the line that runs: that would be ours.
_PARTIAL_WARNS = sys.version_info[:2] == (3, 13)
_PARTIAL_WILL_BIND = (
    "functools.partial will be a method descriptor in future Python versions; "
    "wrap it in staticmethod() if you want to preserve the old behavior"
)


@passed_over
def stand_in(target: Any, call: _Function, *, mark: str, bound: Callable[[Any], object]) -> object:
    """Return an object that passes for `target`, but is called as `call`.

    Its attribute `mark` is itself. In a class it binds as `target` does, and `bound` returns what to hand on for that.
    """
    kind = type(target)

    def forward(name: str) -> _Function:
        return lambda _, *args, **kwargs: getattr(kind, name)(target, *args, **kwargs)

    def get(itself: object, instance: object, owner: type | None = None) -> object:
        if _PARTIAL_WARNS and instance is not None and isinstance(target, partial):
            warnings.warn(_PARTIAL_WILL_BIND, FutureWarning, stacklevel=2)
            return itself
        found = kind.__get__(target, instance, owner)
        return itself if found is target else bound(found)

    def getattribute(itself: object, name: str) -> object:
        if name == mark:
            return itself
        return getattr(target, name, target) if name == "__wrapped__" else getattr(target, name)

    own: dict[str, object] = {"__call__": staticmethod(call), "__get__": get}
    body: dict[str, object] = {
        **{name: forward(name) for name in dir(kind) if name[:2] == name[-2:] == "__" and name not in _OWN},
        **{name: method for name, method in own.items() if hasattr(kind, name)},
        "__getattribute__": getattribute,
        "__setattr__": lambda _, name, value: setattr(target, name, value),
        "__delattr__": lambda _, name: delattr(target, name),
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
    }
    if getattr(kind, "__hash__", None) is None:
        body["__hash__"] = None
    made: object = type(kind.__name__, (), body)()
    return made
