"""The hook that acts on a module once it was imported.

It stands at the front of `sys.meta_path`, but finds nothing by itself: it asks the finders behind it, and hides none.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    # importlib.abc brings in importlib.resources, and with it tempfile and lzma, for a class that adds nothing here.
    Loader = object

Action = Callable[[str], None]


class ImportHook:
    """Lets a watched module be found and run as ever, then calls its action with the module's name."""

    def __init__(self, actions: Mapping[str, Action]) -> None:
        self._actions = actions

    def run_for_imported(self) -> None:
        """Act on the watched modules that were imported already."""
        for name in self._actions.keys() & sys.modules.keys():
            self._actions[name](name)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._actions:
            return None
        for finder in sys.meta_path:
            if finder is self:
                continue
            if (spec := finder.find_spec(fullname, path, target)) is not None:
                if spec.loader is not None:
                    spec.loader = _ActingLoader(spec.loader, self._actions[fullname])
                return spec
        return None


class _ActingLoader(Loader):
    """The real loader, with one step after it; taken out again before the module runs."""

    def __init__(self, loader: Loader, action: Action) -> None:
        self._loader = loader
        self._action = action

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._action(module.__name__)
