"""Report two samples of runs as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from compatkit.equivalence.statistics.evidence import Evidence, Sample, SampleVerdict
from compatkit.report.samples_text import samples_word
from compatkit.report.verdict_json import allowance_json, allowed_json, difference_json


def samples_json(verdict: SampleVerdict) -> str:
    """Return the verdict as a JSON object."""
    return json.dumps(samples_object(verdict), indent=2, allow_nan=False)


def samples_object(verdict: SampleVerdict) -> dict[str, Any]:
    """Return the verdict as an object that JSON can hold; `equivalent` is true for one of the three verdicts only."""
    return {
        "verdict": samples_word(verdict) if verdict.is_open else verdict.decision.value,
        "policy": verdict.policy,
        "equivalent": verdict.is_equivalent,
        "seeds": verdict.seeds,
        "confidence": verdict.confidence,
        "level": verdict.level,
        "before": list(verdict.before),
        "after": list(verdict.after),
        "metrics": [_evidence(each) for each in verdict.evidence],
        "deciding": [difference_json(difference) for difference in verdict.deciding],
        **allowed_json(verdict.allowed),
        "unused": [allowance_json(entry) for entry in verdict.unused],
        "stale": [allowance_json(entry) for entry in verdict.stale],
        "unread": list(verdict.unread),
        "notes": list(verdict.notes),
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    sides = {"before": _sample(evidence.before), "after": _sample(evidence.after)}
    return {**asdict(evidence), **sides, "decision": evidence.decision.value}


def _sample(sample: Sample) -> dict[str, Any]:
    return {"runs": sample.runs, "values": list(sample.values), "mean": sample.mean if sample.values else None}
