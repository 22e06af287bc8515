"""The result of a run: one value a file, and the counts that the summary needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from compatkit.migrate.finding.find import sort_key
from compatkit.migrate.work import Job
from compatkit.rewrite import Failed, Finding, Outcome, Rewrite, Rewritten, Skipped, Unchanged


@dataclass(frozen=True, slots=True)
class FileResult:
    """The outcome of one file. The job is kept where something is rewritten or found.

    `root` is the folder in which the file was found, and may be written; empty for one that was given by its name.
    """

    name: str
    outcome: Outcome
    job: Job | None = None
    root: str = ""

    @property
    def before(self) -> bytes:
        return self.job.source if self.job else b""

    @property
    def path(self) -> Path:
        return Path(self.name)

    @property
    def findings(self) -> tuple[Finding, ...]:
        match self.outcome:
            case Rewritten(findings=findings) | Unchanged(findings=findings):
                return findings
        return ()

    @property
    def edits(self) -> tuple[Rewrite, ...]:
        return self.outcome.edits if isinstance(self.outcome, Rewritten) else ()


@dataclass(frozen=True, slots=True)
class Report:
    """The results of a run, sorted by path."""

    results: tuple[FileResult, ...]

    @classmethod
    def of(cls, results: Iterable[FileResult]) -> Report:
        return cls(tuple(sorted(results, key=lambda result: sort_key(result.name))))

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


def _shift(line: int, edits: Iterable[Rewrite]) -> int:
    return sum(edit.added_lines for edit in edits if (edit.behind or edit.line) < line)
