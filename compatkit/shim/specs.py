"""Find a module's spec as an import would, without importing the packages above it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


def find_behind(
    finder: object, fullname: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    """Ask the finders that stand behind `finder` in `sys.meta_path`."""
    behind = itertools.dropwhile(lambda each: each is not finder, list(sys.meta_path))
    return _ask(itertools.islice(behind, 1, None), fullname, path, target)


def locate(fullname: str) -> ModuleSpec | None:
    """Return the spec of a module, or None where there is none.

    `importlib.util.find_spec` imports the package above first. A finder must not: another thread may be at that
    import, and wait for this one. A package that is not imported is searched where its own spec says, and one that
    cannot be searched so (it makes its modules itself, or is a namespace in another) is believed to hold the module.
    """
    if (module := sys.modules.get(fullname)) is not None:
        return getattr(module, "__spec__", None)
    package = fullname.rpartition(".")[0]
    if not package:
        return _ask(list(sys.meta_path), fullname, None)
    if (above := sys.modules.get(package)) is not None:
        return _ask(list(sys.meta_path), fullname, getattr(above, "__path__", []))
    spec = locate(package)
    if spec is None:
        return None
    folders = spec.submodule_search_locations
    try:
        found = _ask(list(sys.meta_path), fullname, [] if folders is None else list(folders))
    except KeyError:
        # A namespace package asks for the path of the one above it, which is not imported.
        found = None
        folders = None
    return found or (ModuleSpec(fullname, None) if folders is None else None)


def _ask(
    finders: Iterable[object], fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
) -> ModuleSpec | None:
    for each in finders:
        find_spec = getattr(each, "find_spec", None)
        if find_spec is not None and (spec := find_spec(fullname, path, target)) is not None:
            return spec  # type: ignore[no-any-return]
    return None
