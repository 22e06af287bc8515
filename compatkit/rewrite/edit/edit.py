"""One change of a text, with what is to be said about it; and what a pass over a file found."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

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
