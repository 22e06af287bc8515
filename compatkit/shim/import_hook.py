"""The hook that acts on a module once it was imported.

It stands at the front of `sys.meta_path`, but finds nothing by itself: it asks the finders behind it, and hides none.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec, NamespaceLoader
from types import ModuleType
from typing import TYPE_CHECKING

from compatkit.shim.lookup import find_behind, fits_signature, top_of

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    # importlib.abc brings in importlib.resources, and with it tempfile and lzma, for a class that adds nothing here.
    Loader = object

Action = Callable[[str], None]


class ImportHook:
    """Lets a watched module be found and run as ever, then calls its action with the module's name.

    In the names of `patterns`, a `*` stands for one part; they begin with the name of a top-level package.
    """

    def __init__(self, *actions: Mapping[str, Action], patterns: Mapping[str, Action] | None = None) -> None:
        self._actions: dict[str, list[Action]] = {}
        for name, action in itertools.chain.from_iterable(table.items() for table in actions):
            self._actions.setdefault(name, []).append(action)
        self._patterns: dict[str, list[tuple[str, Action]]] = {}
        for pattern, action in (patterns or {}).items():
            self._patterns.setdefault(top_of(pattern), []).append((pattern, action))

    @property
    def names(self) -> frozenset[str]:
        """The watched modules, and the top-level package of each pattern."""
        return frozenset({*self._actions, *self._patterns})

    def run_for_imported(self) -> None:
        """Act on the watched modules that were imported already."""
        for name in list(sys.modules):
            if name in self._actions or self._fits_one(name):
                self._act(name)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        # Asked at every import, which must not cost more than it does.
        if fullname not in self._actions and not (self._patterns and self._fits_one(fullname)):
            return None
        # Behind this one only: another copy of compatkit has its own hook, and the two must not ask in circles.
        spec = find_behind(self, fullname, path, target)
        if spec is None:
            return None
        loader = spec.loader or _namespace_loader(spec)
        if loader is not None and hasattr(loader, "exec_module"):
            spec.loader = _ActingLoader(loader, self._act)
        return spec

    def _act(self, name: str) -> None:
        for action in self._actions.get(name, ()):
            action(name)
        for pattern, action in self._patterns.get(top_of(name), ()):
            if fits_signature(pattern, name):
                action(name)

    def _fits_one(self, name: str) -> bool:
        patterns = self._patterns.get(name.partition(".")[0])
        return patterns is not None and any(fits_signature(pattern, name) for pattern, _ in patterns)


def _namespace_loader(spec: ModuleSpec) -> Loader | None:
    """Return the loader that the import system itself would give to a namespace package, made in the same way."""
    if spec.submodule_search_locations is None:
        return None
    loader = NamespaceLoader.__new__(NamespaceLoader)
    vars(loader)["_path"] = spec.submodule_search_locations
    return loader


class _ActingLoader(Loader):
    """The real loader, with one step after it; taken out again before the module runs."""

    def __init__(self, loader: Loader, action: Action) -> None:
        self._loader = loader
        self._action = action

    @property  # type: ignore[misc]  # a loader is asked for its class before it is used, by those that extend it
    def __class__(self) -> type:
        return type(self._loader)

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        if isinstance(self._loader, NamespaceLoader):
            module.__file__ = None
        self._loader.exec_module(module)
        self._action(module.__name__)
