"""The evidence of a verdict on many runs, as tables."""

from __future__ import annotations

from collections.abc import Iterator

from compatkit.equivalence.statistics import Decision, Evidence, SampleVerdict
from compatkit.equivalence.verdict import parted
from compatkit.report.verdict_page.comparison import Table

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


def sample_tables(verdict: SampleVerdict) -> Iterator[Table]:
    """Yield the evidence by metric, what differs whatever the seed, and the notes."""
    rows = tuple(_row(each) for each in verdict.evidence)
    note = (
        f"Before and after are means. A metric is equivalent at {1 - verdict.confidence:.3g}, as all must be, and "
        f"different at {verdict.level:.3g}, as any may be; the interval is of the difference of "
        "the means, and the seeds are how many a side would decide."
    )
    yield Table("Evidence", _COLUMNS, rows, note, tuple(_STATES[each.decision] for each in verdict.evidence))
    if verdict.deciding:
        rows = tuple((each.name, each.kind.value, str(each)) for each in verdict.deciding)
        yield Table("What no seed touches, and differs", ("Name", "What", "Difference"), rows)
    for title, entries in zip(("Allowed by the policy", "Settled"), parted(verdict.allowed), strict=True):
        rows = tuple((each.difference.name, each.difference.kind.value, each.by.why) for each in entries)
        if rows:
            yield Table(title, ("Name", "What", "Why"), rows)
    stale = tuple((f"The policy allows {each.kind} {each.name}, and nothing needed it.",) for each in verdict.stale)
    if notes := (*((f"Not read: {what}",) for what in verdict.unread), *((note,) for note in verdict.notes), *stale):
        yield Table("Notes", ("Note",), notes)


def _row(each: Evidence) -> tuple[str, ...]:
    interval = "" if each.interval is None else f"{each.interval[0]:.3g} to {each.interval[1]:.3g}"
    numbers = (each.difference, each.p_equivalent, each.p_different)
    difference, equivalent, different = ("" if number is None else f"{number:.3g}" for number in numbers)
    means = (f"{side.mean:.6g}" if side.values else "" for side in (each.before, each.after))
    seeds = "" if each.seeds is None else str(each.seeds)
    tested = (difference, interval, each.margin, equivalent, different, seeds)
    return (each.name, each.decision.value, each.reason, each.value, *means, *tested)
