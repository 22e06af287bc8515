"""Report a run of commands as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compatkit.equivalence.commands import Comparison, Result
from compatkit.equivalence.statistics import SampleVerdict
from compatkit.equivalence.verdict import NO_VERDICT, Verdict
from compatkit.report.explain_text import explanation_lines
from compatkit.report.samples_text import samples_lines
from compatkit.report.verdict_text import headline, policy_line, stale_line, verdict_lines


def results_lines(results: Sequence[Result]) -> Iterator[str]:
    """Yield a line a comparison, what decided it, and the verdict over all scenarios last."""
    for result in results:
        yield from _result(result)
        yield ""
    yield headline(verdict_word(results), _why_open(results))


def verdict_word(results: Sequence[Result]) -> str:
    """Say what a list of results came to. What failed, could not be read or was not run is no difference."""
    if results and all(result.is_equivalent for result in results):
        return "equivalent"
    return "not equivalent" if any(result.has_differences for result in results) else NO_VERDICT


def _why_open(results: Sequence[Result]) -> str:
    failed = [result.scenario for result in results if result.failure]
    if not results or len(failed) == len(results):
        return "nothing was compared"
    return f"{', '.join(failed)} failed" if failed else ""


def title(comparison: Comparison) -> str:
    """Name a comparison by its sides, and say in words what it came to."""
    return f"{comparison.before} and {comparison.after}: {comparison_word(comparison)}"


def comparison_word(comparison: Comparison) -> str:
    """Say what a comparison came to; of several seeds, it may also be that they are too few."""
    if comparison.is_equivalent:
        return "equivalent"
    words = {_word(run.verdict) for run in comparison.runs if not run.is_equivalent}
    is_whole = not (comparison.missing or comparison.extra)
    return words.pop() if is_whole and len(words) == 1 else "different"


def explanations_lines(results: Sequence[Result]) -> Iterator[str]:
    """Yield where runs part, for the forms that have no room for it; each line is ended."""
    for result in results:
        for comparison in result.comparisons:
            for run in comparison.runs:
                if run.explanation:
                    yield f"{result.scenario}, {run.run}:\n"
                    yield from (f"  {line}\n" for line in explanation_lines(run.explanation))


def _word(verdict: Verdict | SampleVerdict) -> str:
    if verdict.is_open:
        return NO_VERDICT
    return verdict.decision.value if isinstance(verdict, SampleVerdict) else "different"


def _result(result: Result) -> Iterator[str]:
    yield result.scenario
    yield from (f"  {line}" for line in policy_line(result.policy))
    if result.failure:
        head, *rest = result.failure.splitlines()
        yield f"  failed: {head}"
        yield from (f"  {line}" for line in rest)
    for comparison in result.comparisons:
        yield f"  {title(comparison)}"
        yield from (f"    {line}" for line in _comparison(comparison))
    for entry in result.stale:
        yield f"  {stale_line(entry)}"
    for note in result.notes:
        yield f"  note: {note}"


def _comparison(comparison: Comparison) -> Iterator[str]:
    for run in comparison.missing:
        yield f"run missing: {run}, which only {comparison.before} logged"
    for run in comparison.extra:
        yield f"run extra: {run}, which only {comparison.after} logged"
    for verdict in comparison.runs:
        yield verdict.run
        found = verdict.verdict
        lines = samples_lines(found) if isinstance(found, SampleVerdict) else verdict_lines(found)
        yield from (f"  {line}" for line in lines)
        if verdict.explanation:
            yield from (f"  {line}" for line in explanation_lines(verdict.explanation))
    for note in comparison.notes:
        yield f"note: {note}"
