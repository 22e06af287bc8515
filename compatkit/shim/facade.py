"""The module that stands where an old one is gone: it resolves moved names lazily, and writes through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import CodeType, FrameType, ModuleType
from typing import TYPE_CHECKING

from compatkit.errors import nearest
from compatkit.migration import Move
from compatkit.shim.warning import caller_frame, warn_moved

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    # importlib.abc brings in importlib.resources, and with it tempfile and lzma, for a class that adds nothing here.
    Loader = object

# These look at every name of a module, and use none.
_LOOKERS = {"doctest", "inspect", "pydoc"}


class FacadeModule(ModuleType):
    """Reads, sets and deletes of a moved name reach its new home, so that `mock.patch` on the old path works."""

    _moves: Mapping[str, Move]

    def __init__(self, name: str, moves: Mapping[str, Move]) -> None:
        super().__init__(name, f"Old names of {name}, supplied by compatkit from their new homes.")
        # Not by setattr: that is for the moved names.
        self.__dict__["_moves"] = moves
        self.__dict__["__all__"] = sorted(moves)

    def __getattr__(self, name: str) -> object:
        move = self._moves.get(name)
        if move is None:
            raise AttributeError(self._missing(name))
        caller = caller_frame()
        if not _only_looks(caller):
            warn_moved(move, caller)
        return getattr(import_module(move.new_module), move.new_name)

    def __setattr__(self, name: str, value: object) -> None:
        if (move := self._moves.get(name)) is None:
            super().__setattr__(name, value)
        else:
            setattr(import_module(move.new_module), move.new_name, value)

    def __delattr__(self, name: str) -> None:
        if (move := self._moves.get(name)) is None:
            super().__delattr__(name)
        else:
            delattr(import_module(move.new_module), move.new_name)

    def __dir__(self) -> Iterable[str]:
        return sorted({*self.__dict__, *self._moves})

    def _missing(self, name: str) -> str:
        message = f"module {self.__name__!r} has no attribute {name!r}"
        if name.startswith("__"):
            # Probes by inspect, doctest and the like expect the plain answer.
            return message
        hint = nearest(name, self._moves)
        return f"{message}: the module is gone, and no migration moves this name" + (f" ({hint})" if hint else "")


class FacadeLoader(Loader):
    """Makes the facade of one old module."""

    def __init__(self, moves: Mapping[str, Move]) -> None:
        self._moves = moves

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return FacadeModule(spec.name, self._moves)

    def exec_module(self, module: ModuleType) -> None:  # noqa: ARG002 - the import system's signature
        # Now, not at first use: a broken new home must fail at the import, with its own error.
        for move in self._moves.values():
            import_module(move.new_module)

    def get_source(self, fullname: str) -> None:  # noqa: ARG002 - the import system's signature
        return None

    def get_code(self, fullname: str) -> CodeType:
        """Return what `python -m old.module` runs: the new home, which must be one."""
        homes = {move.new_module for move in self._moves.values()}
        if len(homes) != 1:
            found = ", ".join(sorted(homes)) or "nowhere"
            raise ImportError(f"{fullname} is gone and cannot be run: its names moved to {found}", name=fullname)
        for move in self._moves.values():
            warn_moved(move, caller_frame())
        (home,) = homes
        source = f"import runpy; runpy.run_module({home!r}, run_name='__main__', alter_sys=True)"
        return compile(source, f"<compatkit: {fullname} is now {home}>", "exec")


def _only_looks(caller: FrameType) -> bool:
    """True for probes: the import system's own, before `from package import name` reads it, and those of tools."""
    module = caller.f_globals.get("__name__")
    return module in _LOOKERS or caller.f_code.co_name == "_handle_fromlist"
