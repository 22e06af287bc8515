"""Compare the old names that a run used with those that the source shows: neither sees everything.

A run does not reach every line, and the source does not show every string, pickle and configuration.
"""

from __future__ import annotations

import ast
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from compatkit.errors import CompatkitError
from compatkit.migrate.between.naming import module_name
from compatkit.migrate.finding.find import find_files
from compatkit.migrate.job import Task
from compatkit.migrate.report import FileResult, Report
from compatkit.migrate.run import plan_task
from compatkit.migration import Migration, Move
from compatkit.rewrite import RewriteError, Rewritten
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.text import read_source
from compatkit.rewrite.file.tree import parse
from compatkit.shim.mapped_call import holds_at_run_time, renamed_at_run_time


@dataclass(frozen=True, slots=True)
class NamedLine:
    """A line that names an old home, as `migrate` reports it; `codes` are all that its statement may bring.

    A run counts the statement, from `first_line` to `last_line`; a file that is no source has lines alone.
    """

    file: str
    line: int
    first_line: int
    last_line: int
    code: str
    message: str
    codes: frozenset[str]

    def shows(self, use: CountedUse) -> bool:
        return self.file == use.file and use.code in self.codes

    def holds(self, use: CountedUse) -> bool:
        return self.first_line <= use.line <= self.last_line


@dataclass(frozen=True, slots=True)
class CensusMatch:
    """Uses that the source shows, uses that it does not, and places that no use came from; sorted by file and line."""

    found: tuple[CountedUse, ...]
    missed: tuple[CountedUse, ...]
    unseen: tuple[NamedLine, ...]
    report: Report

    @property
    def is_empty(self) -> bool:
        return not (self.found or self.missed or self.unseen)


def take_census(
    files: Iterable[Path], paths: Iterable[Path], moves: Iterable[Move], *, changed: Iterable[Migration] = ()
) -> CensusMatch:
    """Match each use in census `files` to the places in its file with its code: those on its line, else all of them.

    Of the migrations in `changed`, the calls and members are looked for that the shim counts.
    Lines can differ, where a file was edited after the run: then it is not known which of the places was used.
    Raises `CensusError` for a census that cannot be read.
    """
    all_files, all_paths, all_moves = tuple(files), tuple(paths), tuple(moves)
    uses = read_censuses(all_files)
    counted = tuple(_counted(migration) for migration in changed)
    report = plan_task(
        all_paths, Task(all_moves, tuple(migration for migration in counted if migration.calls or migration.members))
    )
    # The censuses name old homes too; they often lie in the folder that is searched.
    censuses = {os.path.relpath(file.resolve()) for file in all_files}
    places = [place for place in _places(report, all_paths, all_moves) if place.file not in censuses]
    found: list[CountedUse] = []
    missed: list[CountedUse] = []
    seen: set[NamedLine] = set()
    for use in uses:
        showing = [place for place in places if place.shows(use)]
        (found if showing else missed).append(use)
        seen.update([place for place in showing if place.holds(use)] or showing)
    unseen = sorted((place for place in places if place not in seen), key=lambda place: (place.file, place.line))
    return CensusMatch(tuple(found), tuple(missed), tuple(unseen), report)


def codes_counted(migrations: Iterable[Migration]) -> frozenset[str]:
    """Return the codes that a census of these migrations can hold."""
    codes: set[str] = set()
    for migration in map(_counted, migrations):
        codes.update(move.code for move in migration.moves)
        codes.update(call.code for call in migration.calls)
        codes.update(member.code for member in migration.members)
    return frozenset(codes)


def _counted(migration: Migration) -> Migration:
    """Return the part of a migration of which the shim counts the uses."""
    calls = tuple(call for call in migration.calls if holds_at_run_time(call))
    members = tuple(member for member in migration.members if renamed_at_run_time(member))
    # What is found in documents and of records, no run counts.
    return Migration(
        migration.id,
        migration.summary,
        migration.versions,
        moves=migration.moves,
        calls=calls,
        members=members,
        loaded=migration.loaded,
        types=migration.types,
        origin=migration.origin,
    )


def _places(report: Report, paths: Iterable[Path], moves: tuple[Move, ...]) -> list[NamedLine]:
    files = {file.path: file for file in find_files(paths)}
    places: list[NamedLine] = []
    for result in report.results:
        if remarks := sorted(_remarks(result)):
            file = files.get(result.path)
            name = os.path.relpath(result.path.resolve())
            if file is None or file.is_data:
                places += [
                    NamedLine(name, line, line, line, code, text, frozenset({code})) for line, code, text in remarks
                ]
            else:
                home = module_name(file.path, file.root, moves)
                statements = _Statements(result.path, FileModule(home.name, home.is_package), moves)
                places += [statements.place(name, *remark) for remark in remarks]
    return places


def _remarks(result: FileResult) -> Iterator[tuple[int, str, str]]:
    if isinstance(result.outcome, Rewritten):
        yield from ((edit.line, edit.code, f"would be rewritten: {edit.message}") for edit in result.outcome.edits)
    yield from ((finding.line, finding.code, finding.message) for finding in result.findings)


class _Statements:
    """The statements of one file: how far they reach, and which moved names they may bring."""

    def __init__(self, path: Path, home: FileModule, moves: tuple[Move, ...]) -> None:
        try:
            tree = parse(read_source(path.read_bytes()).text)
        except (OSError, RewriteError):
            # It could be read a moment ago; each remark then stands for its own line.
            tree = ast.Module([], [])
        self._statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
        self._home = home
        self._moves = moves

    def place(self, file: str, line: int, code: str, message: str) -> NamedLine:
        around = [node for node in self._statements if node.lineno <= line <= _last_line(node)]
        if not around:
            return NamedLine(file, line, line, line, code, message, frozenset({code}))
        # One remark stands for all the names of an import, but carries only the first one's code.
        codes = {code}.union(*(self._brought_by(node) for node in around if node.lineno == line))
        innermost = max(around, key=lambda node: (node.lineno, node.col_offset))
        return NamedLine(file, line, innermost.lineno, _last_line(innermost), code, message, frozenset(codes))

    def _brought_by(self, node: ast.stmt) -> Iterator[str]:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            return
        module = self._home.resolve(node) if isinstance(node, ast.ImportFrom) else None
        for alias in node.names:
            name = f"{module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
            star = module if alias.name == "*" else None
            yield from (move.code for move in self._moves if move.old_module in (name, star) or move.old == name)


def _last_line(node: ast.stmt) -> int:
    """Return the last line of a statement, or of the head of one that holds others."""
    body = getattr(node, "body", None)
    end = body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno
    return max(node.lineno, int(end or 0))


SCHEMA = 1


class CensusError(CompatkitError):
    """A census file that cannot be read."""

    @classmethod
    def unreadable(cls, path: Path, reason: str) -> CensusError:
        hint = "give a file that `compatkit run --census FILE` wrote"
        return cls(f"The census cannot be read: {reason}.", where=str(path), hint=hint)

    @classmethod
    def wrong_value(cls, path: Path, key: str, value: object, expected: str) -> CensusError:
        what = f"{key} is missing" if value is None else f"{key} is {value!r}"
        return cls(f"{what}, expected {expected}.", where=str(path), hint="record it again")


@dataclass(frozen=True, slots=True, order=True)
class CountedUse:
    """So many uses of an old name, from one line. `file` is relative to the working directory, or in `<…>`."""

    file: str
    line: int
    code: str
    old: str
    count: int = field(compare=False)


def read_censuses(paths: Iterable[Path]) -> tuple[CountedUse, ...]:
    """Read census files and add them up. Raises `CensusError`, naming file, entry and key."""
    counts: Counter[tuple[str, int, str, str]] = Counter()
    for path in paths:
        for use in _uses(path):
            counts[use.file, use.line, use.code, use.old] += use.count
    return tuple(CountedUse(*key, count) for key, count in sorted(counts.items()))


def _uses(path: Path) -> Iterator[CountedUse]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CensusError.unreadable(path, error.strerror or "it is not there") from error
    except (ValueError, RecursionError) as error:
        why = f"it is not JSON: {error}" if path.stat().st_size else "it is empty: its run ended before it was written"
        raise CensusError.unreadable(path, why) from error
    if not isinstance(document, dict):
        raise CensusError.wrong_value(path, "the document", document, "an object")
    # JSON's `true` equals 1 in Python.
    if (schema := document.get("schema")) != SCHEMA or isinstance(schema, bool):
        what = f"schema is {schema!r}, expected {SCHEMA}, the only schema known."
        raise CensusError(what, where=str(path), hint="record it again with this version of compatkit")
    uses = document.get("uses")
    if not isinstance(uses, list):
        raise CensusError.wrong_value(path, "uses", uses, "a list")
    for number, entry in enumerate(uses, start=1):
        if not isinstance(entry, dict):
            raise CensusError.wrong_value(path, f"use {number}", entry, "an object")
        yield _use(path, entry, f"use {number}")


def _use(path: Path, entry: dict[str, object], name: str) -> CountedUse:
    def text(key: str) -> str:
        value = entry.get(key)
        # What is printed later must be printable, and no escape sequence.
        if not isinstance(value, str) or not value or not value.isprintable():
            raise CensusError.wrong_value(path, f"{name}, {key}", value, "a text without control characters")
        return value

    def number(key: str, least: int) -> int:
        value = entry.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise CensusError.wrong_value(path, f"{name}, {key}", value, f"a whole number, {least} or more")
        return value

    return CountedUse(_relative(text("file")), number("line", 0), text("code"), text("old"), number("count", 1))


def _relative(file: str) -> str:
    # `<unknown>`, `<stdin>` and their like are no paths.
    return file if file.startswith("<") else os.path.relpath(Path(file).resolve())
