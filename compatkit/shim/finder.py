"""The finder that fills holes: old modules that no other finder has.

Under the old name of a module that moved as a whole, the new module itself is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, NamespaceLoader
from pathlib import Path
from types import CodeType, ModuleType

from compatkit.migration import Move
from compatkit.migration.renaming import Renaming
from compatkit.shim.facade import (
    FacadeLoader,
    FacadeModule,
    NewLoader,
    adopt_attributes,
    become_facade,
    code_that_runs,
    hand_back,
)
from compatkit.shim.lookup import find_behind, locate_module
from compatkit.shim.warning import caller_frame, warn_moved


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


class MovedModules:
    """Makes the specs of old module names, and knows which of them were really imported.

    Put it in front of `sys.meta_path`: below a package that goes by its old name, the path finder would find the new
    package's files, and load each a second time. There, and only there, it answers first.
    """

    def __init__(self, moves: Iterable[Move]) -> None:
        self._renaming = Renaming(moves)
        self._made: dict[str, ModuleType] = {}

    @property
    def names(self) -> frozenset[str]:
        return frozenset(move.old for move in self._renaming.modules)

    def is_package(self, fullname: str) -> bool:
        """Tell whether what moved is a package."""
        spec = self.spec_of(fullname)
        return spec is not None and spec.submodule_search_locations is not None

    def move_of(self, fullname: str) -> Move | None:
        """Return the move of a module, which is one that moves as a whole or lies in one."""
        return self._renaming.whole(fullname)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the import system's signature
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        parent = fullname.rpartition(".")[0]
        is_ours = parent in self._made and sys.modules.get(parent) is self._made[parent]
        return self.spec_of(fullname) if is_ours else None

    def spec_of(self, fullname: str) -> ModuleSpec | None:
        """Return the spec of an old module that is gone, or None if the new one is not there either."""
        move = self.move_of(fullname)
        new = locate_module(move.new) if move else None
        if move is None or new is None:
            return None
        is_package = new.submodule_search_locations is not None
        return ModuleSpec(fullname, _Loader(move, self._made), origin="compatkit.shim", is_package=is_package)

    def fill_folder(self, name: str) -> None:
        """Take over a package of which only the folder is left: Python sees a namespace package in any folder."""
        module = sys.modules.get(name)
        if type(module) is not ModuleType or not isinstance(module.__loader__, NamespaceLoader):
            return
        has_code = any(next(Path(folder).rglob("*.py"), None) for folder in module.__path__)
        if not has_code and (spec := self.spec_of(name)) is not None and spec.loader is not None:
            spec.loader.exec_module(module)

    def restore(self) -> None:
        """Take every old name out of `sys.modules`, and off its package."""
        for name, module in self._made.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
            package, _, child = name.rpartition(".")
            parent = sys.modules.get(package)
            if parent is not None and parent.__name__ == package and vars(parent).get(child) is module:
                delattr(parent, child)
        self._made.clear()


class _Loader(NewLoader):
    """Imports the new module, and lets the import system find it under the old name."""

    def __init__(self, move: Move, made: dict[str, ModuleType]) -> None:
        super().__init__(move)
        self._move = move
        self._made = made

    def create_module(self, spec: ModuleSpec) -> None:
        """Let the import system make a module that is dropped again: it would write the old name on the new one."""

    def exec_module(self, module: ModuleType) -> None:
        found = import_module(self._move.new)
        warn_moved(self._move, caller_frame())
        # For whoever made the module by hand, or lazily, and will not look for another one.
        become_facade(module, {}, self._move, is_quiet=True)
        if sys.modules.get(module.__name__) is not module:
            return
        is_lazy = module.__spec__ is not None and module.__spec__.loader_state is not None
        self._made[module.__name__] = sys.modules[module.__name__] = module if is_lazy else found

    def get_source(self, fullname: str) -> None:  # noqa: ARG002 - the import system's signature
        return None

    def get_code(self, fullname: str) -> CodeType:
        """Return what `python -m old.module` runs: the new one."""
        warn_moved(self._move, caller_frame())
        return code_that_runs(self._move.new, instead_of=fullname)
