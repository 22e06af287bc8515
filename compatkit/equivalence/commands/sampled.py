"""Several seeds: each run against its counterpart as two samples, decided by an equivalence test."""

from __future__ import annotations

from collections.abc import Sequence

from compatkit.equivalence.commands.errors import CommandError
from compatkit.equivalence.commands.result import Comparison, RunVerdict, pair_runs
from compatkit.equivalence.commands.sample import Logged
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import Snapshot
from compatkit.equivalence.statistics import compare_samples

_Samples = dict[str, tuple[list[Snapshot], list[Snapshot]]]


def compare_over_seeds(
    samples: Sequence[Sequence[Logged]], policy: Policy, *, confidence: float
) -> tuple[Comparison, ...]:
    """Compare the first side with each other one; `samples` holds all sides for each seed.

    Raises `CommandError` where the seed changes nothing: then many runs are one, and their agreement no evidence.
    """
    first, *others = zip(*samples, strict=True)
    return tuple(_compare(first, other, policy, confidence) for other in others)


def _compare(before: Sequence[Logged], after: Sequence[Logged], policy: Policy, confidence: float) -> Comparison:
    pairs: _Samples = {}
    missing, extra = dict[str, None](), dict[str, None]()
    for left, right in zip(before, after, strict=True):
        pairing = pair_runs(left.runs, right.runs)
        missing |= dict.fromkeys(pairing.missing)
        extra |= dict.fromkeys(pairing.extra)
        for label, one, other in pairing.pairs:
            sides = pairs.setdefault(label, ([], []))
            sides[0].append(left.snapshots[one.run_id])
            sides[1].append(right.snapshots[other.run_id])
    # A run that only some seeds led to has no counterpart under the others.
    scarce = [label for label, sides in pairs.items() if len(sides[0]) < len(before)]
    for label, sides in pairs.items():
        for logged, snapshots in zip((before, after), sides, strict=True):
            _require_an_effect(logged[0].side, label, snapshots, policy)
    return Comparison(
        before[0].side,
        after[0].side,
        runs=tuple(
            RunVerdict(label, compare_samples(*sides, policy, confidence=confidence)) for label, sides in pairs.items()
        ),
        missing=tuple(missing),
        extra=tuple(dict.fromkeys((*extra, *scarce))),
        notes=tuple(dict.fromkeys(note for logged in (*before, *after) for note in logged.notes)),
    )


def _require_an_effect(side: str, label: str, snapshots: Sequence[Snapshot], policy: Policy) -> None:
    histories = [
        {name: points for name, points in one.metrics.items() if not policy.ignores("metric", policy.metric_name(name))}
        for one in snapshots
    ]
    # As texts, for which NaN equals NaN.
    texts = {repr(sorted(history.items())) for history in histories}
    if len(snapshots) > 1 and len(texts) == 1:
        raise CommandError(
            f"{side}: run {label} logged the same metrics under different seeds, so more seeds prove no more than one.",
            where="--seeds",
            hint="let the command seed itself from os.environ['COMPATKIT_SEED'], or leave --seeds out",
        )
