"""Name the cases of a run of commands, which JUnit and GitHub show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compatkit.equivalence.commands import Comparison, Result, RunVerdict
from compatkit.equivalence.statistics import Decision, SampleVerdict
from compatkit.report.samples_text import evidence_line
from compatkit.report.verdict_cases import Case, Outcome, policy_case


def results_cases(results: Sequence[Result]) -> Iterator[Case]:
    """Yield a case for each scenario that failed, each run that was compared or has no counterpart, each policy."""
    for result in results:
        if result.failure:
            yield Case(result.scenario, Outcome.ERROR, (result.failure,))
            continue
        for comparison in result.comparisons:
            yield from _comparison(f"{result.scenario}: {comparison.before} and {comparison.after}", comparison)
        yield policy_case(result.stale, of=f"{result.scenario}: ")


def _comparison(name: str, comparison: Comparison) -> Iterator[Case]:
    for run in comparison.runs:
        yield _run(f"{name}: {run.run}", run)
    for side, labels in ((comparison.before, comparison.missing), (comparison.after, comparison.extra)):
        for label in labels:
            yield Case(f"{name}: {label}", Outcome.FAILED, (f"only {side} logged this run",))


def _run(name: str, run: RunVerdict) -> Case:
    if run.is_equivalent:
        return Case(name)
    found = run.verdict
    if not isinstance(found, SampleVerdict) and found.is_open:
        return Case(name, Outcome.ERROR, found.unread)
    if not isinstance(found, SampleVerdict):
        return Case(name, Outcome.FAILED, tuple(map(str, found.deciding)))
    open_ones = (evidence_line(each) for each in found.evidence if each.decision is not Decision.EQUIVALENT)
    outcome = Outcome.ERROR if found.decision is Decision.UNDECIDED else Outcome.FAILED
    return Case(name, outcome, (*map(str, found.deciding), *open_ones))
