"""Find what holds a callable or a member: modules, and what they make on request; take a wrapper away again."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
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


def unseen(factory: _Factory) -> _Factory:
    """Let `warnings` and `logging` pass over the frames of a function and of those in it, as over the import system's.

    A library that warns with `stacklevel=2` means the line that called it, not the wrapper between: filters and log
    formats go by that. Both modules know no other way than these two words in the file's name.
    """
    factory.__code__ = _renamed(factory.__code__)
    return factory


def _renamed(code: CodeType) -> CodeType:
    inner = tuple(_renamed(each) if isinstance(each, CodeType) else each for each in code.co_consts)
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


def prefixes(dotted: str) -> Iterator[str]:
    """Yield every dotted name that holds another, the innermost first."""
    while dotted := dotted.rpartition(".")[0]:
        yield dotted


def dynamic(owner: object, name: str) -> object:
    """Return what the `__getattr__` of its class makes of a name, or MISSING."""
    for each in type(owner).__mro__:
        if (make := vars(each).get("__getattr__")) is not None:
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


def fits(pattern: str, name: str) -> bool:
    """Tell whether a dotted name is one of those that a pattern means, in which a `*` stands for one part."""
    parts, wanted = name.split("."), pattern.split(".")
    return len(parts) == len(wanted) and all(each in ("*", part) for each, part in zip(wanted, parts, strict=True))
