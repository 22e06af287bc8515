"""Verdicts in the formats of `FORMATS`: what each kind of result has to show, and which of it a format takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from itertools import chain
from typing import Any, NamedTuple

from compatkit.equivalence.commands import Result
from compatkit.equivalence.explain import Explanation
from compatkit.equivalence.matrix import Matrix
from compatkit.equivalence.statistics.evidence import SampleVerdict
from compatkit.equivalence.verdict import Verdict
from compatkit.report.explain_text import explanation_lines, explanation_markdown
from compatkit.report.migrate_text import printable
from compatkit.report.provenance import markdown_line
from compatkit.report.verdict_cases import Case, matrix_cases, results_cases, sample_cases, verdict_cases
from compatkit.report.verdict_json import explained_object, matrix_object, result_object, samples_object
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


class _Shown(NamedTuple):
    """One result: its texts, each made when its format is asked for, and the cases that all other formats show.

    JSON has one object, or one for each of several scenarios.
    """

    suite: str
    word: str
    cases: Iterable[Case]
    text: Callable[[], Iterable[str]]
    json: Callable[[], dict[str, Any] | list[dict[str, Any]]]
    markdown: Callable[[], Iterable[str]]

    def render(self, form: str, made: str) -> str:
        """Return the text of a format; each but the plain text also says how it was `made`, where that is known."""
        match form:
            case "text":
                return "\n".join(map(printable, self.text()))
            case "json":
                return _json(self.json(), {"made": made} if made else {})
            case "markdown":
                return "\n".join([*self.markdown(), *(["", markdown_line(made)] if made else [])])
        # A format of its own: `compatkit/report/FORMAT.py`.
        text = import_module(f"compatkit.report.{form}").of_cases(self.suite, self.word, self.cases, printable(made))
        assert isinstance(text, str)
        return text


def _json(said: dict[str, Any] | list[dict[str, Any]], made: dict[str, str]) -> str:
    several = [made | scenario for scenario in said] if isinstance(said, list) else made | said
    return json.dumps(several, indent=2, allow_nan=False)


def _under(*policies: str, word: str) -> str:
    """Return the word of a verdict with the policies that led to it."""
    named = ", ".join(dict.fromkeys(filter(None, policies)))
    return printable(f"{word} (policy: {named})") if named else word


def render_verdict(verdict: Verdict, form: str, explanation: Explanation | None = None, *, made: str = "") -> str:
    """Return the verdict on two runs in one of `FORMATS`, with where they part; JUnit and GitHub leave that out."""

    def text() -> Iterable[str]:
        yield from [*policy_line(verdict.policy), *verdict_lines(verdict)]
        yield from explanation_lines(explanation) if explanation else ()

    def markdown() -> Iterable[str]:
        yield from verdict_markdown(verdict)
        yield from explanation_markdown(explanation) if explanation else ()

    cases = verdict_cases(verdict)
    word = _under(verdict.policy, word=verdict.word)
    shown = _Shown("compatkit compare", word, cases, text, lambda: explained_object(verdict, explanation), markdown)
    return shown.render(form, made)


def render_samples(verdict: SampleVerdict, form: str, *, made: str = "") -> str:
    """Return the verdict on many runs against many in one of `FORMATS`."""
    return _Shown(
        "compatkit compare",
        _under(verdict.policy, word=samples_word(verdict)),
        sample_cases(verdict),
        lambda: [*policy_line(verdict.policy), *samples_lines(verdict)],
        lambda: samples_object(verdict),
        lambda: samples_markdown(verdict),
    ).render(form, made)


def render_matrices(matrices: Sequence[Matrix], form: str, *, made: str = "") -> str:
    """Return the matrices of `compatkit verify` in one of `FORMATS`."""
    return _Shown(
        "compatkit verify",
        matrices_word(matrices),
        chain.from_iterable(map(matrix_cases, matrices)),
        lambda: matrices_lines(matrices),
        lambda: list(map(matrix_object, matrices)),
        lambda: matrices_markdown(matrices),
    ).render(form, made)


def render_results(results: Sequence[Result], form: str, *, made: str = "") -> str:
    """Return the results of commands in one of `FORMATS`."""
    return _Shown(
        "compatkit verify",
        _under(*(result.policy for result in results), word=verdict_word(results)),
        results_cases(results),
        lambda: results_lines(results),
        lambda: list(map(result_object, results)),
        lambda: results_markdown(results),
    ).render(form, made)
