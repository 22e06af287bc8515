"""Which files a run looks at: those given, and those below the folders given, each once, sorted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCE_SUFFIXES = frozenset({".py", ".pyi"})
# Not rewritten, but searched for old names, so that "no findings" can be believed.
DATA_SUFFIXES = frozenset({".cfg", ".ini", ".ipynb", ".json", ".toml", ".yaml", ".yml"})
_INSTALLED = frozenset({"__pycache__", "node_modules", "site-packages"})
_BUILT = frozenset({"build", "dist"})


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file, spelled as the user would; `root` is the folder below which it was found."""

    path: Path
    root: Path

    @property
    def is_data(self) -> bool:
        return self.path.suffix.lower() in DATA_SUFFIXES


def find_files(paths: Iterable[Path]) -> list[FoundFile]:
    """Return the files to look at. A file that is given by name is taken as source whatever its suffix."""
    found: dict[Path, FoundFile] = {}
    for path in paths:
        files = _in_folder(path, path) if path.is_dir() else [FoundFile(path, path.parent)]
        for file in files:
            found.setdefault(file.path.resolve(), file)
    return sorted(found.values(), key=lambda file: file.path.parts)


def _in_folder(folder: Path, root: Path) -> Iterator[FoundFile]:
    listed = _list_by_git(folder)
    if listed is None:
        yield from _walk(folder, root)
        return
    for name in listed:
        path = folder / name
        if path.is_symlink() or _INSTALLED.intersection(Path(name).parts) or _in_environment(path, folder):
            continue
        if path.is_dir():
            # A submodule, or a repository inside the repository.
            yield from _in_folder(path, root)
        elif _is_wanted(path):
            yield FoundFile(path, root)


def _walk(folder: Path, root: Path) -> Iterator[FoundFile]:
    """Walk without following links: what they lead to inside the tree is met on its own, and the rest is not ours."""
    for parent, folders, files in os.walk(folder):
        base = Path(parent)
        folders[:] = sorted(name for name in folders if not _is_skipped(base / name))
        for name in sorted(files):
            path = base / name
            if _is_wanted(path) and not path.is_symlink():
                yield FoundFile(path, root)


def _is_skipped(folder: Path) -> bool:
    name = folder.name
    return name.startswith(".") or name in _INSTALLED or name in _BUILT or _is_environment(folder)


def _is_environment(folder: Path) -> bool:
    return (folder / "pyvenv.cfg").is_file()


def _in_environment(path: Path, folder: Path) -> bool:
    between = path.relative_to(folder).parents
    return any(_is_environment(folder / parent) for parent in between if parent != Path())


def _is_wanted(path: Path) -> bool:
    suffix = path.suffix.lower()
    return (suffix in SOURCE_SUFFIXES or suffix in DATA_SUFFIXES) and path.is_file()


def _list_by_git(folder: Path) -> list[str] | None:
    """Return what git tracks or would track below a folder, or None where git has no say."""
    # A folder that git ignores was still given by name: then its content is wanted.
    if (
        _git(folder, "rev-parse", "--is-inside-work-tree") != b"true\n"
        or _git(folder, "check-ignore", "-q", ".") == b""
    ):
        return None
    listed = _git(folder, "ls-files", "-co", "--exclude-standard", "-z")
    if listed is None:
        return None
    return sorted({os.fsdecode(name) for name in listed.split(b"\0") if name})


def _git(folder: Path, *arguments: str) -> bytes | None:
    # A file monitor is a program that the repository's own configuration names: never run it. Inside a git hook,
    # GIT_DIR and its like point at the hook's repository, not at this folder's.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-c", "core.fsmonitor=false", "-C", os.fspath(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=True, env=environment)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout
