"""Verdicts on runs, on many runs, on matrices and on commands as objects for JSON, which has no NaN: sides are text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from compatkit.equivalence.commands import Comparison, Result, RunVerdict
from compatkit.equivalence.difference import Difference
from compatkit.equivalence.explain import Explanation
from compatkit.equivalence.matrix import Matrix
from compatkit.equivalence.statistics.evidence import Evidence, Sample, SampleVerdict
from compatkit.equivalence.verdict import Allowed, Verdict, parted
from compatkit.migration import Allowance
from compatkit.report.explain_text import explanation_object
from compatkit.report.verdict_text import comparison_word, samples_word


def explained_object(verdict: Verdict, explanation: Explanation | None = None) -> dict[str, Any]:
    """Return one verdict, with where the runs part, where that was asked for."""
    explained = {"explanation": explanation_object(explanation)} if explanation else {}
    return {**verdict_object(verdict), **explained}


def matrix_object(matrix: Matrix) -> dict[str, Any]:
    """Return the matrix of one scenario."""
    return {
        "dataset": matrix.scenario.dataset,
        "preset": matrix.scenario.preset,
        "equivalent": matrix.is_equivalent,
        "stale": [allowance_json(entry) for entry in matrix.stale],
        "left_out": list(matrix.left_out),
        "cells": [
            {
                "orchestrator": cell.orchestrator,
                "trainer": cell.trainer,
                "run_id": cell.run_id,
                "failure": cell.failure,
                "verdict": None if cell.verdict is None else verdict_object(cell.verdict),
            }
            for cell in matrix.cells
        ],
    }


def verdict_object(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as what JSON can hold, to stand in a larger document."""
    return {
        "policy": verdict.policy,
        "verdict": verdict.word,
        "equivalent": verdict.is_equivalent,
        "before": verdict.before,
        "after": verdict.after,
        "compared": dict(verdict.compared),
        "accepted": verdict.is_accepted,
        **_reasons(verdict),
        "noise": [difference_json(difference) for difference in verdict.noise],
        **_unread_and_notes(verdict),
    }


def _reasons(verdict: Verdict | SampleVerdict) -> dict[str, Any]:
    return {
        "deciding": [difference_json(difference) for difference in verdict.deciding],
        **allowed_json(verdict.allowed),
        "unused": [allowance_json(entry) for entry in verdict.unused],
        "stale": [allowance_json(entry) for entry in verdict.stale],
    }


def _unread_and_notes(verdict: Verdict | SampleVerdict) -> dict[str, Any]:
    return {"unread": list(verdict.unread), "notes": list(verdict.notes)}


def difference_json(difference: Difference) -> dict[str, Any]:
    """Return a difference as an object that JSON can hold."""
    return {**asdict(difference), "kind": difference.kind.value}


def allowed_json(allowed: Sequence[Allowed]) -> dict[str, Any]:
    """Return what a policy allows, and what is settled by knowing it, each with why it does not decide."""
    rows = (
        [
            {**difference_json(allowed_difference.difference), "why": allowed_difference.by.why}
            for allowed_difference in part
        ]
        for part in parted(allowed)
    )
    return dict(zip(("allowed", "settled"), rows, strict=True))


def allowance_json(allowance: Allowance) -> dict[str, Any]:
    """Return an entry of the policy as an object that JSON can hold."""
    return {**asdict(allowance), "until": allowance.until.isoformat() if allowance.until else None}


def samples_object(verdict: SampleVerdict) -> dict[str, Any]:
    """Return the verdict as an object that JSON can hold; `equivalent` is true for one of the three verdicts only."""
    return {
        "policy": verdict.policy,
        "verdict": samples_word(verdict) if verdict.is_open else verdict.decision.value,
        "equivalent": verdict.is_equivalent,
        "seeds": verdict.seeds,
        "confidence": verdict.confidence,
        "level": verdict.level,
        "before": list(verdict.before),
        "after": list(verdict.after),
        "metrics": [_evidence(evidence) for evidence in verdict.evidence],
        **_reasons(verdict),
        **_unread_and_notes(verdict),
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    sides = {"before": _sample(evidence.before), "after": _sample(evidence.after)}
    return {**asdict(evidence), **sides, "decision": evidence.decision.value}


def _sample(sample: Sample) -> dict[str, Any]:
    return {"runs": sample.runs, "values": list(sample.values), "mean": sample.mean if sample.values else None}


def result_object(result: Result) -> dict[str, Any]:
    """Return the result of one scenario."""
    return {
        "policy": result.policy,
        "scenario": result.scenario,
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
