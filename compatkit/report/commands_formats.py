"""Every form in which the results of `compatkit verify` on commands can be had."""

from __future__ import annotations

from collections.abc import Sequence

from compatkit.equivalence.commands import Result
from compatkit.report.commands_cases import results_cases
from compatkit.report.commands_json import results_json
from compatkit.report.commands_markdown import results_markdown
from compatkit.report.commands_text import results_lines, verdict_word
from compatkit.report.verdict_github import cases_github
from compatkit.report.verdict_junit import cases_junit


def render_results(results: Sequence[Result], form: str) -> str:
    """Return the results of commands in one of `verdict_formats.FORMATS`."""
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
