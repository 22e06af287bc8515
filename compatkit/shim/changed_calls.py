"""Callables whose arguments changed: called in v1's way, they are called in v2's, with one warning.

Where a name is the same in both versions, its callable is wrapped as its module comes in, if it is v2's. Where the
name is gone, one that leads to the new home takes its place. A library's calls of itself are never touched.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from types import BuiltinFunctionType, FrameType, FunctionType, ModuleType
from typing import Any

from compatkit.migration import CallChange, Migration, Move
from compatkit.migration.renaming import Renaming, prefixes
from compatkit.shim.facade import ChangedMove
from compatkit.shim.lookup import fits_signature, holder_of, owner_at, passed_over, restore, top_of
from compatkit.shim.mapped_call import LeftRows, holds_at_run_time, is_of, map_arguments
from compatkit.shim.stand_in import pass_for, stand_in
from compatkit.shim.warning import caller_frame, module_of, warn_changed

_MARK = "__compatkit_changed__"
_Function = Callable[..., object]
_NONE_LEFT = LeftRows()
_Arguments = tuple[tuple[object, ...], dict[str, object]]
# From the arguments of a call, and the frame that makes it if Python code does, to those under v2.
_Map = Callable[[tuple[object, ...], dict[str, object], FrameType | None], _Arguments]


class ChangedCalls:
    """Wraps what migrations declare, as its modules come in, and can take all of it back."""

    def __init__(self, migrations: Iterable[Migration]) -> None:
        every = tuple(migrations)
        renaming = Renaming(move for migration in every for move in migration.moves)
        declared = [row for migration in every for row in migration.calls]
        rows = filter(holds_at_run_time, declared)
        self._rows = [_of_new_classes(row, renaming) if row.made_of else row for row in rows]
        self._left = [row for row in declared if not holds_at_run_time(row) and (row.lacks or row.add) and not row.to]
        names = dict.fromkeys(name for row in (*self._rows, *self._left) for name in row.of)
        self._patterns = [name for name in names if "*" in name]
        self._changes: dict[str, tuple[CallChange, ...]] = {}
        # What holds under the old name alone, where a name of its own leads to the new home, and where none does.
        self._adapted: dict[str, tuple[Move, tuple[CallChange, ...]]] = {}
        self._ambiguous: dict[str, tuple[str, tuple[CallChange, ...]]] = {}
        for name in (name for name in names if "*" not in name):
            changes = self._changes_of(name)
            self._changes.setdefault(name, changes)
            # A module that moved may still be there under its old name, too.
            new = name if any(row.to for row in changes) else renaming.apply(name)
            if new != name:
                self._changes.setdefault(new, tuple(filter(None, map(_under_new_name, changes))))
                self._know_old(name, new, renaming, tuple(row for row in changes if _is_of_old_name(row)))
        self._undo: list[Callable[[], None]] = []

    @property
    def moves(self) -> Iterator[Move]:
        """The names that an old module which is gone has to hand on."""
        for name, changes in self._changes.items():
            for change in (row for row in changes if row.to):
                # The name itself was warned of, so its calls are not.
                adapt = _once(functools.partial(_leading_on, name=name, changes=changes, is_quiet=True))
                yield ChangedMove(change.code, name, change.to, adapt=adapt)
        for name, (move, rows) in self._adapted.items():
            adapt = _once(functools.partial(_leading_on, name=name, changes=rows, is_quiet=False))
            yield ChangedMove(move.code, name, move.new, confidence=move.confidence, adapt=adapt)

    @property
    def actions(self) -> Mapping[str, Callable[[str], None]]:
        """The action for every dotted name that may be a module with such a callable."""
        return {module: self.wrap_in for name in self._changes for module in prefixes(name)}

    @property
    def patterns(self) -> Mapping[str, Callable[[str], None]]:
        """The action for modules of which a part of the name is open."""
        return {module: self.wrap_in for pattern in self._patterns for module in prefixes(pattern)}

    def wrap_in(self, module_name: str) -> None:
        """Wrap the callables that the imported module `module_name` holds."""
        for name, changes in self._changes.items():
            if name.startswith(f"{module_name}."):
                self._wrap(module_name, name, changes)
        for name in dict.fromkeys(name for pattern in self._patterns for name in _names_in(module_name, pattern)):
            if name not in self._changes:
                self._wrap(module_name, name, self._changes_of(name))

    def restore(self) -> None:
        """Put every original back."""
        while self._undo:
            self._undo.pop()()

    def _know_old(self, name: str, new: str, renaming: Renaming, rows: tuple[CallChange, ...]) -> None:
        """Note what holds of calls under v1's name: under v2's, the same call means what it says."""
        move = next(filter(None, map(renaming.declared, (name, *prefixes(name)))), None)
        if not rows or move is None:
            return
        if move.old == name:
            self._adapted[name] = move, rows
        else:
            self._ambiguous.setdefault(new, (move.old_home, rows))

    def _changes_of(self, name: str) -> tuple[CallChange, ...]:
        return tuple(row for row in self._rows if any(fits_signature(pattern, name) for pattern in row.of))

    def _wrap(self, module_name: str, name: str, changes: tuple[CallChange, ...]) -> None:
        *path, last = name[len(module_name) + 1 :].split(".")
        owner = holder_of(owner_at(module_name, path), last)
        if owner is None:
            return
        found = inspect.getattr_static(owner, last, None)
        to = next((row.to for row in changes if row.to), "")
        if found is None and to and not path and not _makes(owner, last):
            self._set(owner, last, _late(name, to, changes))
        elif found is not None and not to:
            left = self._left_of(name)
            if isinstance(found, type):
                # The class stays itself: only what makes its instances is another. Both are given the same.
                owner, last, found = found, "__init__", inspect.getattr_static(found, "__init__")
                tells = not any(is_of(found, row) for row in changes)
                own = vars(owner).get("__new__")
                if maker := own and _wrapped(own, name, changes, 1, left, is_quiet=not tells):
                    self._set(owner, "__new__", maker)
            skip = int(isinstance(owner, type) and not isinstance(found, staticmethod))
            if (wrapper := _wrapped(found, name, changes, skip, left)) is not None:
                self._set(owner, last, wrapper)

    def _left_of(self, name: str) -> LeftRows:
        old, rows = self._ambiguous.get(name, ("", ()))
        same = () if old else tuple(row for row in self._changes.get(name, ()) if row.meant)
        refused = (row for row in self._left if any(fits_signature(pattern, name) for pattern in row.of))
        return LeftRows((*rows, *same), tuple(refused), old)

    def _set(self, owner: Any, name: str, value: object) -> None:
        own = vars(owner).get(name)
        try:
            setattr(owner, name, value)
        except (AttributeError, TypeError):
            # A class written in C takes no attribute.
            return
        self._undo.append(functools.partial(restore, owner, name, value, own))


def _of_new_classes(row: CallChange, renaming: Renaming) -> CallChange:
    """Return a row that knows the classes of values under their new names as well: they are what v2 has."""
    conditions = (
        condition._replace(
            values=tuple(dict.fromkeys(name for old in condition.values for name in (old, renaming.apply(str(old)))))
        )
        for condition in row.made_of
    )
    return replace(row, made_of=tuple(conditions))


def _makes(module: object, name: str) -> bool:
    """Tell whether a module supplies a name on request, also where it fails to: that is its own business."""
    try:
        return hasattr(module, name)
    except Exception:  # noqa: BLE001 - a module's own `__getattr__`, which may import what is not installed
        return True


def _is_of_old_name(row: CallChange) -> bool:
    """True for a row that would change what was written for v2 as well, or whose callable does not show v2."""
    is_of_values = row.values and not (row.rename or row.add or row.pin or row.drop)
    return bool(row.meant or is_of_values or (not row.asked and row.v2 is None))


def _under_new_name(row: CallChange) -> CallChange | None:
    """Return the row without what holds under the old name alone; None where nothing is left."""
    if not row.asked and row.v2 is None:
        return None
    does = row.rename or row.add or row.pin or row.drop or row.values or row.v2 is not None
    return replace(row, meant=()) if does else None


def _wrapped(
    function: object, name: str, changes: tuple[CallChange, ...], skip: int, left: LeftRows, *, is_quiet: bool = False
) -> object | None:
    """Wrap a function, or the one in a `staticmethod` or `classmethod`; None if it is not v2's, or wrapped already."""
    if isinstance(function, staticmethod | classmethod):
        inner = _wrapped(function.__func__, name, changes, skip, left, is_quiet=is_quiet)
        return None if inner is None else type(function)(inner)  # type: ignore[arg-type]
    is_plain = isinstance(function, FunctionType | BuiltinFunctionType)
    fitting = tuple(row for row in changes if is_of(function, row))
    own = left.of(function, fitting)
    if (
        not callable(function)
        or not (fitting or own.other or own.refused)
        or getattr(function, _MARK, None) is function
    ):
        return None
    if is_plain:
        return _mapping(function, name, fitting, skip, is_quiet=is_quiet, left=own)
    # It need not bind as a function does.
    call = _mapping(function, name, fitting)
    return stand_in(function, call, mark=_MARK, bound=lambda found: _wrapped(found, name, changes, 0, left) or found)


@passed_over
def _mapping(
    function: _Function,
    name: str,
    changes: tuple[CallChange, ...],
    skip: int = 0,
    *,
    is_quiet: bool = False,
    left: LeftRows = _NONE_LEFT,
) -> _Function:
    """Return the function for callers of v1; the first `skip` arguments are an instance, or a class."""
    top = name.partition(".")[0]

    @functools.wraps(function)
    def wrapper(*args: object, **kwargs: object) -> object:
        caller = caller_frame()
        if skip and caller is not None and caller.f_code is _call_of_metaclass(args[0]):
            # It makes instances for whoever calls the class.
            caller = caller.f_back
        if top_of(module_of(caller)) == top:
            return function(*args, **kwargs)
        given, named = args[skip:], kwargs
        if mapped := map_arguments(changes, given, named):
            if not is_quiet:
                warn_changed(mapped.code, name, mapped.steps, caller)
            given, named = mapped.args, mapped.kwargs
        left.warn_of_meaning(name, given, named, caller)
        if not left.refused:
            return function(*args[:skip], *given, **named)
        try:
            return function(*args[:skip], *given, **named)
        except (TypeError, ValueError):
            left.warn_of_refusal(name, given, named, caller)
            raise

    passing: _Function = pass_for(wrapper, function)
    setattr(passing, _MARK, passing)
    return passing


def _call_of_metaclass(instance: object) -> object:
    """Return the code by which the class of an object, or a class itself, is called; None where Python does that."""
    kind = instance if isinstance(instance, type) else type(instance)
    return getattr(getattr(type(kind), "__call__", None), "__code__", None)  # noqa: B004 - not whether it can be


def _leading_on(new: object, *, name: str, changes: tuple[CallChange, ...], is_quiet: bool) -> object:
    """Return what is called as v1 was, and calls `new`, a function or a class."""
    if isinstance(new, type):

        def map_call(args: tuple[object, ...], kwargs: dict[str, object], caller: FrameType | None) -> _Arguments:
            mapped = map_arguments(changes, args, kwargs)
            if mapped and not is_quiet:
                warn_changed(mapped.code, name, mapped.steps, caller)
            return (mapped.args, mapped.kwargs) if mapped else (args, kwargs)

        return _changed_class(new, name, map_call)
    return _mapping(new, name, changes, is_quiet=is_quiet) if callable(new) else new


@passed_over
def _changed_class(new: type[Any], name: str, map_call: _Map) -> type[Any]:
    """Return a class that stands for `new`, under its old dotted name.

    Instances are of `new` itself, and so is what `isinstance` and `issubclass` say. A subclass hands its arguments on
    by `super().__init__`, where they are mapped; of what it is called with itself, nothing is known.
    """
    kind: type[Any] = type(new)

    class Changed(kind):  # type: ignore[misc]
        def __call__(self, *args: object, **kwargs: object) -> object:
            if self is not facade:
                return super().__call__(*args, **kwargs)
            args, kwargs = map_call(args, kwargs, caller_frame())
            return new(*args, **kwargs)

        def __instancecheck__(self, instance: object) -> bool:
            return isinstance(instance, new) if self is facade else super().__instancecheck__(instance)

        def __subclasscheck__(self, subclass: type) -> bool:
            return issubclass(subclass, new) if self is facade else super().__subclasscheck__(subclass)

    def init(self: object, *args: object, **kwargs: object) -> None:
        args, kwargs = map_call(args, kwargs, caller_frame())
        new.__init__(self, *args, **kwargs)

    module, _, last = name.rpartition(".")
    inside = {"__init__": init, "__doc__": new.__doc__, "__module__": module, "__wrapped__": new}
    facade: type[Any] = Changed(last, (new,), inside)
    return facade


@passed_over
def _late(name: str, to: str, changes: tuple[CallChange, ...]) -> _Function:
    """Return a function that takes the place of one that is gone; its new home is imported at the first call."""
    module, _, last = to.rpartition(".")

    def moved(*args: object, **kwargs: object) -> object:
        caller = caller_frame()
        mapped = map_arguments(changes, args, kwargs)
        steps = (f"it is {to} now", *(mapped.steps if mapped else ()))
        warn_changed(changes[0].code, name, steps, caller)
        function: _Function = getattr(import_module(module), last)
        return function(*mapped.args, **mapped.kwargs) if mapped else function(*args, **kwargs)

    moved.__name__ = moved.__qualname__ = name.rpartition(".")[2]
    return moved


def _once(adapt: Callable[[object], object]) -> Callable[[object], object]:
    """Give the same answer for the same thing, so that a class stays one."""
    known: dict[int, tuple[object, object]] = {}

    def adapted(value: object) -> object:
        if id(value) not in known:
            known[id(value)] = (value, adapt(value))
        return known[id(value)][1]

    return adapted


def _names_in(module_name: str, pattern: str) -> Iterator[str]:
    """Yield the dotted names of what the module itself, and the classes in it, have that the pattern means.

    A `*` stands for classes of the module's own library only; submodules come in by themselves.
    """
    depth = module_name.count(".") + 1
    wanted = pattern.split(".")
    module = sys.modules.get(module_name)
    if isinstance(module, ModuleType) and depth < len(wanted) and fits_signature(".".join(wanted[:depth]), module_name):
        yield from _names(module, module_name, wanted[depth:])


def _names(owner: ModuleType | type, name: str, wanted: Sequence[str]) -> Iterator[str]:
    first, *rest = wanted
    if not rest:
        # Whether it can be called, and takes what v2 takes, is asked of it later.
        if inspect.getattr_static(owner, first, None) is not None:
            yield f"{name}.{first}"
        return
    for inner in list(vars(owner)) if first == "*" else [first]:
        kind = vars(owner).get(inner)
        if isinstance(kind, type) and (first != "*" or top_of(kind.__module__) == top_of(name)):
            yield from _names(kind, f"{name}.{inner}", rest)
