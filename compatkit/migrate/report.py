"""The result of a run: one value a file, and the counts that the summary needs."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from compatkit.migrate.finding.find import sort_key
from compatkit.migrate.job import Job
from compatkit.migration import Confidence
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


_ON_REQUEST = "made with --confidence review"
_NEWLINE = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Remark:
    """A rewrite (made, or to be made) or a finding.

    `source` is the line of the place, `text` the same with its white space evened out, and `nth` counts
    equal ones in a file from 0: with the path and the code they name the place whatever is inserted above it.
    """

    path: str
    line: int
    column: int
    code: str
    message: str
    confidence: Confidence
    is_rewrite: bool
    text: str
    nth: int = 0
    source: str = ""

    @property
    def fingerprint(self) -> str:
        # Only some formats need it.
        import hashlib

        parts = "\0".join((self.path, self.code, self.text, str(self.nth)))
        return hashlib.sha256(parts.encode("utf-8", "surrogateescape")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Overview:
    """A run as it is shown: `known` remarks are in the baseline and are left out of `remarks`."""

    report: Report
    remarks: tuple[Remark, ...]
    is_written: bool = False
    known: int = 0

    @classmethod
    def of(cls, report: Report, *, is_written: bool) -> Overview:
        return cls(report, remarks_of(report, is_written=is_written), is_written)

    @property
    def left(self) -> tuple[Remark, ...]:
        """Return what is left: the findings, and the rewrites that were not written."""
        return tuple(remark for remark in self.remarks if not (remark.is_rewrite and self.is_written))

    @property
    def findings(self) -> tuple[Remark, ...]:
        return tuple(remark for remark in self.remarks if not remark.is_rewrite)


def remarks_of(report: Report, *, is_written: bool) -> tuple[Remark, ...]:
    """Return what a report says about places, sorted by file and then by line."""
    return tuple(remark for result in report.results for remark in _of_file(result, is_written=is_written))


def spelled_from(remarks: Iterable[Remark], folder: Path) -> tuple[Remark, ...]:
    """Spell the paths from `folder`, wherever the run was started."""
    return tuple(replace(remark, path=spell(remark.path, folder)) for remark in remarks)


def spell(path: str, folder: Path) -> str:
    """Spell a path from `folder`, with forward slashes."""
    return Path(os.path.relpath(Path(path).absolute(), folder.absolute())).as_posix()


def _of_file(result: FileResult, *, is_written: bool) -> Iterable[Remark]:
    if not (result.edits or result.findings):
        return
    # The positions in a file that was written are those of its new source.
    source = result.outcome.source if is_written and isinstance(result.outcome, Rewritten) else result.before
    lines = _NEWLINE.split(source)
    path = result.path.as_posix()
    remarks = [_remark(path, finding, lines, finding.confidence, is_rewrite=False) for finding in result.findings]
    remarks += [_remark(path, edit, lines, "safe", is_rewrite=True) for edit in result.edits]
    counts: Counter[tuple[str, str]] = Counter()
    for remark in sorted(remarks, key=lambda one: (one.line, one.column, one.code, one.message)):
        key = (remark.code, remark.text)
        yield replace(remark, nth=counts[key])
        counts[key] += 1


def _remark(
    path: str, place: Finding | Rewrite, lines: list[bytes], confidence: Confidence, *, is_rewrite: bool
) -> Remark:
    line = lines[place.line - 1] if 0 < place.line <= len(lines) else b""
    source = line.decode("utf-8", "replace")
    message = place.message if is_rewrite else _led(place.message)
    text = " ".join(source.split())
    return Remark(path, place.line, place.column, place.code, message, confidence, is_rewrite, text, source=source)


def _led(message: str) -> str:
    """Begin with what is most of interest: that nothing was done, and what does it."""
    if message.endswith(_ON_REQUEST):
        about = message.removesuffix(_ON_REQUEST).rstrip("; :")
        for ending in ("not rewritten", "are not rewritten here", "is not rewritten here"):
            about = about.removesuffix(ending).rstrip("; :")
        return f"not rewritten without --confidence review: {about.replace('; not rewritten: ', '; ')}"
    about, separator, reason = message.rpartition("; not rewritten: ")
    return f"not rewritten: {about}; {reason}" if separator else message
