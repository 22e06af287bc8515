"""What a run did, as values: one result a file, and the counts that the summary needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from compatkit.rewrite import Edit, Failed, Finding, Outcome, Rewritten, Skipped, Unchanged


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file. `before` is kept for files that are rewritten, and is empty otherwise."""

    path: Path
    outcome: Outcome
    before: bytes = b""

    @property
    def findings(self) -> tuple[Finding, ...]:
        match self.outcome:
            case Rewritten(findings=findings) | Unchanged(findings=findings):
                return findings
        return ()


@dataclass(frozen=True, slots=True)
class Report:
    """The results of a run, sorted by path."""

    results: tuple[FileResult, ...]

    @classmethod
    def of(cls, results: Iterable[FileResult]) -> Report:
        return cls(tuple(sorted(results, key=lambda result: result.path.parts)))

    @property
    def rewritten(self) -> tuple[FileResult, ...]:
        return tuple(result for result in self.results if isinstance(result.outcome, Rewritten))

    @property
    def unchanged(self) -> tuple[FileResult, ...]:
        return tuple(result for result in self.results if isinstance(result.outcome, Unchanged))

    @property
    def skipped(self) -> tuple[FileResult, ...]:
        return tuple(result for result in self.results if isinstance(result.outcome, Skipped))

    @property
    def failed(self) -> tuple[FileResult, ...]:
        return tuple(result for result in self.results if isinstance(result.outcome, Failed))

    @property
    def findings(self) -> tuple[tuple[Path, Finding], ...]:
        return tuple((result.path, finding) for result in self.results for finding in result.findings)


def as_written(outcome: Rewritten) -> Rewritten:
    """Move the positions in a rewritten file to the lines where they are now."""
    edits = outcome.edits
    return replace(
        outcome,
        edits=tuple(replace(edit, line=edit.line + _shift(edit.line, edits)) for edit in edits),
        findings=tuple(replace(found, line=found.line + _shift(found.line, edits)) for found in outcome.findings),
    )


def _shift(line: int, edits: Iterable[Edit]) -> int:
    return sum(edit.added_lines for edit in edits if edit.line < line)
