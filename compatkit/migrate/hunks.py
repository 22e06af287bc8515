"""Divide the change of a file into hunks, and make those that someone accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from compatkit.migrate.job import Task, process
from compatkit.migrate.report import FileResult, Report
from compatkit.rewrite import Finding, Rewrite, Rewritten, Unchanged


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines `start` to `end` of the old version (from 0, end excluded), and what takes their place."""

    start: int
    end: int
    old: tuple[bytes, ...]
    new: tuple[bytes, ...]


def split_lines(source: bytes) -> list[bytes]:
    """Split as a patch does: it knows no line ends but this one, unlike `bytes.splitlines`."""
    lines = [line + b"\n" for line in source.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def find_hunks(before: bytes, after: bytes) -> tuple[Hunk, ...]:
    """Return the differences, in order; two that touch are one."""
    # A run without --interactive need not wait for it.
    import difflib

    old, new = split_lines(before), split_lines(after)
    codes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return tuple(
        Hunk(first, last, tuple(old[first:last]), tuple(new[start:end]))
        for kind, first, last, start, end in codes
        if kind != "equal"
    )


def apply_hunks(before: bytes, hunks: Iterable[Hunk]) -> bytes:
    """Return the old version with these hunks and no others."""
    lines = split_lines(before)
    for hunk in sorted(hunks, key=lambda one: one.start, reverse=True):
        lines[hunk.start : hunk.end] = hunk.new
    return b"".join(lines)


Answer = Literal["yes", "no", "rest", "code", "quit"]
Ask = Callable[[FileResult, Hunk, int, int], Answer]


def choose_hunks(report: Report, ask: Ask, task: Task) -> tuple[Report, tuple[str, ...]]:
    """Ask for each hunk of each rewritten file; return the report with the hunks that were accepted.

    `ask` is given the file, the hunk, its number and how many there are. The answer "code" also makes all later changes
    of the same codes.
    Changes that belong together (an import, and the uses of its new name) are made together or not at all: where
    rewriting the partly changed file would not lead to the fully changed one, none is made, and the file is named.
    """
    results: list[FileResult] = []
    refused: list[str] = []
    agreed: set[str] = set()
    has_quit = False
    for result in report.results:
        if not isinstance(result.outcome, Rewritten):
            results.append(result)
            continue
        hunks = find_hunks(result.before, result.outcome.source)
        taken, has_quit = ([], True) if has_quit else _ask_all(result, hunks, ask, agreed)
        source = apply_hunks(result.before, taken)
        if 0 < len(taken) < len(hunks) and not is_whole_without(result, taken, task):
            refused.append(result.name)
            taken, source = [], result.before
        results.append(_with_hunks(result, result.outcome, source, taken, hunks))
    return Report.of(results), tuple(refused)


def is_whole_without(result: FileResult, taken: Iterable[Hunk], task: Task) -> bool:
    """Tell whether some hunks of a rewritten file may be taken without the others: the rest then follows as before."""
    assert result.job is not None
    assert isinstance(result.outcome, Rewritten)
    outcome = process(replace(result.job, source=apply_hunks(result.before, taken)), task)
    end = outcome.source if isinstance(outcome, Rewritten) else apply_hunks(result.before, taken)
    return end == result.outcome.source


def _ask_all(result: FileResult, hunks: tuple[Hunk, ...], ask: Ask, agreed: set[str]) -> tuple[list[Hunk], bool]:
    """Ask for each hunk, but for those of which every code was agreed to; return those taken, and whether to end."""
    taken: list[Hunk] = []
    for number, hunk in enumerate(hunks, start=1):
        codes = {edit.code for edit in result.edits if hunk_of(edit, hunks) == hunk}
        if codes and codes <= agreed:
            taken.append(hunk)
            continue
        match ask(result, hunk, number, len(hunks)):
            case "yes":
                taken.append(hunk)
            case "code":
                taken.append(hunk)
                agreed |= codes
            case "rest":
                return [*taken, *hunks[number - 1 :]], False
            case "quit":
                return taken, True
            case "no":
                pass
    return taken, False


def _with_hunks(
    result: FileResult, outcome: Rewritten, source: bytes, taken: list[Hunk], hunks: tuple[Hunk, ...]
) -> FileResult:
    if len(taken) == len(hunks):
        return result
    kept = tuple(edit for edit in outcome.edits if hunk_of(edit, hunks) in taken)
    left = tuple(
        Finding(edit.code, edit.line, edit.column, f"declined: {edit.message}", "safe")
        for edit in outcome.edits
        if edit not in kept
    )
    findings = tuple(sorted((*outcome.findings, *left), key=lambda one: (one.line, one.column, one.code)))
    return replace(result, outcome=Rewritten(source, kept, findings) if taken else Unchanged(findings))


def hunk_of(edit: Rewrite, hunks: tuple[Hunk, ...]) -> Hunk:
    """Return the hunk that an edit is part of."""
    # An edit is named for the line where its statement begins; the first line that changes can come later.
    return next((hunk for hunk in hunks if hunk.end >= edit.line or hunk.start >= edit.line - 1), hunks[-1])
