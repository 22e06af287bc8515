"""Define an edit of a text with its message, and the result of one rule for one file."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.outcome import Finding


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters `start` to `end` of a text, what takes their place, and why.

    `at` is where the reader is pointed, in the text before; without a `message`, it belongs to the edit on the same
    line that has one. `binds_the_same` promises that no name is bound anew. Edits of one `group` of one rule are made
    together or not at all; 0 stands alone. What is kept has `text` in front of it.
    """

    start: int
    end: int
    text: str
    code: str = ""
    at: int = 0
    message: str = ""
    binds_the_same: bool = False
    group: int = 0
    is_kept: bool = False


@dataclass(slots=True)
class Found:
    """The result of one rule for one file: the edits it would make, and the places it only reports.

    `replaces` are old names that go, each with the import that brings it, or with the group of its uses.
    """

    changes: list[Edit] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    replaces: list[tuple[str, ast.stmt | int]] = field(default_factory=list)


_IN_ITS_WAY = "not made, because a line or another change is in its way"


@dataclass(slots=True)
class Handled(Found):
    """The results of one part of a rule, and the imports and uses with which it dealt: no other part reports them."""

    handled: set[ast.AST] = field(default_factory=set)


def choose(file: File, planned: list[Edit], made: list[Edit]) -> tuple[list[Edit], list[Finding]]:
    """Sort out the changes that must not be made: on ignored lines, in the way of others, and all of their groups."""
    out = [
        change
        for change in planned
        if file.is_ignored(change.at, change.code) or any(_overlap(change, other) for other in made)
    ]
    groups = {change.group for change in out} - {0}
    left = [change for change in planned if change in out or change.group in groups]
    # Where a mark stands on the first of a group, its import, the rest is ignored with it.
    firsts = {group: min(_of(planned, group), key=lambda change: change.start) for group in groups}
    quiet = {group for group, first in firsts.items() if file.is_ignored(first.at, first.code)}
    told = [_not_made(file.source, edit) for edit in left if edit.message and edit.group not in quiet]
    return [change for change in planned if change not in left], told


def _of(changes: list[Edit], group: int) -> list[Edit]:
    return [change for change in changes if change.group == group]


def _overlap(one: Edit, other: Edit) -> bool:
    # An insertion at the edge of a change is beside it.
    return one.start < other.end and other.start < one.end


def _not_made(source: Source, change: Edit) -> Finding:
    return Finding(change.code, *source.place(change.at), f"{_IN_ITS_WAY}: {change.message}")


def is_held_up(finding: Finding) -> bool:
    """Tell whether a change was not made because of another one, and may be made once that one is."""
    return finding.message.startswith(_IN_ITS_WAY)


class PlacesBefore:
    """Leads from lines and columns of a text, counted from 1, back to those of the text that it was made of."""

    def __init__(self, before: Source, changes: Sequence[Edit], after: Source) -> None:
        self._before, self._changes, self._after = before, changes, after

    def of(self, line: int, column: int) -> tuple[int, int]:
        """Return the place before; of what a change brought, that is where the change begins."""
        offset = self._offset(self._after.starts[line - 1] + column - 1)
        return self._before.place(offset)

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
