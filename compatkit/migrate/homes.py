"""Refuse `homes` that nothing can follow: a key that no migration declares, a value below which nothing lies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from compatkit.errors import WrongUse, nearest
from compatkit.migration import Migration, Project, find_migration
from compatkit.migration.registry import seen_from


def refuse_wrong_homes(project: Project) -> None:
    """Raise `WrongUse` for the first entry of `homes` that is wrong: it would only make a run find nothing.

    A value whose top-level package does not lie in the project may be installed, and is not looked at.
    """
    if not project.homes or project.origin is None:
        return
    folder = project.origin.parent
    where = f"{project.origin}, [tool.compatkit], homes"
    chosen = [find_migration(seen_from(folder, one)) for one in project.migrations] or [find_migration()]
    declared = {package for migration in chosen for package in _packages(migration)}
    for old, new in project.homes.items():
        if old not in declared:
            hint = nearest(old, declared) or "remove it"
            raise WrongUse(f"homes has {old!r}, below which no migration declares a name.", where=where, hint=hint)
        for root in (folder, folder / "src"):
            if (root / new.partition(".")[0]).is_dir() and not _is_there(root.joinpath(*new.split("."))):
                hint = (
                    nearest(new, _modules(root, new)) or "give the dotted name of the folder that holds these modules"
                )
                raise WrongUse(f"homes says {old} = {new}, but nothing lies there.", where=where, hint=hint)


def _packages(migration: Migration) -> Iterator[str]:
    """Yield every dotted prefix of the names that a migration declares, and the names themselves."""
    for _, row in migration.rows():
        parts = row.subject.split(".")
        yield from (".".join(parts[:size]) for size in range(1, len(parts) + 1))


def _is_there(place: Path) -> bool:
    return place.is_dir() or any(place.parent.glob(f"{place.name}.*"))


def _modules(root: Path, new: str) -> Iterator[str]:
    """Yield the dotted names of the folders and modules as deep below the same package as what was looked for."""
    depth = new.count(".") + 1
    for place in sorted((root / new.partition(".")[0]).rglob("*")):
        parts = place.relative_to(root).with_suffix("").parts
        if len(parts) == depth and (place.is_dir() or place.suffix == ".py") and "__pycache__" not in parts:
            yield ".".join(parts)
