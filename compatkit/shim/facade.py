"""The module that stands where an old one is gone: it resolves moved names lazily, and writes through."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import TYPE_CHECKING

from compatkit.errors import nearest
from compatkit.migration import Move
from compatkit.migration.value import value
from compatkit.shim.lookup import locate_module
from compatkit.shim.warning import caller_frame, only_looks, warn_moved

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    # importlib.abc brings in importlib.resources, and with it tempfile and lzma, for a class that adds nothing here.
    Loader = object


def _as_it_is(value: object) -> object:
    return value


@value
class ChangedMove(Move):
    """A move of something that is called otherwise at its new home.

    `adapt` makes, of what is found there, what is called as v1 was.
    """

    adapt: Callable[[object], object] = _as_it_is


class MovedName:
    """One moved name of a facade: reads, sets and deletes reach its new home, so that `mock.patch` works.

    A data descriptor, because pytest and others look for one before they restore by deleting what they set.
    """

    def __init__(self, move: Move) -> None:
        self._move = move

    def __get__(self, facade: ModuleType | None, owner: type) -> object:
        if facade is None:
            return self
        if (submodule := vars(facade).get(self._move.old_name)) is not None:
            return submodule
        # First, so that nobody is warned of a name that is not there, as mock is while it puts the real one back.
        value = getattr(import_module(self._move.new_module), self._move.new_name)
        caller = caller_frame()
        if not only_looks(caller):
            warn_moved(self._move, caller)
        return self._move.adapt(value) if isinstance(self._move, ChangedMove) else value

    def __set__(self, facade: ModuleType, value: object) -> None:
        name = self._move.old_name
        if isinstance(value, ModuleType) and value is sys.modules.get(f"{facade.__name__}.{name}"):
            # The import system binds a submodule on its package; that is no business of the new home.
            vars(facade)[name] = value
        else:
            setattr(import_module(self._move.new_module), self._move.new_name, value)

    def __delete__(self, facade: ModuleType) -> None:
        delattr(import_module(self._move.new_module), self._move.new_name)


class FacadeModule(ModuleType):
    """An old module, whose class is made for it by `facade_class`."""

    _moves: Mapping[str, Move]
    _rest: Move | None = None
    _is_quiet = False

    def __reduce__(self) -> tuple[object, ...]:
        # By its name, as cloudpickle does it for modules. So it travels to the workers of loky, Dask and Ray.
        return import_module, (self.__name__,)

    def __getattr__(self, name: str) -> object:
        if self._rest and not name.startswith("__"):
            value = getattr(import_module(self._rest.new), name)
            if not self._is_quiet:
                warn_moved(self._rest, caller_frame())
            return value
        raise AttributeError(self._missing(name))

    def __setattr__(self, name: str, value: object) -> None:
        target = self._home_of_rest(name, value)
        super().__setattr__(name, value) if target is None else setattr(target, name, value)

    def __delattr__(self, name: str) -> None:
        target = self._home_of_rest(name)
        super().__delattr__(name) if target is None else delattr(target, name)

    def _home_of_rest(self, name: str, value: object = None) -> ModuleType | None:
        """Return the new module if a name is its business: no moved name, and no submodule that is being bound."""
        is_own = name.startswith("__") or name in self._moves or name in vars(self)
        if self._rest is None or is_own or isinstance(value, ModuleType):
            return None
        return import_module(self._rest.new)

    def __dir__(self) -> Iterable[str]:
        rest = dir(import_module(self._rest.new)) if self._rest else ()
        return sorted({*self.__dict__, *self._moves, *rest})

    def _missing(self, name: str) -> str:
        message = f"module {self.__name__!r} has no attribute {name!r}"
        if name.startswith("__"):
            # Probes by inspect, doctest and the like expect the plain answer.
            return message
        if (move := self._moves.get(name)) is not None:
            return f"{message}: it moved to {move.new}, which is not there"
        hint = nearest(name, self._moves)
        return f"{message}: the module is gone, and no migration moves this name" + (f" ({hint})" if hint else "")


def facade_class(moves: Mapping[str, Move], rest: Move | None = None, *, is_quiet: bool = False) -> type[FacadeModule]:
    """Make the class of one facade: what stands on a class can decide what a set does.

    `rest` is the move of the module itself, where all that has no move of its own went along with it.
    """
    moved = {name: MovedName(move) for name, move in moves.items()}
    own = {"_moves": moves, "_rest": rest, "_is_quiet": is_quiet, "__module__": __name__}
    return type("FacadeModule", (FacadeModule,), {**moved, **own})


def become_facade(module: ModuleType, moves: Mapping[str, Move], rest: Move | None, *, is_quiet: bool = False) -> None:
    """Let a module that the import system made lead to the new homes, and know what it brings with `import *`.

    A module that moved as a whole is quiet, because its import was warned of, and has the new one's folders.
    """
    public: Iterable[str] = ()
    if rest:
        new = import_module(rest.new)
        public = getattr(new, "__all__", None) or [name for name in vars(new) if not name.startswith("_")]
        names = ("__doc__", "__file__", *(["__path__"] if is_quiet else []))
        own = {name: value for name in names if (value := vars(new).get(name)) is not None}
        vars(module).update(own)
    vars(module)["__all__"] = sorted({*moves, *public})
    if not isinstance(module, FacadeModule):
        module.__class__ = facade_class(moves, rest, is_quiet=is_quiet)


def adopt_attributes(package: ModuleType, moves: Mapping[str, Move]) -> None:
    """Make a facade of a package of which only the folder is left; its real submodules stay importable."""
    package.__class__ = facade_class(moves)
    vars(package)["__all__"] = sorted(moves)


def hand_back(package: ModuleType) -> None:
    """Let it be the plain package again."""
    package.__class__ = ModuleType
    del vars(package)["__all__"]


class NewLoader(Loader):
    """The loader of an old module. What else a loader can do, such as `get_data`, the new module's does."""

    def __init__(self, rest: Move | None) -> None:
        self._rest = rest

    def __getattr__(self, name: str) -> object:
        new = (
            locate_module(self._rest.new)
            if self._rest and name in ("get_data", "get_filename", "get_resource_reader")
            else None
        )
        found = getattr(new.loader if new else None, name)
        # All but the first are asked by the module's name.
        return found if name == "get_data" or new is None else lambda _name: found(new.name)


def code_that_runs(home: str, *, instead_of: str) -> CodeType:
    """Return what `python -m` and `runpy.run_module` execute for an old module: it runs the new one as they would."""
    source = (
        "import runpy, sys\n"
        "if __name__ == '__main__' and vars(sys.modules['__main__']) is globals():\n"
        f"    runpy._run_module_as_main({home!r})\n"
        "else:\n"
        f"    globals().update(runpy.run_module({home!r}, run_name=__name__))\n"
    )
    return compile(source, f"<compatkit: {instead_of} is now {home}>", "exec")


class FacadeLoader(NewLoader):
    """Makes the facade of one old module."""

    def __init__(self, moves: Mapping[str, Move], rest: Move | None = None) -> None:
        super().__init__(rest)
        self._moves = moves

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        made = facade_class(self._moves, self._rest)
        return made(spec.name, f"Old names of {spec.name}, supplied from their new homes.")

    def exec_module(self, module: ModuleType) -> None:
        # Now, not at first use: a broken new home must fail at the import, with its own error.
        for move in self._moves.values():
            import_module(move.new_module)
        become_facade(module, self._moves, self._rest)

    def get_source(self, fullname: str) -> None:  # noqa: ARG002 - the import system's signature
        return None

    def get_code(self, fullname: str) -> CodeType:
        """Return what `python -m old.module` runs: the new home, which must be one."""
        homes = {self._rest.new} if self._rest else {move.new_module for move in self._moves.values()}
        if len(homes) != 1:
            found = ", ".join(sorted(homes)) or "nowhere"
            raise ImportError(f"{fullname} is gone and cannot be run: its names moved to {found}", name=fullname)
        for move in self._moves.values():
            warn_moved(move, caller_frame())
        return code_that_runs(*homes, instead_of=fullname)
