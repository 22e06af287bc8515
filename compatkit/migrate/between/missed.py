"""Find names that files read from one another, and that came by a star import of an old home which lost them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator

from compatkit.migrate.between.importers import file_as_module
from compatkit.migrate.between.naming import Namer
from compatkit.migrate.finding.find import FoundFile
from compatkit.rewrite.file.file import File


def find_missed(files: Iterable[FoundFile], names: frozenset[str], namer: Namer) -> frozenset[str]:
    """Return, as `module.name`, what files certainly ask of a module, and of those whose stars may have brought it."""
    asked: set[str] = set()
    stars: dict[str, set[str]] = defaultdict(set)
    for entry in files:
        if (file := file_as_module(entry, namer)) is None:
            continue
        modules = {found.name.removesuffix(".*") for found in file.imports if found.name.endswith(".*")}
        missing = {name for name in names if not file.scopes.binds(file.scopes.module, name)}
        asked.update(f"{file.home.name}.{name}" for name in missing if file.scopes.is_missing(name))
        asked.update(_asked(file, names))
        for name in missing if file.home.name else ():
            stars[f"{file.home.name}.{name}"] |= {f"{module}.{name}" for module in modules}
    return _with_origins(asked, stars)


def _asked(file: File, names: frozenset[str]) -> Iterator[str]:
    for found in file.imports:
        if found.name.rpartition(".")[2] in names and isinstance(found.node, ast.ImportFrom):
            # One that is tried may fail.
            yield from () if isinstance(file.parents.get(found.node), ast.Try) else (found.name,)
    for name in names:
        yield from (meaning for _, meaning in file.refs(name))


def _with_origins(asked: set[str], stars: dict[str, set[str]]) -> frozenset[str]:
    found, latest = set(asked), list(asked)
    while latest:
        further = stars.get(latest.pop(), set()) - found
        found |= further
        latest += further
    return frozenset(found)
