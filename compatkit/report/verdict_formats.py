"""Every form in which a verdict can be had, by its name on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from compatkit.equivalence.commands import Result
from compatkit.equivalence.explain.clue import Explanation
from compatkit.equivalence.matrix import Matrix
from compatkit.equivalence.statistics.evidence import SampleVerdict
from compatkit.equivalence.verdict import Verdict
from compatkit.report.explain_text import explanation_lines, explanation_markdown
from compatkit.report.verdict_cases import matrix_cases, results_cases, sample_cases, verdict_cases
from compatkit.report.verdict_github import cases_github
from compatkit.report.verdict_json import matrices_json, results_json, samples_json, verdict_json
from compatkit.report.verdict_junit import cases_junit
from compatkit.report.verdict_markdown import matrices_markdown, results_markdown, samples_markdown, verdict_markdown
from compatkit.report.verdict_text import (
    matrices_lines,
    matrices_word,
    policy_line,
    results_lines,
    samples_lines,
    samples_word,
    verdict_lines,
    verdict_word,
)


def render_verdict(verdict: Verdict, form: str, explanation: Explanation | None = None) -> str:
    """Return the verdict on two runs in one of `FORMATS`, with where they part; JUnit and GitHub leave that out."""
    match form:
        case "json":
            return verdict_json(verdict, explanation)
        case "junit":
            return cases_junit("compatkit compare", verdict_cases(verdict))
        case "github":
            return "\n".join(cases_github(verdict.word, verdict_cases(verdict)))
        case "markdown":
            return "\n".join([*verdict_markdown(verdict), *(explanation_markdown(explanation) if explanation else [])])
    return "\n".join(
        [
            *policy_line(verdict.policy),
            *verdict_lines(verdict),
            *(explanation_lines(explanation) if explanation else []),
        ]
    )


def render_samples(verdict: SampleVerdict, form: str) -> str:
    """Return the verdict on many runs against many in one of `FORMATS`."""
    match form:
        case "json":
            return samples_json(verdict)
        case "junit":
            return cases_junit("compatkit compare", sample_cases(verdict))
        case "github":
            return "\n".join(cases_github(samples_word(verdict), sample_cases(verdict)))
        case "markdown":
            return "\n".join(samples_markdown(verdict))
    return "\n".join([*policy_line(verdict.policy), *samples_lines(verdict)])


def render_matrices(matrices: Sequence[Matrix], form: str) -> str:
    """Return the matrices of `compatkit verify` in one of `FORMATS`."""
    cases = chain.from_iterable(map(matrix_cases, matrices))
    match form:
        case "json":
            return matrices_json(matrices)
        case "junit":
            return cases_junit("compatkit verify", cases)
        case "github":
            return "\n".join(cases_github(matrices_word(matrices), cases))
        case "markdown":
            return "\n".join(matrices_markdown(matrices))
    return "\n".join(matrices_lines(matrices))


def render_results(results: Sequence[Result], form: str) -> str:
    """Return the results of commands in one of `FORMATS`."""
    match form:
        case "json":
            return results_json(results)
        case "junit":
            return cases_junit("compatkit verify", results_cases(results))
        case "github":
            return "\n".join(cases_github(verdict_word(results), results_cases(results)))
        case "markdown":
            return "\n".join(results_markdown(results))
    return "\n".join(results_lines(results))
