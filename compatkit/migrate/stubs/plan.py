"""Plan the stubs that a tree needs so that old imports still type-check, and write them.

By default a stub lies where the old module was, if a folder with sources is left there: mypy and pyright find it
without any setting, and it hides nothing. A folder with stubs alone would be a package to Python, empty and importable;
such stubs go to a folder of their own (`typings/`). mypy must be told of that by `mypy_path`, and pyright understands
`from shop.old import X` but no longer `from shop import old`. There the `__init__.pyi` of a package would hide the real
one, so none is written above an old module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from compatkit.errors import CompatkitError
from compatkit.migrate.stubs.sources import ModuleFile, Sources, StubHome, is_generated_stub
from compatkit.migrate.stubs.text import Stub, moved_stub, stub_text
from compatkit.migrate.write import replace_file, require_inside
from compatkit.migration import Move
from compatkit.migration.renaming import Renaming
from compatkit.rewrite import RewriteError

# Where pyright looks for stubs unasked.
_TYPINGS = Path("typings")


class StubError(CompatkitError):
    """A stub that could not be written."""

    @classmethod
    def unwritable(cls, path: Path, error: OSError) -> StubError:
        what = f"The stub cannot be written: {error.strerror}."
        return cls(what, where=str(path), hint="check permissions and free space, then run this again")


@dataclass(frozen=True, slots=True)
class StubFile:
    """A stub that should be there, below `root`, and what is there now (None: nothing)."""

    path: Path
    root: Path
    after: bytes
    before: bytes | None

    @property
    def is_current(self) -> bool:
        return self.before == self.after


@dataclass(slots=True)
class StubPlan:
    """The stubs, what is left to a person, what could not be read, and what is merely worth knowing."""

    files: list[StubFile] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def plan_stubs(paths: Iterable[Path], moves: Iterable[Move], *, folder: Path | None = None) -> StubPlan:
    """Plan a stub for each old module that is gone; with `folder`, below that. Nothing is written or imported."""
    return _Planner(Sources(paths), tuple(moves), folder).planned()


def write_stub(file: StubFile) -> None:
    """Write a stub as a whole or not at all.

    Raises `StubError`, or `WriteError` if it changed meanwhile or a link leads out of the folder it belongs to.
    """
    require_inside(file.path, file.root)
    is_begun = False
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        if file.before is None:
            # The new file gets the mode that the user's umask gives, and never takes the place of another.
            file.path.touch(exist_ok=False)
            is_begun = True
        replace_file(file.path, before=file.before or b"", after=file.after)
    except OSError as error:
        if is_begun:
            file.path.unlink(missing_ok=True)
        raise StubError.unwritable(file.path, error) from error


class _Planner:
    """Plans the stubs of the old modules of some moves."""

    def __init__(self, sources: Sources, moves: Sequence[Move], folder: Path | None) -> None:
        self._sources = sources
        self._folder = folder
        self._plan = StubPlan()
        self._whole = moved_modules(moves, sources, self._plan.findings)
        names = sorted(Move.symbols(moves), key=lambda move: (move.old_module, move.old_name))
        self._names = {module: list(moved) for module, moved in groupby(names, key=lambda move: move.old_module)}
        self._modules = {*self._names, *self._whole}

    def planned(self) -> StubPlan:
        for module, moves in self._names.items():
            self._plan_names(module, moves)
        for module in sorted(self._whole.keys() - self._names.keys()):
            self._plan_whole(module, self._whole[module])
        self._plan.files.sort(key=lambda file: file.path.parts)
        return self._plan

    def _plan_names(self, module: str, moves: list[Move]) -> None:
        """Plan the stub of a module of which some names moved, and perhaps the rest as a whole."""
        if there := self._still_there(module, [move.new_module for move in moves]):
            self._note_existing(module, there)
            self._plan.findings += self._without_stub(module, moves, there[0])
        elif homes := self._homes(moves):
            all_else = self._whole[module].module.name if module in self._whole else ""
            stub = stub_text(module, {move: home for move, (home, _) in homes.items()}, all_else=all_else)
            self._plan_one(module, stub, [place for _, place in homes.values()])

    def _plan_whole(self, module: str, home: ModuleFile) -> None:
        if there := self._still_there(module, [home.module.name]):
            self._note_existing(module, there)
        else:
            self._plan_one(module, Stub(moved_stub(module, home.module.name), ()), [home])

    def _plan_one(self, module: str, stub: Stub, homes: Iterable[ModuleFile]) -> None:
        root = self._sources.root_for(module, homes)
        if root is None:
            self._plan.findings.append(f"{module} could lie in several folders; give the one that is meant as PATH")
            return
        self._plan.notes += stub.notes
        self._place(module, stub.text, root)

    def _still_there(self, module: str, homes: Iterable[str]) -> list[ModuleFile]:
        """Return where the old module still lies; below another root than the new homes', a copy does not count."""
        near = {place.root for home in homes for place in self._sources.find(home)}
        there = self._sources.find(module)
        if any((root / module.partition(".")[0]).is_dir() for root in near):
            return [place for place in there if place.root in near]
        return there

    def _note_existing(self, module: str, there: list[ModuleFile]) -> None:
        """Say that an old module exists; a stub of ours that hides it is a finding."""
        self._plan.notes.append(f"{module} still exists, in {there[0]}: it gets no stub")
        hiding = self._sources.find_generated(module)
        self._plan.findings += [f"{stub} hides {module}, which exists again; delete this stub" for stub in hiding]

    def _without_stub(self, module: str, moves: Iterable[Move], place: ModuleFile) -> Iterator[str]:
        """Yield the names that are gone from a module that stays: no stub can bring them back."""
        try:
            bound = self._sources.read(place).bound
        except (OSError, RewriteError):
            return
        for move in moves:
            if move.old_name not in bound and "*" not in bound and not self._sources.find(move.old):
                what = f"{module} still exists, in {place}, without this name; rewrite its uses"
                yield f"{move.code} {move.old} has no stub: {what}"

    def _homes(self, moves: Iterable[Move]) -> dict[Move, tuple[StubHome, ModuleFile]]:
        """Return the source of each move's new home; what is missing or ambiguous becomes a finding."""
        homes = {}
        for move in moves:
            places = self._sources.find(move.new_module)
            if len(places) != 1:
                self._plan.findings.append(without_home(move, move.new_module, places))
                continue
            try:
                home = self._sources.read(places[0])
            except (OSError, RewriteError) as error:
                reason = error.what if isinstance(error, RewriteError) else f"it cannot be read: {error.strerror}"
                self._plan.failures.append(f"{move.code} {move.old} has no stub. {reason}\n  in {places[0]}")
                continue
            if move.new_name in home.bound or self._sources.find(move.new):
                homes[move] = (home, places[0])
            else:
                what = f"{places[0]} does not define {move.new_name}"
                self._plan.findings.append(f"{move.code} {move.old} has no stub: {what}")
        return homes

    def _place(self, module: str, text: str, root: Path) -> None:
        """Add the stub beside the sources, or below `typings` where it would lie in a folder without any."""
        parts = module.split(".")
        is_real_folder = _holds_source(root.joinpath(*parts))
        if self._folder and is_real_folder:
            what = f"in {self._folder} it would hide what is left of that package"
            self._plan.findings.append(f"{module} has no stub: {what}")
            return
        is_package = is_real_folder or any(other.startswith(f"{module}.") for other in self._modules)
        name = Path(*parts, "__init__.pyi") if is_package else Path(*parts).with_suffix(".pyi")
        beside = root / name
        if self._folder or _holds_source(beside.parent):
            base = self._folder or root
            self._add(base / name, base, text)
            return
        self._add(_TYPINGS / name, Path(), text)
        if is_generated_stub(beside):
            what = "is a stub in a folder without sources, which Python can import as an empty package; delete it"
            self._plan.findings.append(f"{beside} {what}")

    def _add(self, path: Path, root: Path, text: str) -> None:
        before = path.read_bytes() if path.exists() else None
        if before and not is_generated_stub(path):
            self._plan.notes.append(f"{path} was written by hand and is left alone")
        elif path not in {file.path for file in self._plan.files}:
            self._plan.files.append(StubFile(path, root, text.encode(), before))


def _holds_source(folder: Path) -> bool:
    return any(not is_generated_stub(path) for suffix in ("py", "pyi") for path in folder.rglob(f"*.{suffix}"))


def moved_modules(moves: Iterable[Move], sources: Sources, findings: list[str]) -> dict[str, ModuleFile]:
    """Return each old module below those that moved as a whole, and its new home; what has none becomes a finding."""
    renaming = Renaming(moves)
    found: dict[str, ModuleFile] = {}
    for move in sorted(renaming.modules, key=lambda move: move.old):
        places = sources.find(move.new)
        if len(places) != 1:
            findings.append(without_home(move, move.new, places))
            continue
        for place in sources.below(places[0]):
            # Of several moves that fit, the innermost decides.
            found |= {old: place for old in renaming.older(place.module.name) if renaming.around(old) == move}
    return found


def without_home(move: Move, home: str, places: Sequence[ModuleFile]) -> str:
    """Say that there is no stub, because the new home is not in one place."""
    which = f"in several places: {', '.join(map(str, places))}" if places else "nowhere in the paths given"
    return f"{move.code} {move.old} has no stub: {home} is {which}"
