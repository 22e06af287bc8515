"""Make source trees beside the working copy: that of a revision, and a copy that is migrated."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from compatkit.equivalence.errors import CommandError
from compatkit.errors import nearest
from compatkit.migrate.finding.git import run_git, safe_environment, uncommitted_in
from compatkit.platforms import group_of_its_own


def work_tree_of(folder: Path) -> Path:
    """Return the root of the git work tree that `folder` lies in."""
    top = run_git(str(folder), "rev-parse", "--show-toplevel")
    if not top:
        raise CommandError.no_repository(folder)
    return Path(os.fsdecode(top).rstrip("\n")).resolve()


_TREE = ("ls-tree", "-r", "--name-only", "--full-tree")


@contextmanager
def checked_out(root: Path, revision: str, place: Path) -> Iterator[Path]:
    """Check `revision` out at `place`, which must not exist, and take it away however the block ends."""
    commit = _commit_of(root, revision)
    try:
        _add(root, revision, commit, place)
        yield place
    finally:
        _remove(root, place)


def remove_checkouts(trees: Path) -> None:
    """Take away the checkouts in a folder, each by the repository that it is of."""
    for link in trees.glob("*/.git"):
        if link.is_file():
            _remove(link.parent, link.parent)


def _remove(root: Path, place: Path) -> None:
    # Twice forced: also where it is locked, as it is while git is interrupted in adding it.
    _git(root, "worktree", "remove", "--force", "--force", str(place))


def link_into(tree: Path, root: Path, names: Sequence[str], folder: Path) -> None:
    """Link what git leaves out of a checkout, such as data, from the working tree; `names` start at `folder`."""
    for name in names:
        wanted = Path(os.path.normpath(folder / name))
        if not wanted.exists() or not wanted.is_relative_to(root) or wanted == root:
            raise CommandError(
                f"There is no {name!r} to link.", where=str(folder), hint="check --link; it names what git leaves out"
            )
        target = tree / wanted.relative_to(root)
        if target.is_dir() and not target.is_symlink() and not any(target.iterdir()):
            target.rmdir()  # A submodule that is not checked out.
        if os.path.lexists(target):
            raise CommandError(
                f"{name!r} is part of the revision, and would be replaced by the working tree's.",
                where="--link",
                hint="link only what git leaves out",
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(wanted, target_is_directory=wanted.is_dir())


def is_same_code(root: Path, revision: str) -> bool:
    """Tell whether the working tree holds exactly what the revision does."""
    listed = [run_git(str(root), *ask, "-z") for ask in (("ls-files", "-co", "--exclude-standard"), (*_TREE, revision))]
    here, there = ({os.fsdecode(name) for name in (answer or b"").split(b"\0") if name} for answer in listed)
    if None in listed or here != there:
        return False
    files = [name for name in here if (root / name).is_file() and not (root / name).is_symlink()]
    return not any(uncommitted_in(root, files, revision))


def submodules_of(tree: Path) -> list[str]:
    """Return the submodules of a checkout, which git leaves empty there."""
    listed = run_git(str(tree), "ls-files", "--stage", "-z") or b""
    entries = (entry.split(b"\t", 1) for entry in listed.split(b"\0") if entry)
    return [os.fsdecode(path) for mode, path in entries if mode.startswith(b"160000")]


def left_out(root: Path, tree: Path) -> list[str]:
    """Return what lies at the top of the working tree, and not in the other one."""
    names = {entry.name for entry in root.iterdir()} - {entry.name for entry in tree.iterdir()}
    tools = {name for name in names if name.startswith(".") or name == "__pycache__" or name.endswith(".egg-info")}
    return sorted(names - tools)


def _commit_of(root: Path, revision: str) -> str:
    # An option in the place of a revision would be an option to git.
    asked = None if revision.startswith("-") else run_git(str(root), "rev-parse", "--verify", f"{revision}^{{commit}}")
    if not asked:
        listed = run_git(str(root), "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags") or b""
        shallow = "in a shallow clone, fetch more history (actions/checkout: fetch-depth: 0)"
        hint = nearest(revision, os.fsdecode(listed).split()) or shallow
        raise CommandError(f"There is no revision {revision!r}.", where=str(root), hint=hint)
    return os.fsdecode(asked).strip()


def _add(root: Path, revision: str, commit: str, place: Path) -> None:
    done = _git(root, "worktree", "add", "--detach", str(place), commit)
    if done.returncode:
        raise CommandError(
            f"The revision {revision!r} cannot be checked out: {os.fsdecode(done.stderr).strip()}", where=str(root)
        )


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    # A partial clone may have to fetch the revision; else as elsewhere.
    online = ("GIT_ALLOW_PROTOCOL", "GIT_NO_LAZY_FETCH")
    environment = {name: value for name, value in safe_environment().items() if name not in online}
    # Neither a hook for the checkout nor a file monitor. Its filters are run: the command, which is the repository's
    # own, needs the files as they are when it is checked out.
    safe = ["-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false"]
    command = ["git", *safe, "-C", str(root), *arguments]
    # A session of its own: Ctrl-C must not end git half-way through removing.
    return subprocess.run(command, capture_output=True, check=False, env=environment, **group_of_its_own())


_FINDINGS = 1  # something is left for a person: the copy may well run


def migrated_copy(root: Path, place: Path, folder: Path, migration: str | None) -> list[str]:
    """Copy what git tracks or would track from `root` to `place`, rewrite it, and return what is left to a person.

    Each place is a line, spelled from `root`.

    The settings are those of the project at `folder`, as for `compatkit migrate` there.
    """
    _copy(root, place)
    chosen = ["--migration", _absolute(migration, folder)] if migration else []
    report = place.with_name(f"{place.name}.json")
    inside = place / folder.relative_to(root)
    done = subprocess.run(
        # -P: a module of the project's must not stand before one of ours.
        [
            sys.executable,
            "-P",
            "-m",
            "compatkit",
            "migrate",
            "--allow-dirty",
            "--output",
            f"json={report}",
            *chosen,
            str(place),
        ],
        cwd=inside,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, _FINDINGS}:
        output = (done.stdout + done.stderr).rstrip()
        raise CommandError(f"The migrated copy cannot be made:\n{output}", where="compatkit migrate")
    found = json.loads(report.read_text(encoding="utf-8"))["findings"]
    paths = [os.path.relpath(inside / one["path"], place) for one in found]
    return [
        f"{path}:{one['line']}:{one['column']} {one['code']} {one['message']}"
        for path, one in zip(paths, found, strict=True)
    ]


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
