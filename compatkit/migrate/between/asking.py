"""Find the functions of a project's modules that ask what they are given for its own name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from compatkit.migrate.between.importers import read_quietly
from compatkit.migrate.between.naming import ModuleName, Namer
from compatkit.migrate.finding.find import FoundFile
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.syntax import read_syntax
from compatkit.rewrite.outcome import RewriteError
from compatkit.rewrite.rules.name_askers import Asker, find_askers

_ASKING = re.compile(rb"\.__(?:name|qualname|module)__")
_IMPORT = re.compile(rb"(?m)^[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import\b[ \t(]*([\w, \t]*)|import[ \t]+([\w.]+))")


def askers_for(source: bytes, file: FoundFile, named: ModuleName, namer: Namer) -> tuple[Asker, ...]:
    """Return those of the modules that a file imports, by their dotted names, and of what packages hand on."""
    home = FileModule(named.name, named.is_package)
    return tuple(_askers(source, home, namer.finder(file.path, file.root)))


def _askers(source: bytes, home: FileModule, find: Callable[[str], Path | None]) -> Iterator[Asker]:
    for module in dict.fromkeys(modules_of(source, home)):
        if (path := find(module)) is None:
            continue
        inside = read_quietly(path)
        asking = _askers_in(inside) if _ASKING.search(inside) else ()
        yield from ((f"{module}.{way}", place, attribute) for way, place, attribute in asking)
        if path.name == "__init__.py" and b"import" in inside and not home.is_package:
            # As they are called by whoever takes them from the package.
            for way, place, attribute in _askers(inside, FileModule(module, is_package=True), find):
                yield f"{module}.{'.'.join(way.removeprefix(f'{module}.').split('.')[1:])}", place, attribute


def modules_of(source: bytes, home: FileModule) -> Iterator[str]:
    """Yield the modules that a file imports, and what may be one among the names that it imports."""
    for dots, module, names, plain in _IMPORT.findall(source):
        base = (home.base(len(dots)) or "") if dots else ""
        of = ".".join(filter(None, [base, (module or plain).decode("utf-8", "replace")]))
        if of:
            yield of
            yield from (f"{of}.{name.decode()}" for name in re.findall(rb"[A-Za-z_]\w*", names))


# By content: a file may change while an editor is served.
@lru_cache(maxsize=512)
def _askers_in(source: bytes) -> tuple[Asker, ...]:
    try:
        return tuple(asker for asker in find_askers(read_syntax(source)) if not asker[0].startswith("*"))
    except (RewriteError, RecursionError):
        return ()
