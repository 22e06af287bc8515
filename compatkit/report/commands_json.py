"""Report a run of commands as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from compatkit.equivalence.commands import Comparison, Result, RunVerdict
from compatkit.equivalence.statistics import SampleVerdict
from compatkit.equivalence.verdict import Verdict
from compatkit.report.commands_text import comparison_word
from compatkit.report.explain_text import explanation_object
from compatkit.report.samples_json import samples_object
from compatkit.report.verdict_json import allowance_json, verdict_object


def results_json(results: Sequence[Result]) -> str:
    """Return results as a JSON list, one object a scenario."""
    return json.dumps([_result(result) for result in results], indent=2, allow_nan=False)


def _result(result: Result) -> dict[str, Any]:
    return {
        "scenario": result.scenario,
        "policy": result.policy,
        "equivalent": result.is_equivalent,
        "failure": result.failure,
        "comparisons": [_comparison(comparison) for comparison in result.comparisons],
        "stale": [allowance_json(entry) for entry in result.stale],
        "notes": list(result.notes),
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "before": comparison.before,
        "after": comparison.after,
        "verdict": comparison_word(comparison),
        "runs": [_run(run) for run in comparison.runs],
        "missing": list(comparison.missing),
        "extra": list(comparison.extra),
        "notes": list(comparison.notes),
    }


def _run(run: RunVerdict) -> dict[str, Any]:
    explained = {"explanation": explanation_object(run.explanation)} if run.explanation else {}
    return {"run": run.run, "verdict": _verdict(run.verdict), **explained}


def _verdict(verdict: Verdict | SampleVerdict) -> dict[str, Any]:
    return samples_object(verdict) if isinstance(verdict, SampleVerdict) else verdict_object(verdict)
