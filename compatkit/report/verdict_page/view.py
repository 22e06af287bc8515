"""All that the template shows of each comparison, as plain values; of many runs, their evidence as tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from compatkit.equivalence.difference import Difference, Kind
from compatkit.equivalence.snapshot import Snapshot
from compatkit.equivalence.statistics import Decision, Evidence, SampleVerdict
from compatkit.equivalence.verdict import Allowed, parted
from compatkit.report.verdict_page.comparison import (
    Compared,
    Comparison,
    Conclusion,
    NotCompared,
    PageTable,
    Sampled,
    outcome_of,
)
from compatkit.report.verdict_page.findings import Findings
from compatkit.report.verdict_page.metrics import Metric, read_page_metrics
from compatkit.report.verdict_page.rows import Sheet, read_sheets
from compatkit.report.verdict_page.summary import Tally, earliest, sentences, tallies
from compatkit.report.verdict_page.weights import Weight, weigh

_COLUMNS = (
    *("Metric", "Decision", "Reason", "Value", "Before", "After", "Difference", "Interval", "Margin"),
    *("p equivalent", "p different", "Seeds"),
)
_STATES = {Decision.EQUIVALENT: "equal", Decision.DIFFERENT: "decides", Decision.UNDECIDED: "decides"}


def sample_sentences(verdict: SampleVerdict) -> tuple[str, ...]:
    """Say how many runs there were, how many metrics came to what, and how many seeds would decide the rest."""
    runs = f"{len(verdict.before)} runs against {len(verdict.after)}, at a confidence of {verdict.confidence:g}."
    counts = ", ".join(f"{count} {word}" for word, count in verdict.counts.items() if count)
    told = [runs, f"Of {len(verdict.evidence)} metrics: {counts}." if counts else "No metric was tested."]
    if verdict.decision is Decision.UNDECIDED and verdict.seeds is not None:
        told.append(f"{verdict.seeds} seeds a side would decide.")
    return tuple(told)


def sample_tables(verdict: SampleVerdict) -> Iterator[PageTable]:
    """Yield the evidence by metric, what differs whatever the seed, and the notes."""
    rows = tuple(_row(evidence) for evidence in verdict.evidence)
    note = (
        f"Before and after are means. A metric is equivalent at {1 - verdict.confidence:.3g}, as all must be, and "
        f"different at {verdict.level:.3g}, as any may be; the interval is of the difference of "
        "the means, and the seeds are how many a side would decide."
    )
    yield PageTable(
        "Evidence", _COLUMNS, rows, note, tuple(_STATES[evidence.decision] for evidence in verdict.evidence)
    )
    if verdict.deciding:
        rows = tuple((difference.name, difference.kind.value, str(difference)) for difference in verdict.deciding)
        yield PageTable("What no seed touches, and differs", ("Name", "What", "Difference"), rows)
    for title, entries in zip(("Allowed", "Settled"), parted(verdict.allowed), strict=True):
        rows = tuple((entry.difference.name, entry.difference.kind.value, entry.by.why) for entry in entries)
        if rows:
            yield PageTable(title, ("Name", "What", "Why"), rows)
    stale = tuple((f"The policy allows {entry.kind} {entry.name}, and nothing needed it.",) for entry in verdict.stale)
    if notes := (*((f"Not read: {what}",) for what in verdict.unread), *((note,) for note in verdict.notes), *stale):
        yield PageTable("Notes", ("Note",), notes)


def _row(evidence: Evidence) -> tuple[str, ...]:
    interval = "" if evidence.interval is None else f"{evidence.interval[0]:.3g} to {evidence.interval[1]:.3g}"
    numbers = (evidence.difference, evidence.p_equivalent, evidence.p_different)
    difference, equivalent, different = ("" if number is None else f"{number:.3g}" for number in numbers)
    means = (f"{side.mean:.6g}" if side.values else "" for side in (evidence.before, evidence.after))
    seeds = "" if evidence.seeds is None else str(evidence.seeds)
    tested = (difference, interval, evidence.margin, equivalent, different, seeds)
    return (evidence.name, evidence.decision.value, evidence.reason, evidence.value, *means, *tested)


# Why something does not decide, and what.
Reason = tuple[str, tuple[Difference, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class PageSection:
    """One comparison. The anchor is the id of its element; all others within it begin with it."""

    anchor: str
    title: str
    outcome: Conclusion
    sentences: tuple[str, ...]
    compared: Compared | None = None
    tallies: tuple[Tally, ...] = ()
    first: tuple[Difference, ...] = ()
    allowed: tuple[Reason, ...] = ()
    settled: tuple[Reason, ...] = ()
    metrics: tuple[Metric, ...] = ()
    weights: tuple[Weight, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    tables: tuple[PageTable, ...] = ()
    policy: str = ""

    def metrics_in(self, *states: str) -> tuple[Metric, ...]:
        """Return the metrics in one of these states, by their names in `FindingState`."""
        return tuple(metric for metric in self.metrics if metric.state.name in states)


def read_sections(comparisons: Iterable[Comparison]) -> Iterator[PageSection]:
    """Yield a section for each comparison, which is let go before the next is asked for: weights are large."""
    for number, comparison in enumerate(comparisons, start=1):
        match comparison:
            case Compared():
                yield _section(f"c{number}", comparison)
            case Sampled():
                verdict = comparison.verdict
                yield PageSection(
                    f"c{number}",
                    comparison.title,
                    outcome_of(verdict),
                    sample_sentences(verdict),
                    tables=tuple(sample_tables(verdict)),
                    policy=verdict.policy,
                )
            case NotCompared():
                yield PageSection(f"c{number}", comparison.title, comparison.outcome, (comparison.reason,))


def _section(anchor: str, compared: Compared) -> PageSection:
    verdict, findings = compared.verdict, Findings(compared.verdict)
    before, after = compared.before, compared.after
    metrics = read_page_metrics(compared, findings)
    allowed, settled = map(_by_reason, parted(verdict.allowed))
    return PageSection(
        anchor,
        compared.title,
        compared.outcome,
        tuple(sentences(verdict, metrics)),
        # The weights are measured; what the template shows of the snapshots is less.
        replace(compared, before=_without_bulk(before), after=_without_bulk(after)),
        tallies(verdict),
        earliest(verdict),
        allowed,
        settled,
        metrics,
        with_bars(tuple(weigh(before.models, after.models, findings))),
        tuple(read_sheets(before, _under_names_of(before, after, settled), compared.policy, findings)),
        compared.tables,
        verdict.policy,
    )


def _by_reason(entries: Iterable[Allowed]) -> tuple[Reason, ...]:
    reasons: dict[str, list[Difference]] = {}
    for entry in entries:
        reasons.setdefault(entry.by.why, []).append(entry.difference)
    return tuple((why, tuple(differences)) for why, differences in reasons.items())


def _under_names_of(before: Snapshot, after: Snapshot, settled: Iterable[Reason]) -> Snapshot:
    """Return `after` with its artifacts under the names of `before`, where a name is settled as one that varies."""
    found = (
        difference
        for _, differences in settled
        for difference in differences
        if difference.kind is Kind.ARTIFACT_CONTENT
    )
    names = {difference.after: difference.before for difference in found if difference.before in before.artifacts}
    return replace(after, artifacts={names.get(name, name): file for name, file in after.artifacts.items()})


def _without_bulk(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, models={}, metrics={}, trace="")


def with_bars(weights: tuple[Weight, ...]) -> tuple[Weight, ...]:
    """Set the length of every bar: the distance by its power of ten, among all of the comparison."""
    powers = [math.log10(weight.largest) for weight in weights if weight.largest and math.isfinite(weight.largest)]
    low, high = (math.floor(min(powers)) - 1, math.ceil(max(powers))) if powers else (0, 1)
    return tuple(replace(weight, bar=_bar(weight.largest, low, high)) for weight in weights)


def _bar(largest: float | None, low: int, high: int) -> float:
    if not largest:
        return 0.0
    return 1.0 if math.isinf(largest) else (math.log10(largest) - low) / (high - low)
