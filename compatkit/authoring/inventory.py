"""The inventory of a module: every name that a release has there, read from its source; nothing is imported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import griffe

from compatkit.authoring.errors import AuthoringError
from compatkit.authoring.interface import load_package
from compatkit.migration.inventory import Inventory


def take_inventory(module: str, folder: Path) -> Inventory:
    """Return the names of `module`, which lies in `folder` below its package, and of all modules in it.

    Names that a module imports from other libraries are left out. Raises `AuthoringError` if there is no such module.
    """
    package, _, inside = module.partition(".")
    found = load_package(package, folder)
    for name in filter(None, inside.split(".")):
        if not isinstance(child := found.members.get(name), griffe.Module):
            raise AuthoringError.no_module(module, package)
        found = child
    return Inventory(dict(_modules(found, package)))


def _modules(module: griffe.Module, package: str) -> Iterator[tuple[str, frozenset[str]]]:
    own = (name for name, member in module.members.items() if name.isidentifier() and _belongs(member, package))
    yield module.path, frozenset(own)
    for child in module.members.values():
        if isinstance(child, griffe.Module):
            yield from _modules(child, package)


def _belongs(member: griffe.Object | griffe.Alias, package: str) -> bool:
    """True for what the package defines, and for what it hands on of its own."""
    if not isinstance(member, griffe.Alias):
        return True
    try:
        target = member.final_target.path
    except griffe.AliasResolutionError as error:
        target = error.alias.target_path
    except griffe.CyclicAliasError:
        target = member.target_path
    return target.partition(".")[0] == package
