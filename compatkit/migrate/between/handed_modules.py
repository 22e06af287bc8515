"""Find the modules of a library that others take from a file of the project: `from compat import np`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from compatkit.migrate.between.facts_index import module_stem
from compatkit.migrate.between.importers import read_quietly
from compatkit.migrate.between.readers import imports_in
from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.finding.reading import answers_of, sift
from compatkit.migration import Migration, Move
from compatkit.migration.renaming import prefixes
from compatkit.rewrite.prefilter.interfaces import changes_interface, libraries_of
from compatkit.rewrite.prefilter.words import FEW, words_in_imports

_NAME = re.compile(rb"([\w.]+|\*)(?:[\s\\]+as[\s\\]+(\w+))?")


class HandedModules:
    """Answers for one run; the files are searched once. A file is known by the last part of its module's name."""

    def __init__(self, moves: Iterable[Move], migrations: Iterable[Migration], *, processes: int) -> None:
        declared, moved = tuple(migrations), [move.old for move in moves]
        tops = {name.partition(".")[0].encode() for name in moved}
        tops = tops.union(*map(libraries_of, filter(changes_interface, declared)))
        names = {row.subject.removesuffix("()") for migration in declared for _, row in migration.rows()}
        above = {parent.encode() for name in (*names, *moved) if "*" not in name for parent in prefixes(name)}
        self._packages = frozenset(parent for parent in above if parent.partition(b".")[0] in tops)
        self._tops = sorted({package.partition(b".")[0] for package in self._packages})
        self._processes = processes
        # By the last part of a module's name: its local names for modules of the library.
        self._bound: dict[bytes, dict[bytes, bytes]] = {}
        self._packages_with: dict[bytes, set[bytes]] = {}
        self.readers: frozenset[str] = frozenset()
        self.facades: frozenset[bytes] = frozenset()

    def search(self, near: Iterable[FoundFile], takers: Iterable[FoundFile]) -> None:
        """Find which of the `takers` take such a module from a file of those `near`, and from which ones."""
        giving = [file for file in near if not file.is_data] if self._tops else []
        brought = answers_of(len(giving), lambda number: self._bound_in(giving[number]), processes=self._processes)
        for file, bound in zip(giving, brought, strict=True):
            if bound:
                self._bound.setdefault(module_stem(file), {}).update(bound)
                for local in bound if file.path.stem == "__init__" else ():
                    self._packages_with.setdefault(local, set()).add(module_stem(file))
        if self._bound:
            may_take = [file for file in takers if not file.is_data]
            taking = [may_take[number] for number in sift(may_take, self._takes, processes=self._processes)]
            self.readers = frozenset(file.name for file in taking)
            self.facades = frozenset(module for file in taking for module, *_ in self._taken(read_quietly(file.path)))

    def search_from(self, takers: Iterable[FoundFile], known: Iterable[FoundFile]) -> None:
        """Search where only these files can take something: in those of the `known` that they import from."""
        taking = [file for file in takers if not file.is_data] if self._tops else []
        stems: set[bytes] = set()
        for file in taking:
            text = read_quietly(file.path)
            stems.update(words_in_imports(text))
            stems.update(map(os.fsencode, file.path.absolute().parent.parts) if b"from ." in text else ())
        self.search([file for file in known if module_stem(file) in stems] if stems else (), taking)

    def _bound_in(self, file: FoundFile) -> dict[bytes, bytes]:
        text = read_quietly(file.path)
        return dict(self._brought(text)) if any(top in text for top in self._tops) else {}

    def _takes(self, text: bytes, _: FoundFile) -> bool:
        modules = self._bound.keys()
        if len(modules) <= FEW:
            is_near = any(module in text for module in modules)
        else:
            is_near = not modules.isdisjoint(words_in_imports(text))
        return (is_near or (bool(self._packages_with) and b"from ." in text)) and bool(self._taken(text))

    def of(self, source: bytes, file: FoundFile) -> tuple[tuple[str, str], ...]:
        """Return what a file may take from others: `module.name`, by the last part, each with the library's name."""
        if file.name not in self.readers:
            return ()
        found = {f"{module.decode()}.{local.decode()}": name.decode() for module, local, name in self._taken(source)}
        return tuple(sorted(found.items()))

    def _brought(self, text: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield each local name that a file binds to a module or class of the library."""
        for home, brought in imports_in(text):
            for name, local in _NAME.findall(brought):
                if home is None:
                    top = name.partition(b".")[0]
                    bound = (local, name) if local else (top, top)
                else:
                    bound = (local or name, home + b"." + name)
                # A class under its own name is followed as such.
                if bound[1] in self._packages:
                    yield bound

    def _taken(self, text: bytes) -> list[tuple[bytes, bytes, bytes]]:
        """Return the module, the local name and what that is in the library, of all that a text takes."""
        found: list[tuple[bytes, bytes, bytes]] = []
        for home, brought in imports_in(text):
            of_home = self._bound.get(home.rpartition(b".")[2], {}) if home is not None else {}
            for name, local in _NAME.findall(brought):
                last = name.rpartition(b".")[2]
                if name == b"*":
                    found += ((home.rpartition(b".")[2], taken, of_home[taken]) for taken in of_home if home)
                elif name in of_home and home is not None:
                    found.append((home.rpartition(b".")[2], name, of_home[name]))
                elif home is not None and not home.strip(b".") and name in self._packages_with:
                    found += ((package, name, self._bound[package][name]) for package in self._packages_with[name])
                elif inside := self._bound.get(last):
                    # As `compat.np` behind `from app import compat`, or `import app.compat`.
                    held = local or last
                    found += (
                        (last, taken, inside[taken])
                        for taken in inside
                        if re.search(rb"(?<!\w)" + held + rb"[ \t]*\.[ \t]*" + taken + rb"\b", text)
                    )
        return found
