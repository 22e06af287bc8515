"""The Python files below some paths, found by dotted name and read with `ast`: nothing is imported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from compatkit.migrate.finding.find import find_files
from compatkit.migrate.stubs.home import StubHome
from compatkit.migrate.stubs.text import MARK
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.text import read_source
from compatkit.rewrite.file.tree import parse


@dataclass(frozen=True, slots=True)
class ModuleFile:
    """A module's file, and the folder from which its dotted name counts."""

    file: Path
    root: Path
    module: FileModule

    def __str__(self) -> str:
        return str(self.file)


class Sources:
    """All files are named relative to the working directory where they lie below it."""

    def __init__(self, paths: Iterable[Path]) -> None:
        files = [_shown(file.path) for file in find_files(paths) if not file.is_data]
        self._generated = [file for file in files if is_generated_stub(file)]
        self._files = [file for file in files if file not in set(self._generated)]
        self._homes: dict[ModuleFile, StubHome] = {}

    def find(self, module: str) -> list[ModuleFile]:
        """Return where a module lies, once for each root; where there is a `.pyi` beside the `.py`, that."""
        found = _named(self._files, module)
        return [found[root] for root in sorted(found)]

    def below(self, package: ModuleFile) -> list[ModuleFile]:
        """Return a module and all that lie in it, if it is a package."""
        if not package.module.is_package:
            return [package]
        folder = package.file.parent
        inside = [file for file in self._files if file == package.file or file.is_relative_to(folder)]
        names = {_dotted(file, package) for file in inside}
        found = (place for name in sorted(names) for place in self.find(name) if place.root == package.root)
        return [place for place in found if all(part.isidentifier() for part in place.module.name.split("."))]

    def find_generated(self, module: str) -> list[ModuleFile]:
        """Return the stubs for a module that compatkit wrote."""
        found = _named(self._generated, module)
        return [found[root] for root in sorted(found)]

    def read(self, place: ModuleFile) -> StubHome:
        """Parse a module. Raises `RewriteError` for what is no Python, `OSError` for what cannot be read."""
        if place not in self._homes:
            self._homes[place] = StubHome.of(place.module, parse(read_source(place.file.read_bytes()).text))
        return self._homes[place]

    def root_for(self, module: str, homes: Iterable[ModuleFile]) -> Path | None:
        """Return the root of a module that is gone, or None where that could be several folders.

        That is the new home's root where the old top-level package lies there too; else the root of what is left of
        the old packages; else the new home's.
        """
        near = sorted({place.root for place in homes})
        top = module.partition(".")[0]
        inside = [root for root in near if (root / top).is_dir()]
        roots = inside or self._roots_of_packages(module) or near
        return roots[0] if len(roots) == 1 else None

    def _roots_of_packages(self, module: str) -> list[Path]:
        parts = tuple(module.split(".")[:-1])
        folders = {folder.resolve() for file in self._files for folder in file.parents}
        for depth in range(len(parts), 0, -1):
            if roots := {folder.parents[depth - 1] for folder in folders if folder.parts[-depth:] == parts[:depth]}:
                return sorted(_shown(root) for root in roots)
        return []


def _dotted(file: Path, package: ModuleFile) -> str:
    names = file.relative_to(package.file.parent).with_suffix("").parts
    return ".".join([package.module.name, *(names[:-1] if names[-1] == "__init__" else names)])


def is_generated_stub(path: Path) -> bool:
    """Tell whether compatkit wrote this stub."""
    if path.suffix != ".pyi":
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(MARK)) == MARK.encode()
    except OSError:
        return False


def _named(files: Iterable[Path], module: str) -> dict[Path, ModuleFile]:
    parts = tuple(module.split("."))
    found: dict[Path, ModuleFile] = {}
    # Sorted, `.py` comes before `.pyi`, which then takes its place: type checkers read that one too.
    for file in sorted(files):
        names = file.resolve().with_suffix("").parts
        is_package = names[-1] == "__init__"
        names = names[:-1] if is_package else names
        if names[-len(parts) :] == parts:
            root = _shown(file.resolve().parents[len(parts) - (0 if is_package else 1)])
            found[root] = ModuleFile(file, root, FileModule(module, is_package))
    return found


def _shown(path: Path) -> Path:
    here = Path.cwd()
    full = path.resolve()
    return full.relative_to(here) if full.is_relative_to(here) else full
