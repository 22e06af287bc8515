"""Answer a file's questions about the others: the names that star imports bring, and the names that others import."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from compatkit.migrate.between.aliases import Aliases
from compatkit.migrate.between.asking import askers_for
from compatkit.migrate.between.handed_modules import HandedModules
from compatkit.migrate.between.handing import Handing, with_facts
from compatkit.migrate.between.importers import Importers, of_kind, of_projects, read_quietly
from compatkit.migrate.between.look_alikes import Doubles
from compatkit.migrate.between.missed import find_missed
from compatkit.migrate.between.naming import ModuleName, Namer
from compatkit.migrate.between.read_globals import ReadGlobals
from compatkit.migrate.between.readers import ModuleNames, Readers
from compatkit.migrate.between.star_names import read_star_names
from compatkit.migrate.between.targets import Targets
from compatkit.migrate.between.templates import Templates
from compatkit.migrate.between.unspelled import can_hand_on, find_unspelled
from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.finding.reading import read_input, sift
from compatkit.migrate.finding.sieve import IS_OPEN, MAY_CONCERN, SPELLS, WANTED
from compatkit.migration import Migration, Move
from compatkit.options import Options
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.neighbours import ALONE, Neighbours, StarNames
from compatkit.rewrite.prefilter.interfaces import defined_options, flags_of
from compatkit.rewrite.prefilter.words import imports_star

# Documents whose code calls what the project has.
_WITH_CODE = frozenset({".ipynb", ".md", ".rst"})
# Facades of facades: what lies deeper is left open.
_DEEPEST = 6
_STAR_IMPORT = re.compile(rb"(?m)^[ \t\f]*from[ \t]+(\.*)[ \t]*([\w.]*)[ \t]*import[ \t\\\r\n]*\*")


class ProjectIndex:
    """Answers for one run over a tree; the other files are read only once it is asked.

    `kinds` says what was found of each file. `called` are last parts of names that move and are called otherwise then,
    as by whoever takes one from a file.
    """

    def __init__(
        self,
        files: Sequence[FoundFile],
        kinds: Sequence[int],
        namer: Namer,
        moves: tuple[Move, ...],
        *,
        renames: bool,
        called: frozenset[str] = frozenset(),
        processes: int = 1,
        migrations: tuple[Migration, ...] = (),
        reexports: tuple[Move, ...] = (),
        wishes: Options = Options(),  # noqa: B008 - immutable
    ) -> None:
        self._files = files
        self._kinds = kinds
        self._namer = namer
        self._renames = renames
        self._processes = processes
        self._found: dict[tuple[str, ...], Importers] = {}
        self._called = tuple(sorted(called))
        self._names = tuple(sorted({move.old_name for move in moves} | called))
        self._homes = frozenset(move.old_home for move in moves)
        self._moves = tuple(Move.symbols(moves))
        self._every_move = (*moves, *reexports)
        self._read_globals = ReadGlobals(files, namer, self._moves)
        self._missed: dict[frozenset[str], frozenset[str]] = {}
        self._module_names = ModuleNames(moves, migrations, renames=renames)
        self._readers: Readers | None = None
        self._targets = Targets(moves, migrations)
        self._migrations = migrations
        self._options: frozenset[str] | None = None
        self._unspelled: frozenset[str] = frozenset()
        self._handing = Handing(kinds, namer, migrations, wishes)
        self._templates = Templates(files, migrations)
        self._modules = HandedModules(moves, migrations, processes=processes)
        self._aliases = Aliases(files, namer, self._moves)
        self._doubles = Doubles(files, namer, migrations, wishes, processes=processes)

    def reach(self, wanted: Sequence[int]) -> list[int]:
        """Return the numbers of the files wanted, and of those to which they hand what changed."""
        is_part = any(file.is_named for file in self._files)
        known = of_projects(self._files) if is_part else self._files
        if self._handing.is_needed:
            # What others call or ask for need not name the library; what hands that on does.
            self._modules.search(of_kind(known, self._kinds, SPELLS), known)
            reached = self._handing.prepare(known, self._modules.facades, processes=self._processes)
        else:
            self._modules.search_from((self._files[number] for number in wanted), known)
            reached = frozenset()
        reached |= self._modules.readers
        others = (number for number, file in enumerate(self._files) if file.name in reached) if reached else ()
        may_concern = [number for number, kind in enumerate(self._kinds) if kind & MAY_CONCERN and not kind & WANTED]
        return sorted({*wanted, *others, *self._aliases.askers(wanted, may_concern, processes=self._processes)})

    def prepare(self, wanted: Sequence[FoundFile]) -> None:
        """Look once for whoever reads a module's local name from one of the files that are to be processed."""
        names: set[str] = set()
        modules: set[str] = set()
        calling: list[bytes] = []
        handing = tuple(filter(can_hand_on, self._migrations))
        for file in wanted:
            text = read_input(file.name, is_data=file.is_data)
            if file.is_data:
                calling += [text] if handing and isinstance(text, bytes) and file.suffix in _WITH_CODE else ()
                continue
            if isinstance(text, bytes) and (own := self._module_names.of(text)):
                names |= own
                modules.add(file.path.parent.absolute().name if file.path.stem == "__init__" else file.path.stem)
            if handing and isinstance(text, bytes) and text:
                calling.append(text)
        files = of_projects(self._files) if names or calling else ()
        if names:
            # Whoever reads a name without spelling it hands it on, or lists it: one search finds these for both.
            is_sought = self._renames and names.issubset(self._names)
            may_read = self._importers(self._names, with_listing=True).candidates if is_sought else files
            self._readers = Readers(may_read, modules, names, processes=self._processes)
        self._unspelled = find_unspelled(calling, files, handing, processes=self._processes)

    def options(self, source: bytes) -> frozenset[str]:
        """Return the options of command lines that a file spells, and a program of its project defines itself."""
        spelled = frozenset(
            flag.decode() for migration in self._migrations for flag in flags_of(migration) if flag in source
        )
        if not spelled:
            return spelled
        if self._options is None:
            # Only now: few files spell one.
            files = [file for file in of_projects(self._files) if not file.is_data]
            found = sift(files, self._defines, processes=self._processes)
            texts = (read_quietly(files[number].path) for number in found)
            self._options = frozenset[str]().union(*(defined_options(text, self._migrations) for text in texts))
        return spelled & self._options

    def _defines(self, source: bytes, _file: FoundFile) -> bool:
        return bool(defined_options(source, self._migrations))

    def of(self, source: bytes, file: FoundFile, named: ModuleName) -> Neighbours:
        """Return what there is to know for a file. Most need nothing."""
        return with_facts(self._neighbours(source, file, named), self._handing.of(source, file, named))

    def of_document(self, source: bytes) -> Neighbours:
        """Return what there is to know for a document."""
        return Neighbours(options=self.options(source), unspelled=self._unspelled - self._templates.asked_by(source))

    def _neighbours(self, source: bytes, file: FoundFile, named: ModuleName) -> Neighbours:
        stars = tuple(self._stars(source, file, named)) if imports_star(source) else ()
        # To look for the names that moved as well would mean to read many more files.
        names = self._names if self._renames or stars else self._called
        is_asked = names is not self._called or any(name.encode() in source for name in names)
        read = self._read_from(source, file)
        absent = self._targets.absent(source, self._namer.roots(file.path, file.root))
        options = self.options(source)
        reads = self._read_globals.spelled_in(source)
        askers = askers_for(source, file, named, self._namer, self._every_move) if self._moves else ()
        aliases = self._aliases.of(source, file, named, gives=bool(askers))
        templates = self._templates.asked_by(source)
        alike = self._doubles.of(source, file, named)
        modules = self._modules.of(source, file)
        # What a template spells, some file of the project does.
        unspelled = self._unspelled - templates
        others = absent or options or unspelled or reads or askers or aliases or templates or alike.defined or modules
        if not is_asked and read == frozenset() and not others:
            return ALONE
        taken = self._taken_from(file, names) if is_asked else frozenset[str]()
        missed = frozenset(self._missed_by(file, named, stars))
        return Neighbours(
            stars,
            taken,
            read,
            absent,
            options,
            unspelled,
            missed=missed,
            reads=reads,
            askers=askers,
            aliases=aliases,
            templates=templates,
            alike=alike,
            modules=modules,
        )

    def _read_from(self, source: bytes, file: FoundFile) -> frozenset[str] | None:
        """Return which local names of modules another file reads from this one; None where any may be."""
        names = self._module_names.of(source) if self._readers else frozenset()
        if self._readers is None or not names:
            return frozenset()
        read = self._readers.of(file.path, source)
        return None if read is None else frozenset(name for name in read if name.partition(".")[0] in names)

    def _stars(self, source: bytes, file: FoundFile, named: ModuleName) -> Iterator[tuple[str, StarNames]]:
        """Yield each module whose `*` is imported, if its source lies below the same import root.

        None where none of them is an old home: of the other stars nothing has to be known.
        """
        home = FileModule(named.name, named.is_package)
        found = sorted(set(_STAR_IMPORT.findall(source)))
        names = [_absolute(len(dots), module.decode("utf-8", "replace"), home) for dots, module in found]
        for name in names if self._homes.intersection(names) else ():
            if name and (path := self._namer.find(name, file.path, file.root)):
                yield name, self._exports(path, name, file, frozenset())

    def _exports(self, path: Path, name: str, file: FoundFile, seen: frozenset[str]) -> StarNames:
        """Return what a module exports, with what its own stars bring."""
        source, is_package = read_quietly(path), path.name == "__init__.py"
        home = FileModule(name, is_package)
        found = _STAR_IMPORT.findall(source)
        inner = {_absolute(len(dots), module.decode("utf-8", "replace"), home) for dots, module in found}
        places = {module: self._namer.find(module, file.path, file.root) for module in sorted(inner)}
        brought: list[frozenset[str] | None] = [None]
        if all(places.values()) and inner.isdisjoint({*seen, name}) and len(seen) < _DEEPEST:
            exported = ((self._exports(place, part, file, seen | {name})) for part, place in places.items() if place)
            brought = [names.possible for names in exported]
        starred = None if None in brought else frozenset[str]().union(*filter(None, brought))
        submodules = frozenset(part.stem for part in path.parent.iterdir()) if is_package else None
        return read_star_names(
            source, is_package=is_package, submodules=submodules, starred=StarNames(possible=starred)
        )

    def _missed_by(self, file: FoundFile, named: ModuleName, stars: tuple[tuple[str, StarNames], ...]) -> Iterator[str]:
        """Yield the names that are asked of a file, and that the old homes of its stars have lost."""
        known = dict(stars)
        homes = ((move.old_name, known.get(move.old_module)) for move in self._moves)
        lost = frozenset(name for name, names in homes if names and not names.may_bring(name))
        if lost and lost not in self._missed:
            self._missed[lost] = find_missed(self._importers(self._names).files, lost, self._namer)
        for name in lost:
            dotted = f"{named.name}.{name}"
            if dotted in self._missed[lost] and not self._namer.find(dotted, file.path, file.root):
                yield name

    def _taken_from(self, file: FoundFile, names: tuple[str, ...]) -> frozenset[str] | None:
        """Return which of these names another file may take from a module of this one's name; None where any may be."""
        if self._renames and file.path.stem == "conftest":
            # The names of a conftest are fixtures, which tests ask for without an import.
            return None
        return self._importers(names).taken_from(file.path)

    def _importers(self, names: tuple[str, ...], *, with_listing: bool = False) -> Importers:
        if names not in self._found:
            files = of_projects(self._files) if self._renames else self._files
            near = of_kind(files, self._kinds, SPELLS | IS_OPEN) if self._renames else files
            self._found[names] = Importers(files, near, names, processes=self._processes, with_listing=with_listing)
        return self._found[names]


def _absolute(level: int, module: str, home: FileModule) -> str:
    if not level:
        return module
    base = home.base(level) or ""
    return f"{base}.{module}" if base and module else base
