"""Find migrations: the bundled ones, and those that installed packages register.

Listing them runs none of their code: a package is located by its import spec, never imported.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import TypeVar

from compatkit.migration.errors import MigrationError
from compatkit.migration.loader import load_migration
from compatkit.migration.model import Migration
from compatkit.migration.value import Value, value

T = TypeVar("T")

ENTRY_POINT_GROUP = "compatkit.migrations"
DEFAULT_MIGRATION = "training-orchestrator-v2"
_FILE = "migration.toml"
# Where a copy of the file lies that nobody edits.
_COPIES = {".git", ".tox", ".venv", "build", "dist", "node_modules", "venv"}
# Ids that bundled migrations had before; settings and commands go on naming them.
_FORMER_IDS = {"torch-amp": "torch-2"}


@value
class Registry(Value):
    """The `migration.toml` of every migration at hand by its id, bundled ones first, and what is wrong with others."""

    files: Mapping[str, Path]
    faults: Mapping[str, MigrationError]
    bundled: frozenset[str] = frozenset()


def available_migrations() -> Mapping[str, Path]:
    """Return the id and the `migration.toml` of every migration at hand, bundled ones first.

    A third party registers its package under its migration's id, in the entry-point group `compatkit.migrations`.
    What is registered, but is not there, is left out; see `read_registry`.
    """
    return read_registry().files


def bundled_migrations() -> Mapping[str, Path]:
    """Return the id and the `migration.toml` of the migrations that come with compatkit."""
    return _bundled()


def read_registry() -> Registry:
    """Find every migration at hand. A broken third party is one of the faults, and no reason to fail."""
    bundled = _bundled()
    files, faults = _registered(bundled)
    return Registry({**bundled, **files}, faults, frozenset(bundled))


def load_all() -> tuple[list[Migration], list[MigrationError]]:
    """Load every migration at hand, in the order of their ids; return also what is wrong with those left out."""
    return read_each(lambda name, file, _: load_registered(name, file))


def read_each(read: Callable[[str, Path, bool], T]) -> tuple[list[T], list[MigrationError]]:
    """Return what `read` gives for each migration at hand, told its id, its file and whether it is bundled.

    In the order of their ids, and beside it what is wrong with those left out.
    """
    registry = read_registry()
    found: list[T] = []
    faults = dict(registry.faults)
    for name, file in sorted(registry.files.items()):
        try:
            found.append(read(name, file, name in registry.bundled))
        except MigrationError as error:
            faults[name] = error
    return found, [faults[name] for name in sorted(faults)]


def current_id(name: str) -> str:
    """Return the id that a bundled migration has today; any other name stays what it is."""
    return _FORMER_IDS.get(name, name)


def find_migration(id_or_path: str | Path | None = None) -> Migration:
    """Return the migration with this id, or at this path; without one, the bundled default.

    A path is that of the file, of its folder, or of a package as `compatkit migrations new` lays it out. A folder in
    which there is no migration hides no id of that name.

    Raises `MigrationError` for an unknown id or an invalid file.
    """
    if id_or_path is None:
        return _default()
    if isinstance(id_or_path, str) and (file := _bundled().get(current_id(id_or_path))):
        return load_migration(file)
    if file := file_at(Path(id_or_path)):
        return load_migration(file)
    registry, name = read_registry(), str(id_or_path)
    if name in registry.faults:
        raise registry.faults[name]
    if name not in registry.files and Path(id_or_path).exists():
        raise MigrationError.not_in_folder(name, _FILE)
    if name not in registry.files:
        raise MigrationError.not_found(id_or_path, registry.files)
    return load_registered(name, registry.files[name])


def file_at(path: Path) -> Path | None:
    """Return the `migration.toml` that a path leads to, if there is one and no second."""
    if path.is_file():
        return path
    found = [path / _FILE] if (path / _FILE).is_file() else sorted(path.glob(f"src/*/{_FILE}"))
    return found[0] if len(found) == 1 else None


def find_file(id_or_path: str) -> Path:
    """Return the `migration.toml` that is meant. Raises `MigrationError` for none, or several below one folder."""
    path = Path(id_or_path)
    if path.is_file():
        return path
    if (path / _FILE).is_file():
        return path / _FILE
    if path.is_dir():
        return _only_one_below(path)
    known = available_migrations()
    if (name := current_id(id_or_path)) not in known:
        raise MigrationError.not_found(id_or_path, known)
    return known[name]


def _only_one_below(folder: Path) -> Path:
    found = sorted(file for file in folder.rglob(_FILE) if _COPIES.isdisjoint(file.relative_to(folder).parts))
    if len(found) == 1:
        return found[0]
    what = f"There are {len(found)} files {_FILE} below {str(folder)!r}." if found else f"There is no {_FILE}."
    raise MigrationError(what, where=str(folder), hint=f"give the path of one {_FILE}")


def seen_from(folder: Path, id_or_path: str) -> str:
    """Return the path of a migration that is named as seen from `folder`, or the id as it is."""
    path = folder / id_or_path
    return str(path) if file_at(path) else id_or_path


def load_registered(name: str, file: Path) -> Migration:
    """Load a migration by the id under which it is registered. Raises `MigrationError` also for another id in it."""
    migration = load_migration(file)
    if migration.id != name:
        # Asked for by the one, reported as the other: nobody would find it again.
        what = f"The migration that is registered as {name!r} calls itself {migration.id!r}."
        raise MigrationError(what, where=str(file), hint="give both the same id")
    return migration


@lru_cache(maxsize=1)
def _default() -> Migration:
    return load_migration(_bundled()[DEFAULT_MIGRATION])


def _bundled() -> dict[str, Path]:
    spec = importlib.util.find_spec("compatkit.codemods")
    if spec is None or spec.submodule_search_locations is None:
        raise MigrationError.not_found(DEFAULT_MIGRATION, [])
    files = [file for folder in spec.submodule_search_locations for file in sorted(Path(folder).glob(f"*/{_FILE}"))]
    # A bundled folder is named for its id, as a Python package can spell it.
    return {file.parent.name.replace("_", "-"): file for file in files}


def _registered(bundled: Mapping[str, Path]) -> tuple[dict[str, Path], dict[str, MigrationError]]:
    # It costs 30 ms, which only the search through installed packages should pay.
    from importlib.metadata import entry_points

    found: dict[str, Path] = {}
    faults: dict[str, MigrationError] = {}
    for name, package in sorted({(point.name, point.value) for point in entry_points(group=ENTRY_POINT_GROUP)}):
        files = [file for folder in _package_folders(package) if (file := Path(folder) / _FILE).is_file()]
        if not files:
            what = f"The package {package} of the migration {name!r} has no {_FILE}."
            hint = "install it again, or uninstall the package that registers it"
            faults[name] = MigrationError(what, where=ENTRY_POINT_GROUP, hint=hint)
        for file in files:
            if (first := bundled.get(name) or found.get(name)) and first != file:
                what = f"The migration {name!r}"
                faults[name] = MigrationError.declared_twice(what, str(first), str(file), where=ENTRY_POINT_GROUP)
            found.setdefault(name, file)
    # Which of two is meant, nobody can know; the bundled one stays what it is.
    return {name: file for name, file in found.items() if name not in faults}, faults


def _package_folders(dotted: str) -> list[str]:
    """Locate a package without importing it or its parents."""
    folders: list[str] | None = None
    name = ""
    for part in dotted.split("."):
        name = f"{name}.{part}" if name else part
        spec = _spec_without_import(name, folders)
        if spec is None or spec.submodule_search_locations is None:
            return []
        folders = list(spec.submodule_search_locations)
    return folders or []


def _spec_without_import(name: str, folders: list[str] | None) -> ModuleSpec | None:
    if folders is not None:
        return PathFinder.find_spec(name, folders)
    for finder in sys.meta_path:
        if (spec := finder.find_spec(name, None)) is not None:
            return spec
    return None
