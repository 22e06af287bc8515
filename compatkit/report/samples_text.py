"""Report two samples of runs as plain text."""

from __future__ import annotations

from collections.abc import Iterator

from compatkit.equivalence.statistics.evidence import Decision, Evidence, SampleVerdict
from compatkit.equivalence.verdict import NO_VERDICT
from compatkit.report.migrate_text import printable
from compatkit.report.verdict_text import headline, stale_line, unread_lines


def samples_lines(verdict: SampleVerdict) -> Iterator[str]:
    """Yield the verdict first, then each metric, the open and the different ones before the equivalent."""
    yield headline(samples_word(verdict))
    yield f"  compared: {len(verdict.before)} runs before with {len(verdict.after)} after"
    levels = f"equivalent where every metric is at {1 - verdict.confidence:.3g}, different at {verdict.level:.3g}"
    yield f"  confidence: {verdict.confidence:g}; {levels}"
    order = {Decision.DIFFERENT: 0, Decision.UNDECIDED: 1, Decision.EQUIVALENT: 2}
    for each in sorted(verdict.evidence, key=lambda one: order[one.decision]):
        yield printable(f"  {evidence_line(each)}")
    for difference in verdict.deciding:
        yield printable(f"  {difference}")
    for entry in verdict.stale:
        yield printable(f"  {stale_line(entry)}")
    yield from unread_lines(verdict.unread)
    for note in verdict.notes:
        yield printable(f"  note: {note}")


def samples_word(verdict: SampleVerdict) -> str:
    """Say which of the three verdicts it is, and how many seeds would decide where that is known."""
    if verdict.is_open:
        return NO_VERDICT
    word = verdict.decision.value
    if verdict.decision is Decision.UNDECIDED and verdict.seeds is not None:
        return f"{word}: {verdict.seeds} seeds a side would decide"
    return f"{word}, but the policy is stale" if verdict.is_equivalent and verdict.stale else word


def evidence_line(evidence: Evidence) -> str:
    """Say of one metric what was decided, from which numbers, and why."""
    parts = [f"{evidence.decision.value}: {evidence.value} {evidence.name}"]
    if evidence.difference is not None:
        parts.append(f"means {evidence.before.mean:.6g} and {evidence.after.mean:.6g}, {evidence.difference:+.3g}")
    if evidence.interval is not None:
        parts.append(f"interval {evidence.interval[0]:+.3g} to {evidence.interval[1]:+.3g}")
    if evidence.margin:
        parts.append(f"margin {evidence.margin}")
    return ", ".join([*parts, evidence.reason])
