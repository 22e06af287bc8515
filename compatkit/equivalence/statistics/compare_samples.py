"""Two samples of snapshots in, one of three verdicts out.

What no seed touches is compared as in two single runs. Which things a seed touches is read off the samples: what varies
from run to run within both sides.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from compatkit.equivalence.comparing.compare import find_differences, sort_differences, unread_of
from compatkit.equivalence.difference import Difference, Kind
from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import Point, Snapshot
from compatkit.equivalence.statistics.evidence import Evidence, Sample, SampleVerdict
from compatkit.equivalence.statistics.judge import Levels, judge
from compatkit.equivalence.verdict import Allowed
from compatkit.migration import Allowance, Margin


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
    tested = [metric for metric in samples if policy.metric_margin(metric.name) is not None]
    levels = Levels.of(confidence, len(tested))
    seedless = compare_seedless(before, after, policy)
    notes = dict.fromkeys(note for run in (*before, *after) for note in run.notes)
    unread = tuple(dict.fromkeys(what for run in (*before, *after) for what in unread_of(run)))
    return SampleVerdict(
        before=tuple(run.run_id for run in before),
        after=tuple(run.run_id for run in after),
        confidence=confidence,
        level=levels.different,
        evidence=tuple(_evidence(metric, *pair, policy, levels) for metric, pair in samples.items()),
        deciding=seedless.deciding,
        allowed=seedless.allowed,
        unused=seedless.unused,
        notes=(*seedless.notes, *notes, *(unread if policy.accepts_unread else ())),
        unread=() if policy.accepts_unread else unread,
        policy=policy.title,
    )


class _Named(NamedTuple):
    """A metric, or what else has a name, and the child run that logged it; to the policy, the name alone counts."""

    child: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} in child run {self.child}" if self.child else self.name


_Side = list[Sequence[Point]]


def _samples(
    before: Sequence[Snapshot], after: Sequence[Snapshot], policy: Policy
) -> dict[_Named, tuple[_Side, _Side]]:
    """Return the histories of each metric that is on both sides, a history a run, empty where a run has none."""
    sides = [[dict(_in_v2(run, policy)) for run in runs] for runs in (before, after)]
    names = [{metric for run in side for metric in run} for side in sides]
    common = [metric for metric in sorted(names[0] & names[1]) if not policy.ignores("metric", metric.name)]
    return {
        metric: ([run.get(metric, ()) for run in sides[0]], [run.get(metric, ()) for run in sides[1]])
        for metric in common
    }


def _in_v2(run: Snapshot, policy: Policy, child: str = "") -> Iterator[tuple[_Named, Sequence[Point]]]:
    """Yield the metrics of a run and its children, under v2 names."""
    # Where a run has both spellings, `compare_seedless` sees to it that they agree.
    for name, history in sorted(run.metrics.items()):
        yield _Named(child, policy.metric_name(name)), history
    for name, below in run.children.items():
        yield from _in_v2(below, policy, f"{child} / {name}" if child else name)


def _evidence(metric: _Named, before: _Side, after: _Side, policy: Policy, levels: Levels) -> Evidence:
    margin = policy.metric_margin(metric.name)
    return judge(str(metric), _sample(before, margin), _sample(after, margin), margin, levels)


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


# Two spellings that disagree within one run are wrong in every run; the status is compared by its counts.
_NEVER_OF_A_SEED = {Kind.METRIC_SPELLINGS, Kind.PARAM_SPELLINGS}
_Key = tuple[Kind, str, str]


def _key(difference: Difference) -> _Key:
    return difference.kind, difference.child, difference.name


@dataclass(frozen=True, slots=True)
class Seedless:
    """The differences in what no seed touches, sorted by the policy; `notes` name what was left out."""

    deciding: tuple[Difference, ...]
    allowed: tuple[Allowed, ...]
    unused: tuple[Allowance, ...]
    notes: tuple[str, ...]


def compare_seedless(before: Sequence[Snapshot], after: Sequence[Snapshot], policy: Policy) -> Seedless:
    """Compare the first run of both sides, but for what varies within both; what varies within one decides."""
    within = [_varying(runs, policy) for runs in (before, after)]
    by_seed = (within[0].keys() & within[1].keys()) - {key for key in within[0] if key[0] in _NEVER_OF_A_SEED}
    across = {_key(difference): difference for difference in find_differences(before[0], after[0], policy)}
    found = {**_on_one_side(within, before, after, policy), **across}
    varying = within[0].keys() | within[1].keys()
    kept = [difference for key, difference in found.items() if key not in by_seed and _is_seedless(difference, varying)]
    deciding, allowed = sort_differences([*_statuses(before, after), *kept], policy)
    # What allows a noise within one side is in use too.
    noise = sort_differences([difference for side in within for difference in side.values()], policy)[1]
    used = {entry.by for entry in (*allowed, *noise, *sort_differences(found.values(), policy)[1])}
    return Seedless(
        deciding=tuple(deciding),
        allowed=tuple(allowed),
        unused=tuple(entry for entry in policy.allowances if entry not in used),
        notes=tuple(_notes(by_seed, policy)),
    )


def _varying(runs: Sequence[Snapshot], policy: Policy) -> dict[_Key, Difference]:
    """Return in what the runs of one side differ from its first."""
    found = [difference for run in runs[1:] for difference in find_differences(runs[0], run, policy)]
    return {_key(difference): difference for difference in found}


def _on_one_side(
    within: list[dict[_Key, Difference]], before: Sequence[Snapshot], after: Sequence[Snapshot], policy: Policy
) -> dict[_Key, Difference]:
    rule = "varies from run to run on one side only"
    names = [{tuple(metric) for run in runs for metric, _ in _in_v2(run, policy)} for runs in (before, after)]
    alone = {key: within[0].get(key) or within[1][key] for key in within[0].keys() ^ within[1].keys()}
    return {
        key: replace(difference, rule=rule)
        for key, difference in alone.items()
        # A metric that some runs of a side lack is judged with its values.
        if not (key[0] in {Kind.METRIC_MISSING, Kind.METRIC_EXTRA} and key[1:] in names[0] & names[1])
        # With one run on the other side, nothing can vary there.
        and min(len(before), len(after)) > 1
    }


def _is_seedless(difference: Difference, varying: Container[_Key]) -> bool:
    """Tell whether a difference decides: values of metrics are tested, and no margin is declared for weights."""
    match difference.kind:
        case Kind.STATUS:
            return bool(difference.child)
        case Kind.MODEL_TENSOR_VALUE:
            return _key(difference) not in varying
    return difference.kind is not Kind.METRIC_VALUE


def _statuses(before: Sequence[Snapshot], after: Sequence[Snapshot]) -> Iterator[Difference]:
    """One run that failed may be chance, but then its values are no sample of what training gives."""
    if len({run.status for run in (*before, *after)}) > 1:
        sides = [Counter(run.status for run in runs) for runs in (before, after)]
        one, two = (", ".join(f"{count} {status}" for status, count in sorted(side.items())) for side in sides)
        yield Difference(Kind.STATUS, "status", one, two, rule="must be equal in every run")


def _notes(by_seed: set[_Key], policy: Policy) -> Iterator[str]:
    named: dict[str, list[str]] = {}
    for kind, child, name in sorted(by_seed, key=lambda key: (key[0].value, key[1:])):
        if kind is not Kind.METRIC_VALUE and not policy.ignores(kind.category, name):
            named.setdefault(kind.value, []).append(str(_Named(child, name)))
    for kind_text, names in named.items():
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        yield f"not compared, since it varies from run to run on both sides: {kind_text} {shown}"
