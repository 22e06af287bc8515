"""What many runs against many came to, as plain text."""

from __future__ import annotations

from collections.abc import Iterator

from compatkit.equivalence.statistics import Evidence, SampleVerdict


def sample_lines(verdict: SampleVerdict) -> Iterator[str]:
    """Yield the decision first, then each metric's evidence, and what decided beside the metrics."""
    yield f"Verdict: {verdict.decision.value}"
    yield f"  {len(verdict.before)} seeds a side, confidence {verdict.confidence:g}"
    for evidence in verdict.evidence:
        yield f"  {evidence.name} ({evidence.value}): {evidence.decision.value}{_details(evidence)}"
    for difference in verdict.deciding:
        yield f"  {difference}"
    if verdict.seeds is not None:
        yield f"  {verdict.seeds} seeds a side would decide, if they spread as these do"
    for note in verdict.notes:
        yield f"  note: {note}"


def _details(evidence: Evidence) -> str:
    said = []
    if evidence.difference is not None:
        said.append(f"means {evidence.difference:+.3g} apart")
    if evidence.interval is not None:
        said.append("between {:+.3g} and {:+.3g}".format(*evidence.interval))
    if evidence.margin:
        said.append(f"margin {evidence.margin}")
    if evidence.reason:
        said.append(evidence.reason)
    return f" ({', '.join(said)})" if said else ""
