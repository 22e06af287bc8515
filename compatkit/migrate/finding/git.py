"""What is asked of git. It runs no program that a repository names, and writes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_MANY = 500


def run_git(folder: str, *arguments: str) -> bytes | None:
    """Return what git prints, or None where there is no git or it fails."""
    # Outside of work trees, git is not asked.
    import subprocess

    # A file monitor is a program that the repository's own configuration names: never run it. Inside a git hook,
    # GIT_DIR and its like point at the hook's repository, not at this folder's.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    # Reading must not write: `git status` would refresh the index, and could meet another process's lock.
    environment["GIT_OPTIONAL_LOCKS"] = "0"
    command = ["git", "-c", "core.fsmonitor=false", "-C", folder, *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=True, env=environment)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout


def list_by_git(folder: str) -> list[str] | None:
    """Return what git tracks or would track below a folder, or None where git has no say."""
    if repository_of(Path(folder).resolve()) is None:
        return None
    # A folder that git ignores was still given by name: then its content is wanted.
    if run_git(folder, "rev-parse", "--is-inside-work-tree") != b"true\n":
        return None
    if run_git(folder, "check-ignore", "-q", ".") == b"":
        return None
    listed = run_git(folder, "ls-files", "-co", "--exclude-standard", "-z")
    return None if listed is None else sorted({os.fsdecode(name) for name in listed.split(b"\0") if name})


def uncommitted(files: Iterable[str]) -> dict[str, str]:
    """Return those of `files` that hold what no commit holds, each with the reason.

    Files outside any work tree, and files that git ignores, are not among them.
    """
    by_repository: dict[Path, dict[str, str]] = {}
    for file in files:
        # Of a link, what it leads to is written.
        real = Path(file).resolve()
        if top := repository_of(real.parent):
            by_repository.setdefault(top, {})[real.relative_to(top).as_posix()] = file
    found: dict[str, str] = {}
    for top, names in by_repository.items():
        found |= _uncommitted_in(top, names)
    return found


def _uncommitted_in(top: Path, names: dict[str, str]) -> dict[str, str]:
    """Answer for one work tree; `names` leads from its own spelling to the caller's."""
    found: dict[str, str] = {}
    wanted = sorted(names)
    asked = ("--literal-pathspecs", "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--")
    for start in range(0, len(wanted), _MANY):
        some = wanted[start : start + _MANY]
        status = run_git(os.fspath(top), *asked, *some)
        if status is None:
            found |= {names[name]: "git cannot tell whether the file has uncommitted changes" for name in some}
            continue
        for entry in filter(None, status.split(b"\0")):
            code, name = entry[:2], os.fsdecode(entry[3:])
            if name in names:
                found[names[name]] = "The file is not in git" if code == b"??" else "The file has uncommitted changes"
    return found


def repository_of(folder: Path) -> Path | None:
    """Return the nearest folder, upwards, that holds a `.git`."""
    return next((place for place in (folder, *folder.parents) if os.path.lexists(place / ".git")), None)
