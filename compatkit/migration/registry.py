"""Which migrations there are: the bundled ones, and those that installed packages register.

Listing them runs none of their code: a package is located by its import spec, never imported.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from compatkit.migration.errors import MigrationError
from compatkit.migration.loader import load_migration
from compatkit.migration.model import Migration

ENTRY_POINT_GROUP = "compatkit.migrations"
DEFAULT_MIGRATION = "training-orchestrator-v2"
_FILE = "migration.toml"


def available_migrations() -> Mapping[str, Path]:
    """Return the id and the `migration.toml` of every migration at hand, bundled ones first.

    A third party registers its package under its migration's id, in the entry-point group `compatkit.migrations`.
    """
    return {**_bundled(), **_registered()}


def find_migration(id_or_path: str | Path | None = None) -> Migration:
    """Return the migration with this id, or at this path; without one, the bundled default.

    Raises `MigrationError` for an unknown id or an invalid file.
    """
    if id_or_path is None:
        return _default()
    if isinstance(id_or_path, str) and (file := _bundled().get(id_or_path)):
        return load_migration(file)
    if Path(id_or_path).exists():
        return load_migration(id_or_path)
    migrations = available_migrations()
    if str(id_or_path) not in migrations:
        raise MigrationError.not_found(id_or_path, migrations)
    return load_migration(migrations[str(id_or_path)])


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


def _registered() -> dict[str, Path]:
    from importlib.metadata import entry_points

    found: dict[str, Path] = {}
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: (point.name, point.value)):
        for folder in _package_folders(point.value):
            if (file := Path(folder) / _FILE).is_file():
                if point.name in found and found[point.name] != file:
                    raise MigrationError.declared_twice(
                        f"The migration {point.name!r}", str(found[point.name]), str(file), where=ENTRY_POINT_GROUP
                    )
                found[point.name] = file
    return found


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
