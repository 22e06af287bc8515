"""Run a migration's `transform.py`, after its tables, on each file that contains one of its words.

Its code is loaded when a file needs it, and its result must pass the checks of every rewrite.
"""

from __future__ import annotations

import importlib.util
import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias, TypeVar

import libcst as cst

from compatkit.migration import TRANSFORM_FILE, Migration, Transform
from compatkit.options import Options
from compatkit.rewrite.edit.edit import Edit, PlacesBefore
from compatkit.rewrite.edit.splice import splice
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.text import Ignored, Source, read_source
from compatkit.rewrite.file.tree import compiles, parse
from compatkit.rewrite.outcome import Failed, Finding, Outcome, Rewrite, RewriteError, Rewritten, Unchanged
from compatkit.rewrite.prefilter.words import wants
from compatkit.transform import SourceFile

Function: TypeAlias = Callable[[SourceFile], object]

_CODE = "CK907"


def load_transform(migration: Migration) -> Function:
    """Return the function `transform` of a migration. Raises `TransformError`."""
    assert migration.origin is not None, "a migration without a file has no transform.py"
    return _load(migration.id, migration.origin.with_name(TRANSFORM_FILE).resolve())


@lru_cache(maxsize=64)
def _load(migration: str, file: Path) -> Function:
    # A name of its own: transform.py of one migration is not that of another, nor a module of the user's.
    name = f"_compatkit_transform_of_{re.sub(r'[^0-9a-zA-Z]', '_', migration)}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        what = f"{file.name} of the migration {migration} cannot be loaded: {type(error).__name__}: {error}"
        raise TransformError.of(what, migration, error) from error
    function = getattr(module, "transform", None)
    if not callable(function):
        raise TransformError.of(f"{file.name} of the migration {migration} has no function `transform`", migration)
    found: Function = function
    return found


class TransformError(RewriteError):
    """A file that could not be processed, because the code of a migration failed."""

    details: str = ""

    def as_outcome(self) -> Failed:
        return replace(super().as_outcome(), details=self.details)

    @classmethod
    def of(cls, what: str, migration: str, error: BaseException | None = None) -> TransformError:
        """Return the error of a migration's code; the traceback of `error` is kept as its details."""
        hint = f"report it to whoever wrote {migration}, or go on without it: --ignore and the code of its [transform]"
        made = cls(what, hint=hint, code=_CODE)
        made.details = "".join(traceback.format_exception(error)) if error else ""
        return made


@dataclass(frozen=True, slots=True)
class Transformed:
    """The text that came out, which may be the one that went in, and what was reported of it."""

    text: str
    findings: tuple[Finding, ...] = ()


def transform_text(source: Source, home: FileModule, migration: Migration, declared: Transform) -> Transformed:
    """Run the transform of a migration over a file. Raises `TransformError` if it fails, or makes what cannot stay."""
    first = _run(source.text, Ignored(source), home, migration, declared)
    if first.text == source.text:
        return first
    try:
        parse(first.text)
    except RewriteError as error:
        raise _broken(migration, f"is no Python: {error.what}") from error
    if not compiles(first.text) and compiles(source.text):
        raise _broken(migration, "does not compile")
    if _run(first.text, Ignored(source), home, migration, declared).text != first.text:
        raise _broken(migration, "would be changed again by a second run")
    return first


def _broken(migration: Migration, reason: str) -> TransformError:
    return TransformError.of(f"What the transform.py of the migration {migration.id} made {reason}", migration.id)


def _run(text: str, ignored: Ignored, home: FileModule, migration: Migration, declared: Transform) -> Transformed:
    function = load_transform(migration)
    try:
        file = SourceFile(
            text,
            module=home.name,
            is_package=home.is_package,
            is_ignored_line=lambda line: ignored.holds(line, declared.code),
        )
    except (cst.ParserSyntaxError, RecursionError) as error:
        return Transformed(text, (_unread(declared, f"LibCST cannot read this file: {type(error).__name__}"),))
    if file.tree.code != text:
        return Transformed(text, (_unread(declared, "LibCST would not give this file back as it is"),))
    try:
        tree = function(file)
    except (Exception, SystemExit) as error:
        what = f"The transform.py of the migration {migration.id} failed: {type(error).__name__}: {error}"
        raise TransformError.of(what, migration.id, error) from error
    if not isinstance(tree, cst.Module):
        what = (
            f"The transform.py of the migration {migration.id} returned a {type(tree).__name__}, and no libcst.Module"
        )
        raise TransformError.of(what, migration.id)
    found = (Finding(declared.code, one.line, one.column, one.message) for one in file.reports)
    return Transformed(tree.code, tuple(one for one in found if not ignored.holds(one.line, one.code)))


def _unread(declared: Transform, reason: str) -> Finding:
    return Finding(declared.code, 1, 1, f"not seen by the migration's transform.py: {reason}", "manual")


Placed = TypeVar("Placed", Rewrite, Finding)
# As for Python's own tokenizer: a form feed or U+2028 ends no line.
_BEHIND_NEWLINE = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


def transform_after(
    outcome: Outcome, data: bytes, home: FileModule, migrations: Sequence[Migration], options: Options
) -> Outcome:
    """Return what becomes of a file whose tables have done their part, once the migrations' own code has, too."""
    try:
        for migration in migrations:
            if isinstance(outcome, Rewritten | Unchanged):
                outcome = _one(outcome, data, home, migration, options)
    except RewriteError as error:
        return error.as_outcome()
    except UnicodeEncodeError as error:
        return RewriteError.unplaceable(error.encoding, 0).as_outcome()
    return outcome


def _one(
    outcome: Rewritten | Unchanged, data: bytes, home: FileModule, migration: Migration, options: Options
) -> Rewritten | Unchanged:
    now = outcome.source if isinstance(outcome, Rewritten) else data
    declared = migration.transform
    if declared is None or not wants(now, migration, options):
        return outcome
    source = read_source(now)
    made = transform_text(source, home, migration, declared)
    changes = list(_changes(source, made.text, declared.code, f"changed by {migration.id}"))
    reason = _reason_against(source, changes, declared.about.confidence, options)
    findings = list(made.findings)
    if reason:
        findings += [Finding(c.code, *source.place(c.at), f"{c.message}; not rewritten: {reason}") for c in changes]
        changes = []
    edits = [Rewrite(c.code, *source.place(c.at), c.message, _added(c, source)) for c in changes]
    if isinstance(outcome, Rewritten):
        before = _places_before(data, source)
        edits = [_moved_back(one, before) for one in edits]
        findings = [_moved_back(one, before) for one in findings]
    reported = tuple(
        sorted({*outcome.findings, *findings}, key=lambda one: (one.line, one.column, one.code, one.message))
    )
    if not changes:
        return replace(outcome, findings=reported)
    earlier = outcome.edits if isinstance(outcome, Rewritten) else ()
    every = sorted((*earlier, *edits), key=lambda edit: (edit.line, edit.column))
    return Rewritten(splice(source, changes), tuple(every), reported)


def _reason_against(source: Source, changes: Sequence[Edit], confidence: str, options: Options) -> str:
    """Say why the changes, which belong together, are not made."""
    if confidence == "review" and options.confidence != "review":
        return "made with --confidence review"
    ignored, firsts = Ignored(source), [(source.line(c.at), c.text.count("\n")) for c in changes]
    lines = {line for first, count in firsts for line in range(first, first + max(1, count))}
    if any(ignored.holds(line, c.code) for c in changes for line in lines):
        return "a line that belongs to it is to be left alone"
    return ""


def _changes(source: Source, after: str, code: str, message: str) -> Iterator[Edit]:
    """Yield the runs of lines that differ."""
    old, new = (_lines(text) for text in (source.text, after))
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if old != new else ():
        if kind != "equal":
            yield Edit(
                starts[i], starts[j], "".join(new[k:m]), code, source.starts[min(i, len(source.starts) - 1)], message
            )


def _lines(text: str) -> list[str]:
    return [line for line in _BEHIND_NEWLINE.split(text) if line]


def _places_before(data: bytes, now: Source) -> PlacesBefore:
    before = read_source(data)
    return PlacesBefore(before, list(_changes(before, now.text, "", "")), now)


def _moved_back(placed: Placed, before: PlacesBefore) -> Placed:
    line, column = before.of(placed.line, placed.column)
    return replace(placed, line=line, column=column)


def _added(change: Edit, source: Source) -> int:
    return change.text.count("\n") - source.text[change.start : change.end].count("\n")
