"""The hook that tells `Producers` when one of their modules was imported.

It stands at the front of `sys.meta_path`, but finds nothing by itself: it asks the finders behind it, and hides none.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from compatkit.shim.producers import Producers


class ProducerHook(MetaPathFinder):
    """Lets the module be found and run as ever, then wraps the producers in it."""

    def __init__(self, producers: Producers) -> None:
        self._producers = producers
        self._modules = producers.modules

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._modules:
            return None
        for finder in sys.meta_path:
            if finder is self:
                continue
            if (spec := finder.find_spec(fullname, path, target)) is not None:
                if spec.loader is not None:
                    spec.loader = _WrappingLoader(spec.loader, self._producers)
                return spec
        return None


class _WrappingLoader(Loader):
    """The real loader, with one step after it; taken out again once the module has run."""

    def __init__(self, loader: Loader, producers: Producers) -> None:
        self._loader = loader
        self._producers = producers

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._producers.wrap_in(module.__name__)
