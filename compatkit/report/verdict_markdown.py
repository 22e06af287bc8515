"""Verdicts as Markdown: a summary fit for a pull request, in which every name and value is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from compatkit.equivalence.commands import Comparison, Result, RunVerdict
from compatkit.equivalence.difference import Difference
from compatkit.equivalence.matrix import Cell, Matrix
from compatkit.equivalence.statistics.evidence import Decision, Evidence, SampleVerdict
from compatkit.equivalence.verdict import HOW_TO_READ, Allowed, Verdict, parted
from compatkit.migration import Allowance
from compatkit.report.explain_text import explanation_markdown
from compatkit.report.markdown_text import code, prose, table
from compatkit.report.verdict_text import (
    cell_word,
    compared_words,
    comparison_word,
    evidence_line,
    matrices_word,
    samples_word,
    stale_line,
    verdict_word,
)

# A comment on GitHub holds 65,536 characters.
_MOST = 50


def verdict_markdown(verdict: Verdict) -> Iterator[str]:
    """Yield the verdict first, then what decided it, what is allowed and why, and what was not compared."""
    yield f"### compatkit compare: {verdict.word}"
    yield ""
    yield f"Policy: {prose(verdict.policy)}. Compared: {compared_words(verdict)}."
    yield from _unread(verdict)
    yield from difference_lines(verdict.deciding)
    yield from _stale(verdict.stale)
    yield from _allowed(verdict.allowed)
    yield from _noise(verdict.noise)
    yield from _notes(verdict.notes)


def matrices_markdown(matrices: Sequence[Matrix]) -> Iterator[str]:
    """Yield the verdict over all scenarios, then a table for each, and what differs in it."""
    yield f"### compatkit verify: {matrices_word(matrices)}"
    for matrix in matrices:
        yield from ["", f"#### {prose(str(matrix.scenario))}", ""]
        yield from _matrix(matrix)
        for cell in matrix.cells:
            yield from _cell(cell)
        for reason in matrix.left_out:
            yield from ["", f"Left out, {prose(reason)}"]
        yield from _stale(matrix.stale)


def samples_markdown(verdict: SampleVerdict) -> Iterator[str]:
    """Yield which of the three verdicts it is, then a row for each metric, the open ones first."""
    yield f"### compatkit: {samples_word(verdict)}"
    yield ""
    yield (
        f"{len(verdict.before)} runs before, {len(verdict.after)} after; two one-sided Welch tests at "
        f"{verdict.confidence:g} confidence for all metrics together."
    )
    order = {Decision.DIFFERENT: 0, Decision.UNDECIDED: 1, Decision.EQUIVALENT: 2}
    rows = sorted(verdict.evidence, key=lambda evidence: order[evidence.decision])
    head = ["metric", "verdict", "mean before", "mean after", "interval of the difference", "margin", "why"]
    yield from ["", *table(head, [_evidence(evidence) for evidence in rows])]
    yield from difference_lines(verdict.deciding)
    yield from _stale(verdict.stale)
    yield from _allowed(verdict.allowed)
    yield from _notes(verdict.notes)


def difference_lines(differences: Sequence[Difference]) -> Iterator[str]:
    """Yield a table of differences, of which the first are shown and the rest are counted."""
    if not differences:
        return
    head = ["what", "name", "from step", "before", "after", "distance", "points", "rule"]
    yield from ["", *table(head, [_difference(difference) for difference in differences[:_MOST]])]
    if len(differences) > _MOST:
        yield from ["", f"And {len(differences) - _MOST} more differences."]


def _difference(difference: Difference) -> list[str]:
    step = "" if difference.first_step is None else str(difference.first_step)
    points = f"{difference.count} of {difference.of}" if difference.of > 1 else ""
    distance = "" if difference.distance is None else str(difference.distance)
    rule = "; ".join(part for part in (difference.rule, difference.hint) if part)
    name = code(difference.name) + (f" in child run {code(difference.child)}" if difference.child else "")
    texts = name, step, code(difference.before), code(difference.after)
    return [difference.kind.value, *texts, distance, points, prose(rule)]


def _evidence(evidence: Evidence) -> list[str]:
    interval = evidence.interval
    return [
        f"{evidence.value} {code(evidence.name)}",
        evidence.decision.value,
        f"{evidence.before.mean:.6g}" if evidence.before.values else "",
        f"{evidence.after.mean:.6g}" if evidence.after.values else "",
        f"{interval[0]:+.3g} to {interval[1]:+.3g}" if interval else "",
        prose(evidence.margin),
        prose(evidence.reason),
    ]


def _matrix(matrix: Matrix) -> Iterator[str]:
    trainers = list(dict.fromkeys(cell.trainer for cell in matrix.cells))
    orchestrators = list(dict.fromkeys(cell.orchestrator for cell in matrix.cells))
    words = {(cell.orchestrator, cell.trainer): cell_word(cell, is_first=not n) for n, cell in enumerate(matrix.cells)}
    rows = [[code(name), *(words[name, trainer] for trainer in trainers)] for name in orchestrators]
    yield from table(["", *map(code, trainers)], rows)


def _cell(cell: Cell) -> Iterator[str]:
    title = f"{code(cell.trainer)} on {code(cell.orchestrator)}"
    if cell.failure:
        yield from ["", f"{title} failed: {prose(cell.failure)}"]
    elif cell.verdict is not None and not cell.verdict.is_equivalent:
        yield from ["", f"{title} is different:"]
        yield from difference_lines(cell.verdict.deciding)


def _stale(stale: Sequence[Allowance]) -> Iterator[str]:
    if stale:
        yield ""
        yield from (f"- {prose(stale_line(entry))}" for entry in stale)


def _allowed(allowed: Sequence[Allowed]) -> Iterator[str]:
    words = ("allowed", "settled, as known to vary")
    for word, entries in zip(words, parted(allowed), strict=True):
        reasons: dict[str, list[str]] = {}
        for entry in entries:
            reasons.setdefault(entry.by.why, []).append(_not_deciding(entry.difference))
        rows = [[prose(why), ", ".join(_first(names))] for why, names in reasons.items()]
        if entries:
            yield from _folded(len(entries), word)
            yield from [*table(["why", "what"], rows), "", "</details>"]


def _noise(noise: Sequence[Difference]) -> Iterator[str]:
    """Yield in what two runs of the side before differ from each other."""
    if noise:
        yield from _folded(len(noise), "between two runs of before, which is noise", verb="")[:-1]
        yield from [*difference_lines(noise), "", "</details>"]


def _folded(count: int, word: str, *, verb: str | None = None) -> list[str]:
    verb = ("is " if count == 1 else "are ") if verb is None else verb
    said = f"{count} difference{'' if count == 1 else 's'} {verb}{word}"
    return ["", f"<details><summary>{said}</summary>", ""]


def _not_deciding(difference: Difference) -> str:
    child = f" in child run {code(difference.child)}" if difference.child else ""
    named = f"{difference.kind.value} {code(difference.name)}{child}"
    sides = f"{code(difference.before)} and {code(difference.after)}"
    return f"{named} ({sides})" if difference.known and (difference.before or difference.after) else named


def _first(names: Sequence[str]) -> list[str]:
    return [*names[:_MOST], *([f"and {len(names) - _MOST} more"] if len(names) > _MOST else [])]


def _unread(verdict: Verdict | SampleVerdict) -> Iterator[str]:
    """Yield what could not be looked at, and what to do about it."""
    hints = [f"hint: {HOW_TO_READ}"] if verdict.unread else []
    yield from _notes([*(f"not read: {what}" for what in verdict.unread), *hints])


def _notes(notes: Iterable[str]) -> Iterator[str]:
    lines = [f"- {prose(note)}" for note in notes]
    if lines:
        yield from ["", *lines]


_MOST_LINES = 30


def results_markdown(results: Sequence[Result]) -> Iterator[str]:
    """Yield the verdict over all scenarios, a row for each comparison, then what decided those that are different."""
    yield f"### compatkit verify: {verdict_word(results)}"
    if results:
        yield ""
        yield from table(["scenario", "compared", "verdict", "runs"], [row for one in results for row in _rows(one)])
    for result in results:
        yield from _result(result)


def _rows(result: Result) -> Iterator[list[str]]:
    if result.failure:
        yield [prose(result.scenario), "", "failed", ""]
    for one in result.comparisons:
        sides = f"{prose(one.before)} and {prose(one.after)}"
        runs = len(one.runs) + len(one.missing) + len(one.extra)
        yield [prose(result.scenario), sides, comparison_word(one), str(runs)]


def _result(result: Result) -> Iterator[str]:
    if result.failure:
        yield from ["", f"**{prose(result.scenario)}** failed:", ""]
        lines = result.failure.split("\n")
        # A line of a command's output may be anything: each as code, below the next.
        yield from (f"- {code(line.strip())}" for line in lines[:_MOST_LINES] if line.strip())
    for comparison in result.comparisons:
        if not comparison.is_equivalent:
            yield from ["", f"**{prose(result.scenario)}**, {prose(comparison.before)} and {prose(comparison.after)}:"]
            yield from _comparison(comparison)
    said = [stale_line(entry) for entry in result.stale]
    said += [*result.notes, *(note for one in result.comparisons for note in one.notes)]
    if said:
        yield from ["", *(f"- {prose(line)}" for line in said)]


def _comparison(comparison: Comparison) -> Iterator[str]:
    yield ""
    yield from (
        f"- run {code(run)} is missing: only {prose(comparison.before)} logged it" for run in comparison.missing
    )
    yield from (f"- run {code(run)} is extra: only {prose(comparison.after)} logged it" for run in comparison.extra)
    for run in comparison.runs:
        if not run.is_equivalent:
            yield from _run(run)


def _run(run: RunVerdict) -> Iterator[str]:
    found = run.verdict
    if isinstance(found, SampleVerdict):
        yield from ["", f"Run {code(run.run)}: {prose(samples_word(found))}.", ""]
        yield from (f"- {prose(evidence_line(evidence))}" for evidence in found.evidence)
    else:
        yield from ["", f"Run {code(run.run)}: compared {compared_words(found)}."]
    yield from _unread(found)
    yield from difference_lines(found.deciding)
    if run.explanation:
        yield from explanation_markdown(run.explanation)
