"""A migrate run as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from compatkit.migrate import Report
from compatkit.migrate.remarks import Overview, Remark
from compatkit.rewrite import Failed, Skipped


def listing(overview: Overview) -> Iterator[str]:
    """Yield one line a rewrite and a finding, sorted by file and then by line."""
    for remark in overview.remarks:
        place = f"{printable(remark.path)}:{remark.line}:{remark.column}"
        yield f"{place} {remark.code} {printable(said(remark, is_written=overview.is_written))}"


def said(remark: Remark, *, is_written: bool) -> str:
    """Return what is said of a place: a finding's message, or what became of a rewrite."""
    if not remark.is_rewrite:
        return remark.message
    return f"{'rewritten' if is_written else 'would be rewritten'}: {remark.message}"


def failures(report: Report) -> Iterator[str]:
    """Yield what could not be processed: what happened, where, and what to do."""
    for result in report.failed:
        assert isinstance(result.outcome, Failed)
        failed = result.outcome
        place = f":{failed.line}:{failed.column}" if failed.line else ""
        yield f"{failed.code} {failed.reason}\n  in {printable(result.path)}{place}\n  hint: {failed.hint}"
        if failed.details:
            yield failed.details


def skipped(report: Report) -> Iterator[str]:
    """Yield what was left alone on purpose, and why."""
    for result in report.skipped:
        assert isinstance(result.outcome, Skipped)
        yield f"{printable(result.path)} skipped: {result.outcome.reason}"


def summary(overview: Overview) -> str:
    """Count every file, so that the reader sees that none was left out, and say what is left to do."""
    report, findings = overview.report, len(overview.findings)
    counts = [
        f"{len(report.rewritten)} {'rewritten' if overview.is_written else 'to be rewritten'}",
        f"{len(report.unchanged)} unchanged",
        *([f"{len(report.skipped)} skipped"] if report.skipped else []),
        f"{len(report.failed)} failed",
        f"{findings} {'finding' if findings == 1 else 'findings'}",
    ]
    rest = " (left for a person to decide)" if findings else ""
    known = f" {overview.known} known, in the baseline." if overview.known else ""
    return f"{', '.join(counts)}{rest}.{known}"


def printable(text: str | Path) -> str:
    """Return a text that can be printed on one line, even where its bytes are no text, or would steer the terminal."""
    return "".join(map(_shown, str(text)))


def _shown(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        # A byte of a file name that is no text.
        return "\ufffd"
    return character if character.isprintable() else character.encode("unicode_escape").decode()
