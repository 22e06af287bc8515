"""One metric's two samples in, evidence out. Whatever cannot be tested is not enough evidence, never equivalence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count

from compatkit.equivalence.statistics.evidence import Decision, Evidence, Sample
from compatkit.equivalence.statistics.one_sided_tests import run_tests, seeds_that_decide, separation_p
from compatkit.migration import Margin


@dataclass(frozen=True, slots=True)
class Levels:
    """The error that a test may make which finds a metric equivalent, and one which finds it different."""

    equivalent: float
    different: float

    @classmethod
    def of(cls, confidence: float, metrics: int) -> Levels:
        """Return the levels for this many metrics together.

        "All are equivalent" is refuted by any of them, an intersection-union test: each is held to the whole error
        (Berger 1982, "Multiparameter hypothesis testing and acceptance sampling"). "One is different" may be said
        wrongly of each, so that the error is shared among them (Bonferroni).
        """
        return cls(1 - confidence, (1 - confidence) / max(metrics, 1))


def judge(name: str, before: Sample, after: Sample, margin: Margin | None, levels: Levels) -> Evidence:
    """Decide one metric. The cases are in order: what is missing first, the tests last."""
    known = Evidence(name, Decision.UNDECIDED, before, after)
    if before.values and after.values:
        known = replace(known, difference=after.mean - before.mean)
    if margin is None:
        return replace(known, reason="the policy has no margin for it")
    known = replace(known, value=margin.value, margin=str(margin))
    if len(before.values) < before.runs or len(after.values) < after.runs:
        return _incomplete(known, levels.different)
    if margin.absolute == 0:
        return _identical(known)
    if min(len(before.values), len(after.values)) < 2:
        return replace(known, reason="one run a side shows no spread")
    if before.is_constant and after.is_constant:
        return _constant(known, margin, levels.different)
    return _tested(known, margin, levels)


def _tested(known: Evidence, margin: Margin, levels: Levels) -> Evidence:
    try:
        tested = run_tests(known.before, known.after, margin, levels.equivalent)
    except (OverflowError, ValueError, ZeroDivisionError):
        return replace(known, reason="no double holds the spread of these numbers")
    found = replace(known, interval=tested.interval, p_equivalent=tested.p_within, p_different=tested.p_beyond)
    if tested.p_within < levels.equivalent:
        return replace(found, decision=Decision.EQUIVALENT, reason="both one-sided tests find it within the margin")
    if tested.p_beyond < levels.different:
        return replace(found, decision=Decision.DIFFERENT, reason="the means lie farther apart than the margin")
    level = levels.equivalent if tested.p_within < tested.p_beyond else levels.different
    seeds = seeds_that_decide(known.before, known.after, margin, level)
    return replace(found, seeds=seeds, reason=_open(seeds))


def _open(seeds: int | None) -> str:
    if seeds is None:
        return "the means lie just about as far apart as the margin: no number of seeds is known to decide"
    return f"{seeds} seeds a side would decide, if they spread as these do"


def _incomplete(known: Evidence, level: float) -> Evidence:
    """Runs without a finite value: a mean of the others would hide that they diverged."""
    before, after = known.before, known.after
    missing = before.runs - len(before.values), after.runs - len(after.values)
    reason = f"no finite value in {missing[0]} of {before.runs} runs before and {missing[1]} of {after.runs} after"
    if missing in {(0, after.runs), (before.runs, 0)} and separation_p(before.runs, after.runs) < level:
        return replace(known, decision=Decision.DIFFERENT, reason=reason)
    return replace(known, reason=reason)


def _identical(known: Evidence) -> Evidence:
    """A margin of 0 claims that no seed touches the metric: a claim that one run can refute."""
    if len({*known.before.values, *known.after.values}) == 1:
        return replace(known, decision=Decision.EQUIVALENT, reason="equal in every run, as the margin of 0 demands")
    return replace(known, decision=Decision.DIFFERENT, reason="not equal in every run, as the margin of 0 demands")


def _constant(known: Evidence, margin: Margin, level: float) -> Evidence:
    """No spread on either side, so no t-test. That no run varied may be chance: it is never equivalence."""
    difference = abs(known.difference or 0.0)
    allowed = margin.absolute if margin.absolute is not None else (margin.relative or 0.0) * abs(known.before.mean)
    if difference <= allowed:
        hint = "if the seed does not touch it, declare a margin of absolute = 0"
        return replace(known, reason=f"no run of either side varies: there is no spread to test by; {hint}")
    if separation_p(known.before.runs, known.after.runs) < level:
        return replace(known, decision=Decision.DIFFERENT, reason="constant on both sides, and beyond the margin")
    seeds = next(n for n in count(2) if separation_p(n, n) < level)
    return replace(known, seeds=seeds, reason=_open(seeds))
