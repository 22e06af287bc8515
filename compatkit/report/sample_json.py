"""What many runs against many came to, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from compatkit.equivalence.statistics import Evidence, SampleVerdict


def sample_object(verdict: SampleVerdict) -> dict[str, Any]:
    """Return a verdict over many seeds as what JSON can hold."""
    return {
        "decision": verdict.decision.value,
        "equivalent": verdict.is_equivalent,
        "before": list(verdict.before),
        "after": list(verdict.after),
        "confidence": verdict.confidence,
        "seeds": verdict.seeds,
        "evidence": [_evidence(evidence) for evidence in verdict.evidence],
        "deciding": [str(difference) for difference in verdict.deciding],
        "notes": list(verdict.notes),
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {**asdict(evidence), "decision": evidence.decision.value}
