"""Find the migration that an author names: by its file, its folder, the folder of its package, or its id."""

from __future__ import annotations

from pathlib import Path

from compatkit.migration import MigrationError, available_migrations, current_id

FILE = "migration.toml"
# Where a copy of the file lies that nobody edits.
_COPIES = {".git", ".tox", ".venv", "build", "dist", "node_modules", "venv"}


def find_file(id_or_path: str) -> Path:
    """Return the `migration.toml` that is meant. Raises `MigrationError` for none, or several below one folder."""
    path = Path(id_or_path)
    if path.is_file():
        return path
    if (path / FILE).is_file():
        return path / FILE
    if path.is_dir():
        return _only_one_below(path)
    known = available_migrations()
    if (name := current_id(id_or_path)) not in known:
        raise MigrationError.not_found(id_or_path, known)
    return known[name]


def _only_one_below(folder: Path) -> Path:
    found = sorted(file for file in folder.rglob(FILE) if _COPIES.isdisjoint(file.relative_to(folder).parts))
    if len(found) == 1:
        return found[0]
    what = f"There are {len(found)} files {FILE} below {str(folder)!r}." if found else f"There is no {FILE}."
    raise MigrationError(what, where=str(folder), hint=f"give the path of one {FILE}")
