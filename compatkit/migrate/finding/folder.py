"""List a folder as git or `.gitignore` files let it be seen."""
# ruff: noqa: PTH113, PTH114, PTH118, PTH119, PTH120, PTH123 - see find.py

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator

from compatkit.migrate.finding.git import list_by_git
from compatkit.migrate.finding.patterns import IgnorePattern, is_ignored, parse_ignore

# What MLflow keeps below its folders is what was logged.
_INSTALLED = frozenset({"__pycache__", "mlartifacts", "mlruns", "node_modules", "site-packages"})
_BUILT = frozenset({"build", "dist"})
# Hidden folders in which people say what is run.
_BUILDING = frozenset(
    {".azure", ".azuredevops", ".buildkite", ".ci", ".circleci", ".devcontainer", ".docker", ".forgejo", ".gitea"}
    | {".github", ".gitlab", ".husky", ".woodpecker"}
)
IsWanted = Callable[[str], bool]

# The rules of each `.gitignore` on the way down, with the folder that it lies in.
Rules = tuple[tuple[str, tuple[IgnorePattern, ...]], ...]


def list_folder(folder: str, is_wanted: IsWanted) -> Iterator[str]:
    """Yield the names, from `folder`, of what lies below it and has a name that is wanted.

    In a work tree git decides what is ignored; elsewhere `.gitignore` files do, and hidden folders (but for
    those of CI) and build folders are left out. Links are not followed.
    """
    listed = list_by_git(folder)
    if listed is None:
        yield from _walk(folder, "", (), is_wanted)
        return
    skipped: dict[str, bool] = {"": False}
    for name in listed:
        # A submodule, or a repository inside the repository, is listed as a folder.
        parent = os.path.dirname(name.rstrip("/"))
        if _is_skipped(folder, parent, skipped):
            continue
        path = os.path.join(folder, name.rstrip("/"))
        try:
            mode = os.lstat(path).st_mode
        except (FileNotFoundError, NotADirectoryError):
            # Deleted, but tracked still.
            continue
        except OSError:
            # Reading it fails too, and is reported then.
            mode = stat.S_IFREG
        if stat.S_ISDIR(mode) and not _is_installed(path):
            yield from (os.path.join(name.rstrip("/"), inner) for inner in list_folder(path, is_wanted))
        elif is_wanted(name) and not stat.S_ISLNK(mode) and not stat.S_ISDIR(mode):
            yield name


def _is_skipped(folder: str, parent: str, known: dict[str, bool]) -> bool:
    """Tell whether a folder lies in an environment, among installed packages, or behind a link, hence elsewhere."""
    if parent not in known:
        path = os.path.join(folder, parent)
        above = _is_skipped(folder, os.path.dirname(parent), known)
        known[parent] = above or os.path.islink(path) or _is_installed(path)
    return known[parent]


def _is_installed(folder: str) -> bool:
    return os.path.basename(folder) in _INSTALLED or os.path.isfile(os.path.join(folder, "pyvenv.cfg"))


def _walk(folder: str, below: str, outer: Rules, is_wanted: IsWanted) -> Iterator[str]:
    """Walk without following links: what they lead to inside the tree is met on its own, and the rest is not ours."""
    try:
        with os.scandir(os.path.join(folder, below)) as entries:
            here = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        # Reading it fails too, and is reported then.
        yield below or "."
        return
    rules = (*outer, (below, _read_rules(here))) if any(entry.name == ".gitignore" for entry in here) else outer
    for entry in here:
        name = f"{below}/{entry.name}" if below else entry.name
        if entry.is_symlink() or _is_let_out(name, rules, is_folder=entry.is_dir()):
            continue
        if entry.is_dir():
            is_hidden = entry.name.startswith(".") and entry.name not in _BUILDING
            if is_hidden or entry.name in _BUILT or _is_installed(entry.path):
                continue
            if os.path.lexists(os.path.join(entry.path, ".git")):
                yield from (os.path.join(name, inner) for inner in list_folder(entry.path, is_wanted))
            else:
                yield from _walk(folder, name, rules, is_wanted)
        elif is_wanted(entry.name):
            yield name


def _read_rules(here: Iterable[os.DirEntry[str]]) -> tuple[IgnorePattern, ...]:
    for entry in here:
        if entry.name == ".gitignore" and entry.is_file(follow_symlinks=False):
            with open(entry.path, encoding="utf-8", errors="surrogateescape", newline="") as file:
                return parse_ignore(file.read())
    return ()


def _is_let_out(name: str, rules: Rules, *, is_folder: bool) -> bool:
    """Ask the nearest `.gitignore` first; a rule further down overrides those above."""
    for below, some in reversed(rules):
        inner = name[len(below) + 1 :] if below else name
        verdict = is_ignored(inner, some, is_folder=is_folder)
        if verdict is not None:
            return verdict
    return False
