"""Which of the planned changes are made: not those on ignored lines, and none in the way of another."""

from __future__ import annotations

from compatkit.rewrite.edit.edit import Change
from compatkit.rewrite.file.ignore_comments import Ignored
from compatkit.rewrite.outcome import Finding


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
