"""Query git, without running any program that a repository names, and without writing anything.

So git is never asked what changed: to answer, it would run clean filters, and it believes marks such as
`assume-unchanged`. The content of files is compared here with what the last commit holds.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_MANY = 500
_SWITCHES = (
    # Programs: a file monitor, hooks, an external diff.
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "diff.external="),
)
_LITERAL = ("--literal-pathspecs",)
_ATTRIBUTES = ("text", "eol", "crlf", "filter", "ident", "working-tree-encoding")
_UNSET = ("unspecified", "unset")


def safe_environment() -> dict[str, str]:
    """Return the environment for git: inside a hook, GIT_DIR and its like point at the hook's repository."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return environment | {
        # Reading must not write: git would refresh the index, and could meet another process's lock.
        "GIT_OPTIONAL_LOCKS": "0",
        # What a partial clone lacks is not fetched: the address may be a command. Older releases know only the second.
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_TERMINAL_PROMPT": "0",
        # What stands in for an object is not what was committed.
        "GIT_NO_REPLACE_OBJECTS": "1",
    }


def run_git(folder: str, *arguments: str, given: bytes = b"") -> bytes | None:
    """Return what git prints, or None where there is no git or it fails. Ask only what needs no file's content."""
    # Outside of work trees, git is not asked.
    import subprocess

    command = ["git", *_SWITCHES, "-C", folder, *arguments]
    try:
        done = subprocess.run(command, input=given, capture_output=True, check=True, env=safe_environment())
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
        for name, reason in uncommitted_in(top, sorted(names)):
            found[names[name]] = reason
    return found


def uncommitted_in(top: Path, names: Iterable[str], revision: str = "HEAD") -> Iterator[tuple[str, str]]:
    """Yield those of `names`, which start at the folder `top`, whose content is not that in `revision`, and why."""
    wanted = list(names)
    for start in range(0, len(wanted), _MANY):
        some = wanted[start : start + _MANY]
        committed = _committed(top, some, revision)
        if committed is None:
            yield from ((name, "git cannot tell whether the file has uncommitted changes") for name in some)
            continue
        suspects = [name for name in some if not _holds(top / name, committed.get(name, ""))]
        yield from _explained(top, suspects, committed)


def _explained(top: Path, names: list[str], committed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Say of files that differ from the commit, byte for byte, why; leave out those that git would convert to it."""
    unknown = [name for name in names if name not in committed]
    # With ./ before it, no name is taken for a pattern.
    given = _joined(f"./{name}" for name in unknown)
    ignored = _listed(_ask(top, "check-ignore", "-z", "--stdin", given=given)) if unknown else set()
    staged = _listed(_ask(top, *_LITERAL, "ls-files", "-z", "--", *unknown)) if unknown else set()
    attributes = _attributes(top, [name for name in names if name in committed])
    for name in names:
        if name in committed:
            said = attributes.get(name, {})
            if _is_text(top, said) and _holds(top / name, committed[name], is_text=True):
                continue
            changed = [key for key in ("filter", "ident", "working-tree-encoding") if key in said]
            yield name, f"The file has uncommitted changes{f', or git changes it ({changed[0]})' if changed else ''}"
        elif name in staged:
            yield name, "The file has uncommitted changes"
        elif f"./{name}" not in ignored:
            yield name, "The file is not in git"


def _committed(top: Path, names: list[str], revision: str) -> dict[str, str] | None:
    """Return the object of each file that the commit holds, or None where git cannot tell."""
    if _ask(top, "rev-parse", "--verify", "-q", f"{revision}^{{commit}}") is None:
        # Nothing is committed yet; or the repository cannot be read, and then nothing can.
        return {} if _ask(top, "ls-files", "-z", "--", "no such file") is not None and _is_unborn(top) else None
    listed = _ask(top, *_LITERAL, "ls-tree", "-z", "--full-tree", revision, "--", *names)
    if listed is None:
        return None
    rows = (entry.split(b"\t", 1) for entry in listed.split(b"\0") if entry)
    return {os.fsdecode(name): said.split()[2].decode() for said, name in rows}


def _is_unborn(top: Path) -> bool:
    """Tell whether HEAD names a branch that has no commit yet, and not one that cannot be read."""
    branch = _ask(top, "symbolic-ref", "-q", "HEAD")
    return branch is not None and _ask(top, "for-each-ref", os.fsdecode(branch).strip()) == b""


def _holds(file: Path, digest: str, *, is_text: bool = False) -> bool:
    """Tell whether git would keep the content of a file, as it is or with its line ends made one, as that object."""
    if not digest:
        return False
    # Only where git lists files as changed is any hashed.
    import hashlib

    try:
        content = file.read_bytes()
    except OSError:
        return False
    if is_text:
        content = content.replace(b"\r\n", b"\n")
    kind = hashlib.sha1 if len(digest) == 40 else hashlib.sha256
    return kind(b"blob %d\0" % len(content) + content).hexdigest() == digest


def _attributes(top: Path, names: list[str]) -> dict[str, dict[str, str]]:
    """Return what attributes say of each file, without those that are not set."""
    answer = _ask(top, "check-attr", "-z", "--stdin", *_ATTRIBUTES, given=_joined(names)) if names else b""
    parts = [os.fsdecode(part) for part in (answer or b"").split(b"\0")][:-1]
    found: dict[str, dict[str, str]] = {}
    for name, key, value in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        if value not in _UNSET or (key == "text" and value == "unset"):
            found.setdefault(name, {})[key] = value
    return found


def _is_text(top: Path, attributes: Mapping[str, str]) -> bool:
    if "text" in attributes:
        return attributes["text"] != "unset"
    if "eol" in attributes or attributes.get("crlf") in ("set", "input"):
        return True
    return (_ask(top, "config", "--get", "core.autocrlf") or b"").strip() in (b"true", b"input")


def _ask(top: Path, *arguments: str, given: bytes = b"") -> bytes | None:
    # Not where `core.worktree` says: a file beside this `.git` is this repository's.
    return run_git(os.fspath(top), "--work-tree=.", *arguments, given=given)


def _listed(answer: bytes | None) -> set[str]:
    return {os.fsdecode(name) for name in (answer or b"").split(b"\0") if name}


def _joined(names: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(name) + b"\0" for name in names)


def repository_of(folder: Path) -> Path | None:
    """Return the nearest folder, upwards, that holds a `.git`."""
    return next((place for place in (folder, *folder.parents) if os.path.lexists(place / ".git")), None)
