"""A migrate run as text for people, and as a diff that `git apply` and `patch` take."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from pathlib import Path

from compatkit.migrate import FileResult, Report
from compatkit.rewrite import Failed, Rewritten

_NO_NEWLINE = b"\n\\ No newline at end of file\n"


def listing(report: Report, *, written: bool) -> Iterator[str]:
    """Yield one line a rewrite and a finding, sorted by file and then by line."""
    verb = "rewritten" if written else "would be rewritten"
    for result in report.results:
        lines = [(item.line, item.column, item.code, item.message) for item in result.findings]
        if isinstance(result.outcome, Rewritten):
            lines += [(edit.line, edit.column, edit.code, f"{verb}: {edit.message}") for edit in result.outcome.edits]
        for line, column, code, message in sorted(lines):
            yield f"{printable(result.path)}:{line}:{column} {code} {message}"


def failures(report: Report) -> Iterator[str]:
    """Yield what could not be processed: what happened, where, and what to do."""
    for result in report.failed:
        assert isinstance(result.outcome, Failed)
        failed = result.outcome
        place = f":{failed.line}:{failed.column}" if failed.line else ""
        yield f"{failed.code} {failed.reason}\n  in {printable(result.path)}{place}\n  hint: {failed.hint}"
        if failed.details:
            yield failed.details


def summary(report: Report, *, written: bool) -> str:
    """Count every file, so that the reader sees that none was left out, and say what is left to do."""
    counts = [
        f"{len(report.rewritten)} {'rewritten' if written else 'to be rewritten'}",
        f"{len(report.unchanged)} unchanged",
        *([f"{len(report.skipped)} skipped"] if report.skipped else []),
        f"{len(report.failed)} failed",
        f"{len(report.findings)} {'finding' if len(report.findings) == 1 else 'findings'}",
    ]
    rest = " (left for a person to decide)" if report.findings else ""
    return f"{', '.join(counts)}{rest}."


def diff(report: Report) -> Iterator[bytes]:
    """Yield the unified diff of each rewritten file, in the bytes of the files: their encodings are not touched."""
    for result in report.rewritten:
        yield from _diff(result)


def printable(path: Path) -> str:
    """Return a path that can be printed, even where its bytes are no text."""
    return os.fsencode(path).decode("utf-8", "replace")


def _diff(result: FileResult) -> Iterator[bytes]:
    assert isinstance(result.outcome, Rewritten)
    name = os.fsencode(result.path.as_posix().lstrip("/"))
    lines = difflib.diff_bytes(
        difflib.unified_diff,
        _lines(result.before),
        _lines(result.outcome.source),
        fromfile=b"a/" + name,
        tofile=b"b/" + name,
    )
    for line in lines:
        yield line if line.endswith(b"\n") else line + _NO_NEWLINE


def _lines(source: bytes) -> list[bytes]:
    # Not bytes.splitlines: a patch knows no line ends but this one.
    return [line + b"\n" for line in source.split(b"\n")[:-1]] + (
        [source.split(b"\n")[-1]] if source[-1:] != b"\n" else []
    )
