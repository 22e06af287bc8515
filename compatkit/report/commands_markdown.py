"""Report a run of commands as Markdown: a summary fit for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compatkit.equivalence.commands import Comparison, Result, RunVerdict
from compatkit.equivalence.statistics import SampleVerdict
from compatkit.report.commands_text import comparison_word, verdict_word
from compatkit.report.explain_text import explanation_markdown
from compatkit.report.markdown_text import code, prose, table
from compatkit.report.samples_text import evidence_line, samples_word
from compatkit.report.verdict_markdown import difference_lines
from compatkit.report.verdict_text import compared_words, stale_line

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
        lines = result.failure.splitlines()
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
        yield from (f"- {prose(evidence_line(each))}" for each in found.evidence)
    else:
        yield from ["", f"Run {code(run.run)}: compared {compared_words(found)}."]
    if found.unread:
        yield from ["", *(f"- not read: {prose(what)}" for what in found.unread)]
    yield from difference_lines(found.deciding)
    if run.explanation:
        yield from explanation_markdown(run.explanation)
