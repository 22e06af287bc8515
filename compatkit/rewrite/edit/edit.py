"""One change of a text, with what is to be said about it; and what a pass over a file found."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from compatkit.rewrite.file.text import Ignored, Source
from compatkit.rewrite.outcome import Finding


@dataclass(frozen=True, slots=True)
class Change:
    """Characters `start` to `end` of the decoded text, what takes their place, and why.

    `line` and `column` count from 1, in the text before, and name the place for the reader; without a `message`, it
    belongs to the change at the same place that has one. `binds_the_same` promises that no name is bound anew.
    Changes of one `group` of one pass are made together or not at all; 0 stands alone.
    """

    start: int
    end: int
    text: str
    code: str
    line: int
    column: int
    message: str
    binds_the_same: bool = False
    group: int = 0


@dataclass(slots=True)
class Found:
    """What one rule would change in a file, and what it only reports.

    `replaces` are old names that go, each with the import that brings it, or with the group of its uses.
    """

    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    replaces: list[tuple[str, ast.stmt | int]] = field(default_factory=list)


def choose(planned: list[Change], made: list[Change], ignored: Ignored) -> tuple[list[Change], list[Finding]]:
    """Sort out the changes that must not be made: on ignored lines, in the way of others, and all of their groups."""
    out = [
        change
        for change in planned
        if ignored.holds(change.line, change.code) or any(_overlap(change, other) for other in made)
    ]
    groups = {change.group for change in out} - {0}
    left = [change for change in planned if change in out or change.group in groups]
    # Where a mark stands on the first of a group, its import, the rest is ignored with it.
    quiet = {group for group in groups if _is_marked(min(_of(planned, group), key=lambda each: each.start), ignored)}
    told = [_not_made(each) for each in left if each.message and each.group not in quiet]
    return [change for change in planned if change not in left], told


def _of(changes: list[Change], group: int) -> list[Change]:
    return [change for change in changes if change.group == group]


def _is_marked(change: Change, ignored: Ignored) -> bool:
    return ignored.holds(change.line, change.code)


def _overlap(one: Change, other: Change) -> bool:
    # An insertion at the edge of a change is beside it.
    return one.start < other.end and other.start < one.end


def _not_made(change: Change) -> Finding:
    message = f"not made, because a line or another change is in its way: {change.message}"
    return Finding(change.code, change.line, change.column, message)


class PlacesBefore:
    """Leads from lines and columns of a text, counted from 1, back to those of the text that it was made of."""

    def __init__(self, before: Source, changes: Sequence[Change], after: Source) -> None:
        self._before, self._changes, self._after = before, changes, after

    def of(self, line: int, column: int) -> tuple[int, int]:
        """Return the place before; of what a change brought, that is where the change begins."""
        offset = self._offset(self._after.starts[line - 1] + column - 1)
        return self._before.line(offset), offset - self._before.line_start(offset) + 1

    def _offset(self, offset: int) -> int:
        shift = 0
        for change in self._changes:
            start = change.start + shift
            if offset < start:
                break
            if offset < start + len(change.text):
                return change.start
            shift += len(change.text) - (change.end - change.start)
        return offset - shift
