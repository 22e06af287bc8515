"""Find modules without importing what is above them, and what lies in them; take a wrapper away again."""

from __future__ import annotations

import inspect
import itertools
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any, TypeVar

MISSING = object()
_Factory = TypeVar("_Factory", bound=Callable[..., Any])


def restore(owner: object, name: str, wrapper: object, original: object | None) -> None:
    """Put back what a wrapper took the place of; None where that was inherited, or nothing."""
    if vars(owner).get(name) is not wrapper:
        # Reloaded or patched since: what stands there is newer than what we kept.
        return
    if original is None:
        # Taking ours away shows the parent's again.
        delattr(owner, name)
    else:
        setattr(owner, name, original)


def passed_over(factory: _Factory) -> _Factory:
    """Let `warnings` and `logging` pass over the frames of a function and of those in it, as over the import system's.

    A library that warns with `stacklevel=2` means the line that called it, not the wrapper between: filters and log
    formats go by that. Both modules know no other way than these two words in the file's name.
    """
    factory.__code__ = _renamed(factory.__code__)
    return factory


def _renamed(code: CodeType) -> CodeType:
    inner = tuple(_renamed(constant) if isinstance(constant, CodeType) else constant for constant in code.co_consts)
    return code.replace(co_filename=f"{code.co_filename} (importlib._bootstrap)", co_consts=inner)


def owner_at(module_name: str, path: Iterable[str]) -> Any:
    """Return what lies at `path` in an imported module, or None; nothing is made, or imported, on request for it.

    A package that imports its parts when they are asked for, or not at all where something is missing, is not asked.
    """
    owner: Any = sys.modules.get(module_name)
    for name in path:
        # The names of a facade are asked for: they lead to their new homes.
        is_facade = type(owner).__name__ == "FacadeModule"
        owner = getattr(owner, name, None) if is_facade else inspect.getattr_static(owner, name, None)
    return owner


def holder_of(owner: Any, name: str) -> Any:
    """Return what holds a member of `owner`: of an object, as it may stand in a module's place, that is its class."""
    if isinstance(owner, type) or type(owner) is ModuleType or name in getattr(owner, "__dict__", {}):
        return owner
    return type(owner) if inspect.getattr_static(type(owner), name, None) is not None else owner


def dynamic(owner: object, name: str) -> object:
    """Return what the `__getattr__` of its class makes of a name, or MISSING."""
    for base in type(owner).__mro__:
        if (make := vars(base).get("__getattr__")) is not None:
            try:
                return make(owner, name)
            except AttributeError:
                return MISSING
    return MISSING


def class_at(module: object, path: str) -> type | None:
    """Return the class that lies at `path` in a module, without having anything loaded for it."""
    found: object = module
    for name in path.split("."):
        if not isinstance(found, type | ModuleType):
            return None
        found = vars(found).get(name)
    return found if isinstance(found, type) else None


def top_of(name: str) -> str:
    """Return the top-level package of a dotted name."""
    return name.partition(".")[0]


def fits_signature(pattern: str, name: str) -> bool:
    """Tell whether a dotted name is one of those that a pattern means, in which a `*` stands for one part."""
    parts, wanted = name.split("."), pattern.split(".")
    return len(parts) == len(wanted) and all(piece in ("*", part) for piece, part in zip(wanted, parts, strict=True))


def find_behind(
    finder: object, fullname: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    """Ask the finders that stand behind `finder` in `sys.meta_path`."""
    behind = itertools.dropwhile(lambda found: found is not finder, list(sys.meta_path))
    return _ask(itertools.islice(behind, 1, None), fullname, path, target)


def locate_module(fullname: str) -> ModuleSpec | None:
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
    spec = locate_module(package)
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
    for finder in finders:
        find_spec = getattr(finder, "find_spec", None)
        if find_spec is not None and (spec := find_spec(fullname, path, target)) is not None:
            return spec  # type: ignore[no-any-return]
    return None
