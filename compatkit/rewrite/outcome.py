"""What becomes of one source file: the four outcomes, the edits, and the places that are only reported."""

from __future__ import annotations

from compatkit.migration import Confidence
from compatkit.migration.value import Value, value


@value
class Finding(Value):
    """A place that a person should look at. `line` and `column` count from 1, columns in characters."""

    code: str
    line: int
    column: int
    message: str
    confidence: Confidence = "review"


@value
class Edit(Value):
    """An import statement that was rewritten; `added_lines` tells by how much it moved what follows it."""

    code: str
    line: int
    column: int
    message: str
    added_lines: int = 0


@value
class Rewritten(Value):
    """The new source. Bytes outside the edited statements are equal to the old ones."""

    source: bytes
    edits: tuple[Edit, ...]
    findings: tuple[Finding, ...] = ()


@value
class Unchanged(Value):
    """Nothing to rewrite; there may still be something to report."""

    findings: tuple[Finding, ...] = ()


@value
class Skipped(Value):
    """Left alone on purpose."""

    reason: str


@value
class Failed(Value):
    """Could not be processed, and was not touched. `line` is 0 where no line is to blame."""

    reason: str
    hint: str = ""
    line: int = 0
    column: int = 0
    code: str = "CK901"
    details: str = ""


Outcome = Rewritten | Unchanged | Skipped | Failed
