"""Check one migration file, and give each problem with its line."""

from __future__ import annotations

import re
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from compatkit.authoring.examples import find_examples
from compatkit.authoring.suspicions import Suspicion, suspicions_of
from compatkit.budget import load_toml
from compatkit.migration import (
    CallChange,
    HookChange,
    MemberChange,
    Migration,
    MigrationError,
    Move,
    Removal,
    load_migration,
)
from compatkit.migration._entry import Entry
from compatkit.migration.lines import find_lines, locate, syntax_line
from compatkit.migration.loader import read_document
from compatkit.migration.renaming import renaming_of
from compatkit.migration.rows import SCHEMA

if TYPE_CHECKING:
    from compatkit.authoring.interface import Interface

_MEANT = re.compile(r"did you mean '(\w+)'")
Severity = Literal["error", "warning"]
# What a row is read with, so that an error is its own.
_HEAD = {"schema": SCHEMA, "id": "any", "summary": "Any.", "versions": {"v1": "1", "v2": "2"}}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to look at; `line` is None where it is about the file, or about a file beside it."""

    severity: Severity
    line: int | None
    what: str
    hint: str = ""
    where: str = ""


def find_problems(file: Path) -> list[Problem]:
    """Return every error of a migration file, or, where there is none, what is suspicious, in the order of the lines.

    Raises `MigrationError` if the file cannot be read.
    """
    try:
        text = file.read_bytes().decode("utf-8").removeprefix("\ufeff")
    except (OSError, UnicodeDecodeError) as error:
        raise MigrationError.unreadable(str(file), error) from error
    try:
        document = load_toml(text)
    except tomllib.TOMLDecodeError as error:
        return [Problem("error", syntax_line(str(error)), f"This is not TOML: {error}.", "check the syntax")]
    # What holds between entries can only be told once each of them is right.
    found = [*_head_errors(document), *_row_errors(document, file.parent)]
    if not found:
        try:
            migration = read_document(Entry(document, ""), file)
        except MigrationError as error:
            found = [error]
        else:
            lines = find_lines(text)
            warnings = suspicions_of(migration, document, find_examples(file.parent))
            return sorted((_warning(warning, lines) for warning in warnings), key=_place)
    return sorted((_problem(error, text, document) for error in found), key=_place)


def find_missing_names(file: Path, release: str, package: str | None = None) -> list[Problem]:
    """Return the names under which a release of v1 hands on what the rows name, and that they do not have."""
    # They need the extra `draft`.
    from compatkit.authoring.interface import read_interface
    from compatkit.authoring.releases import locate_release

    lines = find_lines(file.read_bytes().decode("utf-8").removeprefix("\ufeff"))
    with tempfile.TemporaryDirectory(prefix="compatkit-releases-") as folder:
        library = read_interface(*locate_release(release, Path(folder), package))
        found = missing_names(load_migration(file), library)
        return sorted((_warning(problem, lines) for problem in found), key=_place)


def format_problems(problems: list[Problem], file: str) -> Iterator[str]:
    """Yield a line for each problem, as compilers write them."""
    for problem in problems:
        place = f"{file}:{problem.line}" if problem.line else file
        where = f" In {problem.where}." if problem.where else ""
        hint = f" Hint: {problem.hint}" if problem.hint else ""
        yield f"{place}: {problem.severity}: {problem.what}{where}{hint}"


def _head_errors(document: Mapping[str, Any]) -> Iterator[MigrationError]:
    """Yield the errors outside of rows: each key that is unknown, and the first other one."""
    head = {key: [] if _rows(value) else value for key, value in document.items()}
    while True:
        try:
            read_document(Entry(head, ""), None)
        except MigrationError as error:
            yield error
            key = ".".join(error.key_path)
            if error.where or key not in head or not error.what.startswith("Unknown key"):
                return
            value = head.pop(key)
            # Read on as if it had been spelled right.
            if meant := _MEANT.match(error.hint):
                head.setdefault(meant[1], value)
        else:
            return


def _row_errors(document: Mapping[str, Any], folder: Path) -> Iterator[MigrationError]:
    """Yield the first error of each row, read by itself."""
    for key, value in document.items():
        for number, row in enumerate(_rows(value), start=1):
            try:
                read_document(Entry({**_HEAD, key: [row]}, "", folder=folder), None)
            except MigrationError as error:
                first = f", [[{key}]] 1"
                if error.where.startswith(first) and " of " not in error.where:
                    error.where = f", [[{key}]] {number}{error.where.removeprefix(first)}"
                    yield error


def _rows(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _place(problem: Problem) -> tuple[int, str]:
    return problem.line or 0, problem.what


def _problem(error: MigrationError, text: str, document: Mapping[str, object]) -> Problem:
    line = locate(error, text, document, "")
    return Problem("error", line, error.what, error.hint, error.where.removeprefix(", "))


def _warning(found: Suspicion, lines: Mapping[tuple[str | int, ...], int]) -> Problem:
    line = lines.get(found.path) or lines.get(found.path[:-1])
    return Problem(found.severity, line, found.what, found.hint)


_SHOWN = 5


def missing_names(migration: Migration, library: Interface) -> Iterator[Suspicion]:
    """Yield the rows that name a thing of v1, and not all of its names that are public."""
    moved = {move.old: move for move in Move.symbols(migration.moves)}
    told: set[tuple[str, ...]] = set()
    for path, row in migration.rows():
        names: Iterable[str]
        key = "of"
        if isinstance(row, Move) and row.old in moved:
            key, names = "old", [row.old]
        elif isinstance(row, Removal):
            key, names = "name", row.names
        elif isinstance(row, CallChange | MemberChange | HookChange):
            names = row.of
        else:
            continue
        every = dict.fromkeys(other for name in names for other in library.second_names(name))
        if key == "old":
            # A re-export has a row of its own, or goes with its module.
            missing = [name for name in every if name not in moved and not renaming_of(migration.moves).of(name)]
        else:
            missing = [name for name in every if name not in names]
        if missing and (key, *missing) not in told:
            told.add((key, *missing))
            shown = ", ".join(missing[:_SHOWN]) + (
                f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
            )
            hint = "give each a row of its own" if key == "old" else f"list them in `{key}`"
            yield Suspicion((*path, key), f"{row.code} names {next(iter(names))}, which is also {shown}.", hint)
