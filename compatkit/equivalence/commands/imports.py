"""Did a command import its own tree's code? Asked of each Python process that it started, at the end of that."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from compatkit.equivalence.commands.errors import CommandError
from compatkit.equivalence.commands.store import Store

CHILD_SITE = Path(__file__).parent / "child_site"
_VARIABLE = "COMPATKIT_TREE"


def watch_imports(tree: Path, other: Path | None, store: Store, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that have a command's Python processes import from `tree` what lies in `other`, and tell."""
    told = {"tree": str(tree), "other": str(other) if other else None, "report": str(store.imports)}
    rest = environment.get("PYTHONPATH")
    path = os.pathsep.join([str(CHILD_SITE), *([rest] if rest else [])])
    return {_VARIABLE: json.dumps(told), "PYTHONPATH": path}


def require_own_code(side: str, tree: Path, folder: Path, other: Path | None, store: Store) -> None:
    """Raise `CommandError` where a process imported from `other`, or from anywhere else what `tree` has itself."""
    reports = sorted(store.imports.glob("*.json"))
    if not reports:
        raise CommandError.nothing_was_told(side, store.output)
    own = {name: place for place in dict.fromkeys((folder, tree, tree / "src")) for name in _importable(place)}
    wrong: dict[str, None] = {}
    for report in reports:
        places: dict[str, list[str]] = json.loads(report.read_text(encoding="utf-8"))
        for name, found in places.items():
            wrong |= dict.fromkeys(_wrong(name, found, tree, other, own))
    if wrong:
        raise CommandError.foreign_code(side, sorted(wrong), tree)


def _wrong(name: str, found: list[str], tree: Path, other: Path | None, own: Mapping[str, Path]) -> Iterator[str]:
    for place in found:
        # First as it is written: what was linked into the tree on purpose is the tree's.
        if _is_in(place, tree):
            continue
        real = os.path.realpath(place)
        if other and _is_in(real, other) and not _is_environment(real):
            yield f"{name!r} came from the working tree ({os.path.relpath(real, other)})"
        elif name in own and not _is_in(real, tree):
            yield f"{name!r}, which lies in {_shown(own[name], tree)}, came from {place}"


def _is_in(place: str, folder: Path) -> bool:
    return place == str(folder) or place.startswith(f"{folder}{os.sep}")


def _is_environment(place: str) -> bool:
    """Tell whether it is what was installed into an environment, which may well lie in the work tree."""
    return any(part in {"site-packages", "dist-packages"} for part in Path(place).parts)


def _shown(folder: Path, tree: Path) -> str:
    inside = folder.relative_to(tree) if folder != tree else Path()
    return f"{inside.as_posix()}/" if inside.parts else "the tree's root"


def _importable(folder: Path) -> Iterator[str]:
    """Yield the modules and packages in a folder; a folder without `__init__.py` may be anything."""
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir()):
        if entry.suffix == ".py" and entry.stem.isidentifier():
            yield entry.stem
        elif entry.name.isidentifier() and (entry / "__init__.py").is_file():
            yield entry.name
