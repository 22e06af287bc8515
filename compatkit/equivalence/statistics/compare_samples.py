"""Two samples of snapshots in, one of three verdicts out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from compatkit.equivalence.comparing.compare import unread_of
from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import Point, Snapshot
from compatkit.equivalence.statistics.evidence import Evidence, Sample, SampleVerdict
from compatkit.equivalence.statistics.judge import Levels, judge
from compatkit.equivalence.statistics.seedless import compare_seedless
from compatkit.migration import Margin


def compare_samples(
    before: Sequence[Snapshot],
    after: Sequence[Snapshot],
    policy: Policy,
    *,
    confidence: float = 0.95,
) -> SampleVerdict:
    """Compare many runs with many: one snapshot a seed, `before` v1's and `after` v2's; the numbers may differ.

    Of each metric one value a run counts, the final one unless its margin says otherwise. Two one-sided Welch tests
    hold the means against `policy.margins`: *equivalent* where both find them within the margin, *different* where
    they lie beyond it, else *not enough evidence*, with the number of seeds that would decide. A metric without a
    margin, with a value that is not finite, or in some runs only, is never equivalent. `confidence` is that of all
    metrics together, see `Levels`.

    What no seed touches (params, tags, names, steps, structure, status) must be equal up to the policy; what varies
    from run to run within both sides is not compared, which the notes say.

    Raises `EquivalenceError` where a side has no run, one run is on both sides, or there is no metric to compare.

        verdict = compare_samples(v1_snapshots, v2_snapshots, Policy.from_migration(migration), confidence=0.95)
        verdict.decision, verdict.seeds, verdict.is_accepted
    """
    _require_samples(before, after, confidence)
    samples = _samples(before, after, policy)
    if not samples:
        raise EquivalenceError.no_samples("no metric is on both sides that the policy does not ignore")
    tested = [name for name in samples if policy.metric_margin(name) is not None]
    levels = Levels.of(confidence, len(tested))
    seedless = compare_seedless(before, after, policy)
    notes = dict.fromkeys(note for run in (*before, *after) for note in run.notes)
    unread = tuple(dict.fromkeys(what for run in (*before, *after) for what in unread_of(run)))
    return SampleVerdict(
        before=tuple(run.run_id for run in before),
        after=tuple(run.run_id for run in after),
        confidence=confidence,
        level=levels.different,
        evidence=tuple(_evidence(name, *pair, policy, levels) for name, pair in samples.items()),
        deciding=seedless.deciding,
        allowed=seedless.allowed,
        unused=seedless.unused,
        notes=(*seedless.notes, *notes, *(unread if policy.accepts_unread else ())),
        unread=() if policy.accepts_unread else unread,
        policy=policy.title,
    )


_Side = list[Sequence[Point]]


def _samples(before: Sequence[Snapshot], after: Sequence[Snapshot], policy: Policy) -> dict[str, tuple[_Side, _Side]]:
    """Return the histories of each metric that is on both sides, a history a run, empty where a run has none."""
    sides = [[_in_v2(run, policy) for run in runs] for runs in (before, after)]
    names = [{name for run in side for name in run} for side in sides]
    common = [name for name in sorted(names[0] & names[1]) if not policy.ignores("metric", name)]
    return {name: ([run.get(name, ()) for run in sides[0]], [run.get(name, ()) for run in sides[1]]) for name in common}


def _in_v2(run: Snapshot, policy: Policy) -> dict[str, Sequence[Point]]:
    # Where a run has both spellings, `compare_seedless` sees to it that they agree.
    return {policy.metric_name(name): history for name, history in sorted(run.metrics.items())}


def _evidence(name: str, before: _Side, after: _Side, policy: Policy, levels: Levels) -> Evidence:
    margin = policy.metric_margin(name)
    return judge(name, _sample(before, margin), _sample(after, margin), margin, levels)


def _sample(histories: _Side, margin: Margin | None) -> Sample:
    values = [_value(history, margin) for history in histories]
    return Sample(tuple(value for value in values if math.isfinite(value)), len(histories))


def _value(history: Sequence[Point], margin: Margin | None) -> float:
    """Return the value of a run that counts; NaN where it has none. A NaN on the way is no smallest value."""
    values = [point.value for point in history]
    match margin.value if margin else "final":
        case "min":
            return min(values, default=math.nan) if not any(map(math.isnan, values)) else math.nan
        case "max":
            return max(values, default=math.nan) if not any(map(math.isnan, values)) else math.nan
        case _:
            return values[-1] if values else math.nan


def _require_samples(before: Sequence[Snapshot], after: Sequence[Snapshot], confidence: float) -> None:
    if not before or not after:
        raise EquivalenceError.no_samples("a side has no run")
    if not 0.5 < confidence < 1:
        raise EquivalenceError.no_samples(f"the confidence is {confidence}, not between 0.5 and 1")
    ids = Counter(run.run_id for run in (*before, *after))
    if twice := sorted(run_id for run_id, count in ids.items() if count > 1):
        raise EquivalenceError.no_samples(f"run {twice[0]!r} would count twice")
