"""A class under its old name: it is called as v1 was, and makes instances of the new one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compatkit.shim.holders import unseen

# From the arguments of a call to those under v2.
Map = Callable[[tuple[object, ...], dict[str, object]], tuple[tuple[object, ...], dict[str, object]]]


@unseen
def changed_class(new: type[Any], name: str, map_call: Map) -> type[Any]:
    """Return a class that stands for `new`, under its old dotted name.

    Instances are of `new` itself, and so is what `isinstance` and `issubclass` say. A subclass hands its arguments on
    by `super().__init__`, where they are mapped; of what it is called with itself, nothing is known.
    """
    kind: type[Any] = type(new)

    class Changed(kind):  # type: ignore[misc]
        def __call__(self, *args: object, **kwargs: object) -> object:
            if self is not facade:
                return super().__call__(*args, **kwargs)
            args, kwargs = map_call(args, kwargs)
            return new(*args, **kwargs)

        def __instancecheck__(self, instance: object) -> bool:
            return isinstance(instance, new) if self is facade else super().__instancecheck__(instance)

        def __subclasscheck__(self, subclass: type) -> bool:
            return issubclass(subclass, new) if self is facade else super().__subclasscheck__(subclass)

    def init(self: object, *args: object, **kwargs: object) -> None:
        args, kwargs = map_call(args, kwargs)
        new.__init__(self, *args, **kwargs)

    module, _, last = name.rpartition(".")
    inside = {"__init__": init, "__doc__": new.__doc__, "__module__": module, "__wrapped__": new}
    facade: type[Any] = Changed(last, (new,), inside)
    return facade
