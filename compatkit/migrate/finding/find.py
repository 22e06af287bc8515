"""List the files of a run: those given, and those below the folders given, each once, sorted.

Paths are plain strings here: over 10,000 files, `pathlib` alone would cost more than reading them.
"""
# ruff: noqa: PTH112, PTH113, PTH114, PTH118, PTH119, PTH120, PTH122, PTH123, PTH206

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compatkit.errors import WrongUse
from compatkit.migrate.finding.git import list_by_git
from compatkit.migrate.finding.patterns import IgnorePattern, is_ignored, parse_ignore, path_regex
from compatkit.migration.value import Value, value

if TYPE_CHECKING:
    from compatkit.migrate.settings import Settings

SOURCE_SUFFIXES = (".py", ".pyi")
# Not Python sources, but they name code too.
DOCUMENT_SUFFIXES = (".cfg", ".ini", ".ipynb", ".json", ".md", ".rst", ".toml", ".yaml", ".yml")
# What starts programs, or becomes one: a name in it is reported, and never rewritten. A slash stands for a whole name.
TEXT_ENDINGS = (
    *(".bash", ".bat", ".bzl", ".cmd", ".conf", ".csh", ".dockerfile", ".env", ".envrc", ".fish", ".gin", ".hcl"),
    *(".j2", ".jinja", ".jinja2", ".jl", ".ksh", ".mk", ".pbs", ".ps1", ".pxd", ".pyw", ".pyx", ".qmd", ".r", ".rmd"),
    *(".sbatch", ".service", ".sh", ".slurm", ".smk", ".tf", ".zsh", "/build", "/cmakelists.txt", "/containerfile"),
    *("/crontab", "/dockerfile", "/gnumakefile", "/jenkinsfile", "/justfile", "/makefile", "/procfile", "/snakefile"),
)
# With more behind it, as in Dockerfile.gpu.
TEXT_BEGINNINGS = (".env.", "containerfile.", "dockerfile.", "jenkinsfile.", "makefile.", "procfile.")
# Lists and tables, in which code may be named by a line or a field; beside code only, as elsewhere they are data.
_TABLES = (".csv", ".jsonl", ".properties", ".tsv", ".txt", ".xml")
# A script by any name, in a folder of such: bin/train.
_SCRIPT = re.compile(r"(?:\A|[/\\])(?:bin|scripts)[/\\][^./\\]+\Z")
_PARSED = SOURCE_SUFFIXES + DOCUMENT_SUFFIXES
_MAGIC = re.compile(r"[*?[]")


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file, spelled as the user would; `below` is the folder below which it was found, or was given by its name."""

    name: str
    below: str
    is_named: bool = False

    @property
    def path(self) -> Path:
        return Path(self.name)

    @property
    def root(self) -> Path:
        return Path(self.below)

    @property
    def suffix(self) -> str:
        """The suffix, in lower case; `.txt` for a text whatever its name, and `.csv` for a list or table."""
        if _is_text(self.name):
            return ".txt"
        return ".csv" if _is_table(self.name) else os.path.splitext(self.name)[1].lower()

    @property
    def is_data(self) -> bool:
        # Nearly every file is a source, and each is asked this several times.
        is_source = self.name.endswith(SOURCE_SUFFIXES)
        return not is_source and (self.name.lower().endswith(DOCUMENT_SUFFIXES + _TABLES) or _is_text(self.name))


def _is_wanted(name: str) -> bool:
    return name.lower().endswith(_PARSED + _TABLES) or _is_text(name)


def _is_table(name: str) -> bool:
    return name.lower().endswith(_TABLES) and not _is_text(name)


def _without_data(names: list[str]) -> list[str]:
    """Return the names without those of lists and tables in folders that hold neither code nor configurations."""
    tables = {name for name in names if not name.endswith(SOURCE_SUFFIXES) and _is_table(name)}
    if not tables:
        return names
    folders = {os.path.dirname(name) for name in names if name not in tables and not name.endswith((".md", ".rst"))}
    return [name for name in names if name not in tables or os.path.dirname(name) in folders]


def _is_text(name: str) -> bool:
    base = os.path.basename(name).lower()
    if base.endswith(_PARSED):
        return False
    if f"/{base}".endswith(TEXT_ENDINGS) or base.startswith(TEXT_BEGINNINGS):
        return True
    return "." not in base and _SCRIPT.search(name) is not None


def find_files(paths: Iterable[Path], *, leave_out: Iterable[Path] = ()) -> list[FoundFile]:
    """Return the files to look at. A file that is given by name is taken as source, unless its suffix says otherwise.

    A path that does not exist is a pattern: `*` and `?` stay within a folder, `**` crosses folders. Raises `WrongUse`
    if it matches nothing. `leave_out` names files that are not looked at.
    """
    found: dict[str, FoundFile] = {}
    for path in paths:
        given = os.fspath(path)
        if os.path.isdir(given):
            _add(found, given, _without_data(list(list_folder(given, _is_wanted))))
        elif is_glob(given):
            base, regex = _split_glob(given)
            names = [name for name in list_folder(base, _is_wanted) if regex and regex.fullmatch(name)]
            if not names:
                # A typing error must not pass for a clean tree.
                hint = "check the pattern; ignored files, environments and build folders are left out"
                raise WrongUse(f"The pattern {given!r} matches no file.", where="the paths given", hint=hint)
            _add(found, base, names)
        else:
            found.setdefault(os.path.realpath(given), FoundFile(given, os.path.dirname(given) or ".", is_named=True))
    for path in leave_out:
        found.pop(os.path.realpath(path), None)
    return sorted(found.values(), key=lambda file: sort_key(file.name))


def is_glob(given: str) -> bool:
    """Tell whether a path that the user gave is a pattern, and not the name of something."""
    return _MAGIC.search(given) is not None and not os.path.lexists(given)


def sort_key(name: str) -> str:
    """Sort by the parts of a path: what is in a folder stays together."""
    return name.replace(os.sep, "\0")


def _add(found: dict[str, FoundFile], folder: str, names: Iterable[str]) -> None:
    # Links inside are not followed, so only the folder itself can go by two names.
    real = os.path.realpath(folder)
    shown = "" if folder == "." else os.path.join(folder, "")
    for name in names:
        found.setdefault(f"{real}{os.sep}{name}", FoundFile(shown + name, folder))


def _split_glob(given: str) -> tuple[str, re.Pattern[str] | None]:
    """Divide a pattern into the folder where it begins and the rest."""
    parts = given.split(os.sep)
    first = next(number for number, part in enumerate(parts) if _MAGIC.search(part))
    # An absolute pattern begins with an empty part.
    base = os.sep.join(parts[:first]) or (os.sep if first else ".")
    return base, path_regex("/".join(parts[first:]))


@value
class FileScope(Value):
    """`exclude` and `ignores` hold patterns as of a `.gitignore` in `folder`; `files` are left out by name."""

    folder: Path = Path()
    exclude: tuple[str, ...] = ()
    ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    files: tuple[Path, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> FileScope:
        """Return what the settings say. The baseline names old homes for good, and is not looked at."""
        exclude = (*settings.exclude, *settings.extend_exclude)
        files = (settings.baseline,) if settings.baseline else ()
        return cls(settings.folder, exclude, settings.per_file_ignores, files)

    def left_out(self, names: Iterable[str]) -> frozenset[str]:
        """Return the names that `exclude` matches, or of which it matches a folder above."""
        rules = parse_ignore("\n".join(self.exclude))
        return frozenset(name for name in names if _is_below(self._spelled(name), rules)) if rules else frozenset()

    def ignored_codes(self, name: str) -> frozenset[str]:
        """Return the codes on which a run does not act in this file."""
        found: set[str] = set()
        for pattern, codes in self.ignores:
            if _is_below(self._spelled(name), parse_ignore(pattern)):
                found.update(codes)
        return frozenset(found)

    def _spelled(self, name: str) -> str:
        # From elsewhere, `..` in front: a pattern without a slash matches there, too.
        return os.path.relpath(os.path.realpath(name), os.path.realpath(self.folder)).replace(os.sep, "/")


def _is_below(name: str, rules: tuple[IgnorePattern, ...]) -> bool:
    parts = name.split("/")
    for length in range(1, len(parts) + 1):
        path = "/".join(parts[:length])
        if is_ignored(path, rules, is_folder=length < len(parts)):
            return True
    return False


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
        elif is_wanted(name):
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
