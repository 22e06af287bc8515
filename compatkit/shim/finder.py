"""The finder that fills holes: old modules that no other finder has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

from compatkit.migration import Move
from compatkit.shim.facade import FacadeLoader


class HoleFinder:
    """Append it to `sys.meta_path`: it is asked only for what every other finder missed."""

    def __init__(self, moves: Iterable[Move]) -> None:
        self._modules: dict[str, dict[str, Move]] = {}
        for move in moves:
            self._modules.setdefault(move.old_module, {})[move.old_name] = move
            self._add_packages_above(move.old_module)

    @property
    def names(self) -> frozenset[str]:
        """The dotted names of all modules that this finder can supply."""
        return frozenset(self._modules)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the import system's signature
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if (moves := self._modules.get(fullname)) is None:
            return None
        loader = FacadeLoader(moves)
        return ModuleSpec(fullname, loader, origin="compatkit.shim", is_package=self._is_package(fullname))

    def _add_packages_above(self, module: str) -> None:
        while package := module.rpartition(".")[0]:
            self._modules.setdefault(package, {})
            module = package

    def _is_package(self, name: str) -> bool:
        return any(module.startswith(name + ".") for module in self._modules)
