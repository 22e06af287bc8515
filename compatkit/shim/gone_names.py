"""Names that are gone from a module that stays: the module's `__getattr__` leads them to their new homes.

Python asks `__getattr__` for what a module lacks, and for nothing else: what is there cannot be hidden. A patch on the
old path is seen by whoever looks there; the new home, unlike behind a module that is gone, does not hear of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import ModuleType

from compatkit.migration import Move
from compatkit.shim.facade import FacadeModule
from compatkit.shim.lookup import MISSING, dynamic, locate_module
from compatkit.shim.warning import caller_frame, only_looks, warn_moved

_Getattr = Callable[[str], object]


class GoneNames:
    """Watches the old modules of moves as they come in, and can take all of it back."""

    def __init__(self, moves: Iterable[Move]) -> None:
        self._moves: dict[str, dict[str, Move]] = {}
        for move in moves:
            self._moves.setdefault(move.old_module, {})[move.old_name] = move
        self._supplied: list[_Supply] = []

    @property
    def actions(self) -> Mapping[str, Callable[[str], None]]:
        """The action for every old module; whether something is gone from it shows once it is there."""
        return dict.fromkeys(self._moves, self.supply_in)

    def supply_in(self, module_name: str) -> None:
        """Supply what the imported module `module_name` lacks."""
        module = sys.modules.get(module_name)
        if not isinstance(module, ModuleType) or isinstance(module, FacadeModule):
            return
        inside = vars(module)
        gone = {name: move for name, move in self._moves[module_name].items() if name not in inside}
        supply = inside.get("__getattr__")
        if isinstance(supply, _Supply) and supply in self._supplied:
            # Reloaded, and run in the namespace that it had.
            supply.moves = gone
        elif gone:
            inside["__getattr__"] = supply = _Supply(module, gone, supply)
            self._supplied.append(supply)

    def restore(self) -> None:
        """Let every module be as it was."""
        while self._supplied:
            self._supplied.pop().withdraw()


class _Supply:
    """The `__getattr__` of one module, before the one that it may have by itself, which is asked first."""

    def __init__(self, module: ModuleType, moves: Mapping[str, Move], own: _Getattr | None) -> None:
        self.moves = moves
        self._module = module
        self._own = own

    def __call__(self, name: str) -> object:
        move = self.moves.get(name)
        if move is None:
            return self._of_its_own(name)
        if (found := self._found(name)) is not MISSING:
            return found
        if self._is_submodule(name):
            # It is bound once it is imported, as `from package import name` does.
            return self._of_its_own(name)
        # Nobody is warned of a name that is not there.
        value = self._moved(move)
        caller = caller_frame()
        if not only_looks(caller):
            warn_moved(move, caller)
        return value

    def withdraw(self) -> None:
        """Supply nothing any more, also where something else has taken its place and still asks it."""
        self.moves = {}
        inside = vars(self._module)
        if inside.get("__getattr__") is not self:
            return
        if self._own is None:
            del inside["__getattr__"]
        else:
            inside["__getattr__"] = self._own

    def _found(self, name: str) -> object:
        """Return what the module itself makes on request, or MISSING."""
        if self._own is not None:
            try:
                return self._own(name)
            except AttributeError:
                pass
        return dynamic(self._module, name)

    def _of_its_own(self, name: str) -> object:
        if self._own is not None:
            return self._own(name)
        raise AttributeError(self._missing(name), name=name, obj=self._module)

    def _is_submodule(self, name: str) -> bool:
        if not hasattr(self._module, "__path__"):
            return False
        return locate_module(f"{self._module.__name__}.{name}") is not None

    def _moved(self, move: Move) -> object:
        """Return what lies at the new home: one that is not there must not break `hasattr`, one that is broken must."""
        missing = f"{self._missing(move.old_name)}: it moved to {move.new}, which is not there"
        try:
            home = import_module(move.new_module)
        except ModuleNotFoundError as error:
            if not f"{move.new_module}.".startswith(f"{error.name}."):
                raise
            raise AttributeError(missing, name=move.old_name, obj=self._module) from error
        if (value := getattr(home, move.new_name, MISSING)) is MISSING:
            raise AttributeError(missing, name=move.old_name, obj=self._module)
        return value

    def _missing(self, name: str) -> str:
        return f"module {self._module.__name__!r} has no attribute {name!r}"
