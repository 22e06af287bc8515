"""Verdicts as named cases, each passed or not: what JUnit and GitHub show is derived from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from compatkit.equivalence.commands import Comparison, Result, RunVerdict
from compatkit.equivalence.difference import Difference
from compatkit.equivalence.matrix import Cell, Matrix
from compatkit.equivalence.statistics.evidence import Decision, SampleVerdict
from compatkit.equivalence.verdict import Verdict
from compatkit.migration import Allowance
from compatkit.report.migrate_text import printable
from compatkit.report.verdict_text import evidence_line, stale_line


class CaseOutcome(Enum):
    """The outcome of a case. An error is one that could not be decided, which is no pass."""

    PASSED = "passed"
    FAILED = "failure"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that was looked at, and a text for each problem in it, which can be printed as it is."""

    name: str
    outcome: CaseOutcome = CaseOutcome.PASSED
    problems: tuple[str, ...] = ()


def verdict_cases(verdict: Verdict) -> Iterator[Case]:
    """Yield a case for the policy, then one for each kind of thing that was compared or differs."""
    yield policy_case(verdict.stale, verdict.policy)
    compared = [what.removesuffix("s") for what, count in verdict.compared.items() if count]
    # Points and tensors are parts of metrics and models.
    kinds = dict.fromkeys([kind for kind in compared if kind not in {"point", "tensor"}])
    yield from _by_kind(verdict.deciding, kinds)
    yield from _unread(verdict.unread)


def matrix_cases(matrix: Matrix) -> Iterator[Case]:
    """Yield a case for the policy over all cells of a matrix, then one for each of them."""
    yield policy_case(matrix.stale, of=f"{matrix.scenario}: ")
    for cell in matrix.cells:
        name = f"{matrix.scenario}: {cell.trainer} on {cell.orchestrator}"
        yield _cell(name, cell, is_first=cell is matrix.cells[0])
    for reason in matrix.left_out:
        yield Case(f"{matrix.scenario}: {reason}", CaseOutcome.SKIPPED)


def sample_cases(verdict: SampleVerdict) -> Iterator[Case]:
    """Yield a case for the policy, then one for each metric, and for whatever else differs."""
    yield policy_case(verdict.stale, verdict.policy)
    outcomes = {Decision.EQUIVALENT: CaseOutcome.PASSED, Decision.DIFFERENT: CaseOutcome.FAILED}
    for evidence in verdict.evidence:
        outcome = outcomes.get(evidence.decision, CaseOutcome.ERROR)
        problems = () if outcome is CaseOutcome.PASSED else _lines(evidence_line(evidence))
        yield Case(f"metric {evidence.name}", outcome, problems)
    yield from _by_kind(verdict.deciding, {})
    yield from _unread(verdict.unread)


def policy_case(stale: Sequence[Allowance], policy: str = "", *, of: str = "") -> Case:
    """Return the case of this policy, which fails where an entry of it matches nothing."""
    problems = _lines(*map(stale_line, stale))
    return Case(
        f"{of}policy: {policy}" if policy else f"{of}policy",
        CaseOutcome.FAILED if problems else CaseOutcome.PASSED,
        problems,
    )


def _unread(unread: Sequence[str]) -> Iterator[Case]:
    if unread:
        yield Case("what could not be read", CaseOutcome.ERROR, _lines(*unread))


def _by_kind(differences: Iterable[Difference], kinds: dict[str, None]) -> Iterator[Case]:
    found: dict[str, list[Difference]] = {kind: [] for kind in kinds}
    for difference in differences:
        found.setdefault(difference.kind.category, []).append(difference)
    for kind, problems in found.items():
        name = kind if kind == "status" else f"{kind}s"
        yield Case(name, CaseOutcome.FAILED if problems else CaseOutcome.PASSED, _lines(*problems))


def _lines(*problems: object) -> tuple[str, ...]:
    """Return each problem as the one line that it may be printed as."""
    return tuple(printable(str(problem)) for problem in problems)


def _output(failure: str) -> tuple[str]:
    """Return a failure as one problem, with the lines of what the program said."""
    return ("\n".join(map(printable, failure.split("\n"))),)


def _cell(name: str, cell: Cell, *, is_first: bool) -> Case:
    if cell.failure:
        return Case(name, CaseOutcome.ERROR, _output(cell.failure))
    if cell.verdict is None:
        return Case(name) if is_first else Case(name, CaseOutcome.ERROR, ("not compared",))
    if cell.verdict.is_equivalent:
        return Case(name)
    if cell.verdict.is_open:
        return Case(name, CaseOutcome.ERROR, _lines(*cell.verdict.unread))
    return Case(name, CaseOutcome.FAILED, _lines(*cell.verdict.deciding) or ("nothing was compared",))


def results_cases(results: Sequence[Result]) -> Iterator[Case]:
    """Yield a case for each policy, each scenario that failed, each run that was compared or has no counterpart."""
    for result in results:
        yield policy_case(result.stale, result.policy, of=f"{result.scenario}: ")
        if result.failure:
            yield Case(result.scenario, CaseOutcome.ERROR, _output(result.failure))
            continue
        for comparison in result.comparisons:
            yield from _comparison(f"{result.scenario}: {comparison.before} and {comparison.after}", comparison)


def _comparison(name: str, comparison: Comparison) -> Iterator[Case]:
    for run in comparison.runs:
        yield _run(f"{name}: {run.run}", run)
    for side, labels in ((comparison.before, comparison.missing), (comparison.after, comparison.extra)):
        for label in labels:
            yield Case(f"{name}: {label}", CaseOutcome.FAILED, _lines(f"only {side} logged this run"))


def _run(name: str, run: RunVerdict) -> Case:
    if run.is_equivalent:
        return Case(name)
    found = run.verdict
    if not isinstance(found, SampleVerdict) and found.is_open:
        return Case(name, CaseOutcome.ERROR, _lines(*found.unread))
    if not isinstance(found, SampleVerdict):
        return Case(name, CaseOutcome.FAILED, _lines(*found.deciding))
    open_ones = (evidence_line(evidence) for evidence in found.evidence if evidence.decision is not Decision.EQUIVALENT)
    outcome = CaseOutcome.ERROR if found.decision is Decision.UNDECIDED else CaseOutcome.FAILED
    return Case(name, outcome, _lines(*found.deciding, *open_ones))
