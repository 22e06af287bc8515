"""Find the modules of a library that others take from a file of the project: `from compat import np`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from compatkit.migrate.between.facts_index import module_stem
from compatkit.migrate.between.importers import read_quietly
from compatkit.migrate.between.readers import imports_in
from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.finding.reading import sift
from compatkit.migration import Migration, Move
from compatkit.migration.renaming import prefixes

_NAME = re.compile(rb"([\w.]+|\*)(?:[\s\\]+as[\s\\]+(\w+))?")


class HandedModules:
    """Answers for one run; the files are searched once. A file is known by the last part of its module's name."""

    def __init__(
        self, files: Sequence[FoundFile], moves: Iterable[Move], migrations: Iterable[Migration], *, processes: int
    ) -> None:
        names = [row.subject for migration in migrations for _, row in migration.rows()]
        names += [move.old for move in moves]
        dotted = {name.removesuffix("()") for name in names if "." in name and "*" not in name}
        self._packages = frozenset(above.encode() for name in dotted for above in prefixes(name))
        self._tops = sorted({package.partition(b".")[0] for package in self._packages})
        self._files = [file for file in files if not file.is_data]
        self._processes = processes
        # By the last part of a module's name: its local names for modules of the library.
        self._bound: dict[bytes, dict[bytes, bytes]] = {}
        self._packages_with: dict[bytes, set[bytes]] = {}
        self.readers: frozenset[str] = frozenset()
        self.facades: frozenset[bytes] = frozenset()

    def search(self) -> None:
        """Find the files that take such a module from another one, and those from which they may."""
        for file in self._files if self._tops else ():
            text = read_quietly(file.path)
            if any(top in text for top in self._tops) and (bound := dict(self._brought(text))):
                self._bound.setdefault(module_stem(file), {}).update(bound)
                for local in bound if file.path.stem == "__init__" else ():
                    self._packages_with.setdefault(local, set()).add(module_stem(file))
        if self._bound:
            found = sift(self._files, lambda text, _: bool(self._taken(text)), processes=self._processes)
            taking = [self._files[number] for number in found]
            self.readers = frozenset(file.name for file in taking)
            taken = {module for file in taking for module, *_ in self._taken(read_quietly(file.path))}
            self.facades = frozenset(taken)

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
                    found += ((home.rpartition(b".")[2], each, of_home[each]) for each in of_home if home)
                elif name in of_home and home is not None:
                    found.append((home.rpartition(b".")[2], name, of_home[name]))
                elif home is not None and not home.strip(b".") and name in self._packages_with:
                    found += ((package, name, self._bound[package][name]) for package in self._packages_with[name])
                elif inside := self._bound.get(last):
                    # As `compat.np` behind `from app import compat`, or `import app.compat`.
                    held = local or last
                    found += (
                        (last, each, inside[each])
                        for each in inside
                        if re.search(rb"(?<!\w)" + held + rb"[ \t]*\.[ \t]*" + each + rb"\b", text)
                    )
        return found
