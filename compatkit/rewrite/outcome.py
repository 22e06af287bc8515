"""The four outcomes of a source file, its rewrites and findings, and the errors that become outcomes."""

from __future__ import annotations

import re

from compatkit.errors import CompatkitError
from compatkit.migration import Confidence
from compatkit.migration.value import Value, value

# As a reason: what makes the rewrite.
REVIEW = "made with --confidence review"
_LAZY = re.compile(r"\s*lazy\s+(?:from|import)\b")


@value
class Finding(Value):
    """A place that a person should look at. `line` and `column` count from 1, columns in characters."""

    code: str
    line: int
    column: int
    message: str
    confidence: Confidence = "review"


@value
class Rewrite(Value):
    """A place that was rewritten; `added_lines` tells by how much it moved what follows it.

    They are added below line `behind`, where that is another one, as of an import that the rewritten place needs.
    """

    code: str
    line: int
    column: int
    message: str
    added_lines: int = 0
    behind: int = 0


@value
class Rewritten(Value):
    """The new source. Bytes outside the edited statements are equal to the old ones."""

    source: bytes
    edits: tuple[Rewrite, ...]
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


class RewriteError(CompatkitError):
    """A file that cannot be read as Python, or a rewrite that did not pass its own check."""

    def __init__(self, what: str, *, hint: str, code: str, line: int = 0, column: int = 0) -> None:
        super().__init__(what, where=f"line {line}" if line else "", hint=hint)
        self.code = code
        self.line = line
        self.column = column

    def as_outcome(self) -> Failed:
        return Failed(self.what, hint=self.hint, line=self.line, column=self.column, code=self.code)

    @classmethod
    def unreadable(cls, error: Exception) -> RewriteError:
        """The file is no Python source that this interpreter can parse."""
        line, column = 0, 0
        hint = "correct the file, or run this under the Python version that it is written for"
        if isinstance(error, SyntaxError) and _LAZY.match(error.text or ""):
            reason, line, column = "This Python does not parse lazy imports", error.lineno or 0, error.offset or 0
            hint = "run this under a Python that does (3.15, PEP 810), or change the file's imports by hand"
        elif isinstance(error, SyntaxError):
            reason, line, column = f"This is not valid Python: {error.msg}", error.lineno or 0, error.offset or 0
        elif isinstance(error, UnicodeDecodeError):
            reason = f"This is not {error.encoding}: byte {error.object[error.start]:#04x} at offset {error.start}"
            line = error.object.count(b"\n", 0, error.start) + 1
        elif isinstance(error, RecursionError | MemoryError):
            reason = "The source is nested more deeply than Python can parse"
        else:
            reason = f"The source cannot be read: {error}"
        return cls(reason, hint=hint, code="CK901", line=line, column=max(column, 0))

    @classmethod
    def unsafe(cls, reason: str) -> RewriteError:
        """The rewrite was made, checked, and thrown away."""
        hint = "change this file's imports by hand, and please report the file as a bug"
        return cls(f"The rewrite did not pass its own check: {reason}", hint=hint, code="CK902")

    @classmethod
    def unplaceable(cls, encoding: str, line: int) -> RewriteError:
        """Characters and bytes cannot be matched up."""
        reason = f"The encoding {encoding!r} does not tell which bytes belong to a statement"
        return cls(reason, hint="save the file as UTF-8, then run this again", code="CK903", line=line)
