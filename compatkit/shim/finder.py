"""The finder that fills holes: old modules that no other finder has."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec, NamespaceLoader
from types import ModuleType

from compatkit.migration import Move
from compatkit.shim.facade import FacadeLoader, FacadeModule, adopt_attributes, hand_back
from compatkit.shim.lookup import find_behind
from compatkit.shim.moved_modules import MovedModules


class HoleFinder:
    """Append it to `sys.meta_path`: it is asked only for what every other finder missed."""

    def __init__(self, moves: Iterable[Move]) -> None:
        every = tuple(moves)
        self.moved_modules = MovedModules(every)
        self._modules: dict[str, dict[str, Move]] = {}
        self._fillable: set[str] = set()
        for move in Move.symbols(every):
            self._modules.setdefault(move.old_module, {})[move.old_name] = move
        for move in every:
            for module in _with_packages_above(move.old_module):
                self._modules.setdefault(module, {})
                # A home inside of what is missing is missing, too: the project is not on the path, or not yet.
                if not move.new.startswith(f"{module}."):
                    self._fillable.add(module)

    @property
    def actions(self) -> Mapping[str, Callable[[str], None]]:
        """The action for an old module that was found elsewhere: it acts if all that is left of it is its folder."""
        folders = {name: self._fill_folder for name, moves in self._modules.items() if moves}
        return {**folders, **dict.fromkeys(self.moved_modules.names - folders.keys(), self.moved_modules.fill_folder)}

    @property
    def names(self) -> frozenset[str]:
        """The old modules that it may be asked for."""
        return frozenset({*self._fillable, *self.moved_modules.names})

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        moved = self.moved_modules.move_of(fullname)
        if fullname not in self._fillable and not moved:
            return None
        if (spec := find_behind(self, fullname, path, target)) is not None:
            # Appended after us, and it has the real one.
            return spec
        if moved and not self._modules.get(fullname):
            return self.moved_modules.spec_of(fullname)
        # Names may have left a module before what was left of it went, too.
        rest = moved if moved and self.moved_modules.spec_of(fullname) else None
        loader = FacadeLoader(self._modules[fullname], rest)
        return ModuleSpec(fullname, loader, origin="compatkit.shim", is_package=self._is_package(fullname))

    def restore(self) -> None:
        """Take every facade out of `sys.modules`, and off its package."""
        self.moved_modules.restore()
        for name in self._modules:
            facade = sys.modules.get(name)
            if isinstance(facade, FacadeModule):
                _remove(name, facade)

    def _is_package(self, name: str) -> bool:
        return any(module.startswith(name + ".") for module in (*self._modules, *self.moved_modules.names)) or (
            self.moved_modules.is_package(name)
        )

    def _fill_folder(self, name: str) -> None:
        # Left behind by a move: bytecode, or data. Python sees a namespace package in any folder.
        module = sys.modules.get(name)
        if type(module) is ModuleType and isinstance(module.__loader__, NamespaceLoader):
            adopt_attributes(module, self._modules[name])


def _remove(name: str, facade: FacadeModule) -> None:
    if isinstance(facade.__loader__, NamespaceLoader):
        hand_back(facade)
        return
    del sys.modules[name]
    package, _, child = name.rpartition(".")
    parent = sys.modules.get(package)
    if parent is not None and vars(parent).get(child) is facade:
        del vars(parent)[child]


def _with_packages_above(module: str) -> Iterator[str]:
    while module:
        yield module
        module = module.rpartition(".")[0]
