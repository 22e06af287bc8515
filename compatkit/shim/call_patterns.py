"""Find the callables of an imported module that a pattern such as `library.*.save` means, without importing any."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType

from compatkit.shim.holders import fits, top_of


def names_in(module_name: str, pattern: str) -> Iterator[str]:
    """Yield the dotted names of what the module itself, and the classes in it, have that the pattern means.

    A `*` stands for classes of the module's own library only; submodules come in by themselves.
    """
    depth = module_name.count(".") + 1
    wanted = pattern.split(".")
    module = sys.modules.get(module_name)
    if isinstance(module, ModuleType) and depth < len(wanted) and fits(".".join(wanted[:depth]), module_name):
        yield from _names(module, module_name, wanted[depth:])


def _names(owner: ModuleType | type, name: str, wanted: Sequence[str]) -> Iterator[str]:
    first, *rest = wanted
    if not rest:
        # Whether it can be called, and takes what v2 takes, is asked of it later.
        if inspect.getattr_static(owner, first, None) is not None:
            yield f"{name}.{first}"
        return
    for each in list(vars(owner)) if first == "*" else [first]:
        kind = vars(owner).get(each)
        if isinstance(kind, type) and (first != "*" or top_of(kind.__module__) == top_of(name)):
            yield from _names(kind, f"{name}.{each}", rest)
