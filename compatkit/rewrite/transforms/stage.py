"""Hand each file that has a migration's word to its `transform.py`, after the tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import TypeVar

from compatkit.migration import Migration
from compatkit.options import Options
from compatkit.rewrite.edit.edit import Edit, PlacesBefore
from compatkit.rewrite.edit.splice import splice
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.text import Ignored, Source, read_source
from compatkit.rewrite.outcome import Finding, Outcome, Rewrite, RewriteError, Rewritten, Unchanged
from compatkit.rewrite.prefilter.words import wants
from compatkit.rewrite.transforms.apply import transform_text

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
