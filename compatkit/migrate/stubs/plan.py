"""Which stubs a tree needs so that old imports still type-check, where they lie, and writing them.

By default a stub lies where the old module was. There mypy and pyright find it without any setting, and it hides
nothing. In a folder of its own (`typings/`) mypy must be told of it by `mypy_path`, and pyright understands
`from shop.old import X` but no longer `from shop import old`. There the `__init__.pyi` of a package would hide the real
one, so none is written above an old module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from compatkit.errors import CompatkitError
from compatkit.migrate.stubs.home import Home
from compatkit.migrate.stubs.modules import moved_modules
from compatkit.migrate.stubs.sources import Place, Sources, is_generated
from compatkit.migrate.stubs.text import Stub, empty_stub, moved_stub, stub_text
from compatkit.migrate.write import replace_file
from compatkit.migration import Move
from compatkit.rewrite import RewriteError


class StubError(CompatkitError):
    """A stub that could not be written."""

    @classmethod
    def unwritable(cls, path: Path, error: OSError) -> StubError:
        what = f"The stub cannot be written: {error.strerror}."
        return cls(what, where=str(path), hint="check permissions and free space, then run this again")


@dataclass(frozen=True, slots=True)
class StubFile:
    """A stub that should be there, and what is there now (None: nothing)."""

    path: Path
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
    plan, sources = StubPlan(), Sources(paths)
    given = tuple(moves)
    whole = moved_modules(given, sources, plan.findings)
    every = sorted((each for each in given if not each.is_module), key=lambda move: (move.old_module, move.old_name))
    modules = {*(move.old_module for move in every), *whole}
    for module, moved in groupby(every, key=lambda move: move.old_module):
        _plan_names(plan, module, list(moved), sources, folder=folder, modules=modules, whole=whole.get(module))
    alone = whole.keys() - {move.old_module for move in every}
    for module in sorted(alone):
        place = whole[module]
        if not _exists(plan, module, _still_there(module, [place.module.name], sources), sources):
            stub = Stub(moved_stub(module, place.module.name), ())
            _plan_one(plan, module, stub, [place], sources, folder=folder, modules=modules)
    plan.files.sort(key=lambda file: file.path.parts)
    return plan


def _plan_names(
    plan: StubPlan,
    module: str,
    moves: list[Move],
    sources: Sources,
    *,
    folder: Path | None,
    modules: set[str],
    whole: Place | None,
) -> None:
    """Plan the stub of a module of which some names moved, and perhaps the rest as a whole."""
    if there := _still_there(module, [move.new_module for move in moves], sources):
        _exists(plan, module, there, sources)
        plan.findings += _without_stub(module, moves, there[0], sources)
        return
    homes = _homes(moves, sources, plan)
    if homes:
        all_else = whole.module.name if whole else ""
        stub = stub_text(module, {move: home for move, (home, _) in homes.items()}, all_else=all_else)
        places = [place for _, place in homes.values()]
        _plan_one(plan, module, stub, places, sources, folder=folder, modules=modules)


def _plan_one(
    plan: StubPlan,
    module: str,
    stub: Stub,
    homes: Iterable[Place],
    sources: Sources,
    *,
    folder: Path | None,
    modules: set[str],
) -> None:
    root = sources.root_for(module, homes)
    if root is None:
        plan.findings.append(f"{module} could lie in several folders; give the one that is meant as PATH")
        return
    plan.notes += stub.notes
    _place(plan, module, stub.text, root=root, folder=folder, modules=modules)


def _exists(plan: StubPlan, module: str, there: list[Place], sources: Sources) -> bool:
    """Say that an old module exists, if it does; a stub of ours that hides it is a finding."""
    if there:
        plan.notes.append(f"{module} still exists, in {there[0]}: it gets no stub")
        hiding = sources.find_generated(module)
        plan.findings += [f"{stub} hides {module}, which exists again; delete this stub" for stub in hiding]
    return bool(there)


def _without_stub(module: str, moves: Iterable[Move], place: Place, sources: Sources) -> Iterator[str]:
    """Yield the names that are gone from a module that stays: no stub can bring them back."""
    try:
        bound = sources.read(place).bound
    except (OSError, RewriteError):
        return
    for move in moves:
        if move.old_name not in bound and "*" not in bound and not sources.find(move.old):
            what = f"{module} still exists, in {place}, without this name; rewrite its uses"
            yield f"{move.code} {move.old} has no stub: {what}"


def write_stub(file: StubFile) -> None:
    """Write a stub as a whole or not at all. Raises `StubError`, or `WriteError` if it changed meanwhile."""
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


def _still_there(module: str, homes: Iterable[str], sources: Sources) -> list[Place]:
    """Return where the old module still lies; a copy of it below another root than the new homes' does not count."""
    near = {place.root for home in homes for place in sources.find(home)}
    there = sources.find(module)
    if any((root / module.partition(".")[0]).is_dir() for root in near):
        return [place for place in there if place.root in near]
    return there


def _homes(moves: Iterable[Move], sources: Sources, plan: StubPlan) -> dict[Move, tuple[Home, Place]]:
    """Return the source of each move's new home; what is missing or ambiguous becomes a finding."""
    homes = {}
    for move in moves:
        places = sources.find(move.new_module)
        if len(places) != 1:
            which = f"in several places: {', '.join(map(str, places))}" if places else "nowhere in the paths given"
            plan.findings.append(f"{move.code} {move.old} has no stub: {move.new_module} is {which}")
            continue
        try:
            home = sources.read(places[0])
        except (OSError, RewriteError) as error:
            reason = error.what if isinstance(error, RewriteError) else f"it cannot be read: {error.strerror}"
            plan.failures.append(f"{move.code} {move.old} has no stub. {reason}\n  in {places[0]}")
            continue
        if move.new_name in home.bound or sources.find(move.new):
            homes[move] = (home, places[0])
        else:
            plan.findings.append(f"{move.code} {move.old} has no stub: {places[0]} does not define {move.new_name}")
    return homes


def _place(plan: StubPlan, module: str, text: str, *, root: Path, folder: Path | None, modules: set[str]) -> None:
    """Add the stub, and beside the sources an empty one for each package above it that is gone."""
    parts = module.split(".")
    is_real_folder = _holds_source(root.joinpath(*parts))
    is_package = is_real_folder or any(other.startswith(f"{module}.") for other in modules)
    if folder and is_real_folder:
        plan.findings.append(f"{module} has no stub: in {folder} it would hide what is left of that package")
        return
    base = (folder or root).joinpath(*parts)
    _add(plan, base / "__init__.pyi" if is_package else base.with_name(f"{parts[-1]}.pyi"), text)
    for depth in range(1, len(parts)):
        package = root.joinpath(*parts[:depth])
        if folder is None and ".".join(parts[:depth]) not in modules and not _holds_source(package):
            _add(plan, package / "__init__.pyi", empty_stub())


def _holds_source(folder: Path) -> bool:
    return any(not is_generated(path) for suffix in ("py", "pyi") for path in folder.rglob(f"*.{suffix}"))


def _add(plan: StubPlan, path: Path, text: str) -> None:
    before = path.read_bytes() if path.exists() else None
    if before and not is_generated(path):
        plan.notes.append(f"{path} was written by hand and is left alone")
    elif path not in {file.path for file in plan.files}:
        plan.files.append(StubFile(path, text.encode(), before))
