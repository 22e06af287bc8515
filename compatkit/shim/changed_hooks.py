"""Hooks whose parameters changed: the library calls them as v2 does, and a user's old one gets what it takes.

A definition is an old one if v2 cannot call it. It is wrapped in its class, as soon as the class is made. What v2 does
not pass is left to its default, or is None where the hook does not use it; else nothing is done but to warn. What an
old hook hands up by `super()` is called as v1 would be called.
"""

from __future__ import annotations

import dis
import functools
import inspect
import weakref
from collections.abc import Callable, Iterable, Mapping
from types import CodeType, FunctionType
from typing import Any

from compatkit.migration import HookChange, Migration
from compatkit.migration.changes import Parameters
from compatkit.shim.library_classes import LibraryClasses
from compatkit.shim.lookup import passed_over, top_of
from compatkit.shim.warning import caller_frame, module_of, warn_hook

_Parameter = inspect.Parameter
_PLACED = (_Parameter.POSITIONAL_ONLY, _Parameter.POSITIONAL_OR_KEYWORD)


class ChangedHooks(LibraryClasses[HookChange]):
    """Watches the classes of the library as their modules come in, and adapts old hooks of their subclasses."""

    def __init__(self, migrations: Iterable[Migration]) -> None:
        every = tuple(migrations)
        rows = [row for migration in every for row in migration.hooks if row.about.confidence != "manual"]
        super().__init__(rows, [move for migration in every for move in migration.moves])
        self._old: weakref.WeakSet[CodeType] = weakref.WeakSet()

    def connect(self, owner: type, rows: Iterable[HookChange], kind: type) -> None:
        library = top_of(owner.__module__)
        if top_of(kind.__module__) == library:
            return
        for row in rows:
            definer = _definer(row.name, kind)
            # What a class of the user's above it defines was looked at there; a mixin stays as it is for others.
            if definer is kind or not (issubclass(definer, owner) or issubclass(owner, definer)):
                self._adapt(owner, row, kind, vars(definer).get(row.name), library)

    def _adapt(self, owner: type, row: HookChange, kind: type, hook: object, library: str) -> None:
        names = _old_names(hook, row) if isinstance(hook, FunctionType) and hook.__code__ not in _MADE else None
        if names is None or not isinstance(hook, FunctionType):
            return
        name = f"{owner.__module__}.{owner.__qualname__}.{row.name}"
        written: Any = inspect.unwrap(hook)
        placed = [names.get(parameter.name) for parameter in _own(hook) if parameter.kind in _PLACED]
        places = [row.v1.index(old) for old in placed if old in row.v1]
        if places != sorted(places):
            # By its places or by its names: v1 may have called it either way.
            warn_hook(row, name, "its parameters stand in an order that v1 did not have, hence it is left", written)
            return
        if missing := _needed(hook, names, row):
            warn_hook(row, name, f"{', '.join(missing)} cannot be had", written)
            return
        warn_hook(row, name, "", written)
        self._old.add(written.__code__)
        self.put(kind, row.name, _called_by_v2(hook, row, names, library))
        above = vars(_definer(row.name, owner)).get(row.name)
        if isinstance(above, FunctionType) and above.__code__ not in _MADE:
            self.put(owner, row.name, _called_by_v1(above, row, self._old))


def _own(hook: FunctionType) -> list[_Parameter]:
    """Return the parameters of a hook besides the instance."""
    return list(inspect.signature(hook).parameters.values())[1:]


def _definer(name: str, kind: type) -> type:
    return next((base for base in kind.__mro__ if name in vars(base)), object)


def _old_names(hook: FunctionType, row: HookChange) -> Mapping[str, str] | None:
    """Return v1's name of each parameter of a definition that v2 cannot call; None for any other."""
    every = _own(hook)
    placed = [parameter for parameter in every if parameter.kind in _PLACED]
    by_name = [parameter for parameter in every if parameter.kind is _Parameter.KEYWORD_ONLY]
    if any(parameter.kind is _Parameter.VAR_POSITIONAL for parameter in every):
        # It takes what it is given, and may hand it on.
        return None
    required = len([parameter for parameter in placed if parameter.default is _Parameter.empty])
    named = tuple(parameter.name for parameter in by_name if parameter.default is _Parameter.empty)
    takes_any = any(parameter.kind is _Parameter.VAR_KEYWORD for parameter in every)
    names = row.old_names(Parameters(tuple(parameter.name for parameter in placed), required, named, takes_any))
    return None if names is None else {**names, **{parameter.name: parameter.name for parameter in by_name}}


def _needed(hook: FunctionType, names: Mapping[str, str], row: HookChange) -> list[str]:
    """Return the parameters for which v2 has no value, and which the hook needs."""
    passed = {*row.v2, *(renamed.v1 for renamed in row.rename)}
    code = inspect.unwrap(hook).__code__
    return [
        parameter.name
        for parameter in _own(hook)
        if parameter.default is _Parameter.empty and parameter.kind in (*_PLACED, _Parameter.KEYWORD_ONLY)
        if names.get(parameter.name) not in passed and (parameter.name not in names or _is_used(code, parameter.name))
    ]


def _is_used(code: CodeType, name: str) -> bool:
    """Tell whether code may read one of its parameters."""
    if name in code.co_cellvars or {"locals", "vars", "eval", "exec", "dir"} & {*code.co_names}:
        return True
    # Newer Pythons have instructions that read two.
    read = (
        instruction.argval
        for instruction in dis.get_instructions(code)
        if not instruction.opname.startswith("STORE_FAST")
    )
    return any(value == name or (isinstance(value, tuple) and name in value) for value in read)


@passed_over
def _called_by_v2(hook: FunctionType, row: HookChange, names: Mapping[str, str], library: str) -> FunctionType:
    """Return what the library calls in place of an old hook."""
    signature = inspect.signature(hook)
    own = list(signature.parameters.values())[1:]
    old = {renamed.v2: renamed.v1 for renamed in row.rename}
    takes_any = any(parameter.kind is _Parameter.VAR_KEYWORD for parameter in own)

    def called_by_v2(self: Any, /, *args: Any, **kwargs: Any) -> object:
        is_by_user = top_of(module_of(caller_frame())) != library
        if len(args) > len(row.v2) or (is_by_user and _binds(signature, self, args, kwargs)):
            return hook(self, *args, **kwargs)
        given = {
            old.get(name, name): value for name, value in {**dict(zip(row.v2, args, strict=False)), **kwargs}.items()
        }
        by_name = {old.get(name, name) for name in kwargs}
        placed, named = [], {}
        # By place as long as the library does so: a decorator of the hook may take nothing else.
        is_placed = True
        for parameter in own:
            name = names.get(parameter.name, parameter.name)
            if name not in given and parameter.default is not _Parameter.empty:
                is_placed = False
                continue
            is_placed = is_placed and parameter.kind in _PLACED and name not in by_name
            value = given.pop(name, None)
            if is_placed or parameter.kind is _Parameter.POSITIONAL_ONLY:
                placed.append(value)
            elif parameter.kind is not _Parameter.VAR_KEYWORD:
                named[parameter.name] = value
        # What v2 added is not for it; what nobody declared is for it to refuse.
        rest = {name: value for name, value in given.items() if takes_any or name not in row.v2}
        return hook(self, *placed, **named, **rest)

    return _like(called_by_v2, hook, _signature(signature, row, old))


@passed_over
def _called_by_v1(hook: FunctionType, row: HookChange, old: weakref.WeakSet[CodeType]) -> FunctionType:
    """Return the library's own method, which an old hook of a subclass calls with v1's arguments."""
    new = {renamed.v1: renamed.v2 for renamed in row.rename}

    def called_by_v1(self: Any, /, *args: Any, **kwargs: Any) -> object:
        caller = caller_frame()
        if caller is None or caller.f_code not in old or len(args) > len(row.v1):
            return hook(self, *args, **kwargs)
        given = {**dict(zip(row.v1, args, strict=False)), **kwargs}
        given = {new.get(name, name): value for name, value in given.items() if name not in row.gone}
        placed = []
        for name in row.v2:
            if name not in given:
                break
            placed.append(given.pop(name))
        return hook(self, *placed, **given)

    return _like(called_by_v1, hook, inspect.signature(hook))


# All wrappers are made of these.
_MADE = {
    code
    for function in (_called_by_v2, _called_by_v1)
    for code in function.__code__.co_consts
    if isinstance(code, CodeType) and code.co_name == function.__name__[1:]
}


def _like(wrapper: Callable[..., object], hook: FunctionType, signature: inspect.Signature) -> FunctionType:
    """Let a wrapper pass for the hook, with this signature: libraries look at what a hook takes."""
    functools.update_wrapper(wrapper, hook)
    # Who unwraps it would see the old parameters.
    del wrapper.__wrapped__  # type: ignore[attr-defined]
    wrapper.__signature__ = signature  # type: ignore[attr-defined]
    assert isinstance(wrapper, FunctionType)
    return wrapper


def _signature(own: inspect.Signature, row: HookChange, old: Mapping[str, str]) -> inspect.Signature:
    """Return v2's parameters, with the hook's own defaults where Python allows these."""
    instance, *_ = own.parameters.values()
    found: list[_Parameter] = []
    for name in reversed(row.v2):
        default = (
            own.parameters[old.get(name, name)].default if old.get(name, name) in own.parameters else _Parameter.empty
        )
        if found and found[-1].default is _Parameter.empty:
            default = _Parameter.empty
        found.append(_Parameter(name, _Parameter.POSITIONAL_OR_KEYWORD, default=default))
    return inspect.Signature([instance.replace(kind=_Parameter.POSITIONAL_OR_KEYWORD), *reversed(found)])


def _binds(signature: inspect.Signature, instance: object, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    try:
        signature.bind(instance, *args, **kwargs)
    except TypeError:
        return False
    return True
