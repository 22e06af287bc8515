"""A copy of the working tree, uncommitted changes included, migrated by `compatkit migrate`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from compatkit.equivalence.commands.errors import CommandError
from compatkit.migrate.finding.git import run_git

_FINDINGS = 1  # something is left for a person: the copy may well run


def migrated_copy(root: Path, place: Path, folder: Path, migration: str | None) -> str:
    """Copy what git tracks or would track from `root` to `place`, rewrite it, and return what is left to a person.

    The settings are those of the project at `folder`, as for `compatkit migrate` there.
    """
    _copy(root, place)
    chosen = ["--migration", _absolute(migration, folder)] if migration else []
    done = subprocess.run(
        # -P: a module of the project's must not stand before one of ours.
        [sys.executable, "-P", "-m", "compatkit", "migrate", "--allow-dirty", *chosen, str(place)],
        cwd=place / folder.relative_to(root),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, _FINDINGS}:
        raise CommandError.not_migrated(done.stdout + done.stderr)
    return done.stdout.replace(f"{place}{os.sep}", "") if done.returncode == _FINDINGS else ""


def _absolute(migration: str, folder: Path) -> str:
    return str((folder / migration).resolve()) if (folder / migration).exists() else migration


def _copy(root: Path, place: Path) -> None:
    listed = run_git(str(root), "ls-files", "-co", "--exclude-standard", "-z")
    if listed is None:
        raise CommandError.no_repository(root)
    try:
        for name in sorted({os.fsdecode(one) for one in listed.split(b"\0") if one}):
            source, target = root / name, place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_symlink() or source.is_file():
                shutil.copy2(source, target, follow_symlinks=False)
            elif source.is_dir():
                target.mkdir(exist_ok=True)  # A submodule: left empty, as in a checkout.
    except OSError as error:
        raise CommandError.unwritable(place, error.strerror or str(error)) from error
