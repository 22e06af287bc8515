"""Verify a scenario: prepare its sides, run them under each seed, and compare the runs that they logged.

Of several seeds, each side is one sample, and an equivalence test decides.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from compatkit.equivalence.commands.result import (
    Comparison,
    Pairing,
    Progress,
    Reading,
    Result,
    RunVerdict,
    pair_runs,
    with_settled_names,
)
from compatkit.equivalence.commands.sample import Logged, run_sides
from compatkit.equivalence.commands.scenario import CommandScenario, Sides, prepared_sides
from compatkit.equivalence.comparing.compare import compare_snapshots
from compatkit.equivalence.comparing.noise import compare_over_noise
from compatkit.equivalence.comparing.one_to_one import own_pairs
from compatkit.equivalence.comparing.own_folders import with_folders_of
from compatkit.equivalence.errors import CommandError, EquivalenceError
from compatkit.equivalence.explain import explain
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import Snapshot
from compatkit.equivalence.statistics import compare_samples


def verify_commands(
    scenario: CommandScenario,
    policy: Policy,
    *,
    store: Path,
    progress: Progress = lambda _: None,
    reading: Reading = lambda _done, _total: None,
) -> Result:
    """Run the scenario's commands below the folder `store`, which is made, and compare what they logged.

    Raises `EquivalenceError` where that is not possible. Whatever happens, no process and no checkout is left.
    """
    if store.is_dir() and any(store.iterdir()):
        raise CommandError.store_in_use(store)
    measures_noise = scenario.seeds == 1 and not scenario.once and not scenario.exact
    with prepared_sides(scenario, progress) as prepared:
        sides = prepared.with_again if measures_noise else prepared
        samples = []
        for number in range(scenario.seeds):
            seed = scenario.seed + number
            names = " and ".join(side.name for side in sides.all)
            progress(f"{scenario.name}: running {names}, seed {seed}")
            folder = store / f"seed-{seed}" if scenario.seeds > 1 else store
            samples.append(run_sides(scenario, sides, folder.resolve(), seed=seed, reading=reading))
        notes = sides.notes
    if scenario.seeds > 1:
        comparisons = compare_over_seeds(samples, policy, confidence=scenario.confidence)
    else:
        (sample,) = samples
        again = sample.pop(1) if measures_noise else None
        comparisons = tuple(
            compare_sides(sample[0], other, policy, again=again, is_explained=scenario.explain) for other in sample[1:]
        )
    return Result(scenario.name, comparisons, notes=notes, made=_made(scenario, sides))


def _made(scenario: CommandScenario, sides: Sides) -> str:
    """Say which commands ran, and under which seeds."""
    commands = [f"{side.name} `{shlex.join(side.argv)}`" for side in sides.all]
    last = scenario.seed + scenario.seeds - 1
    seeds = f"seed {scenario.seed}" if scenario.seeds == 1 else f"seeds {scenario.seed} to {last}"
    return f"{', '.join(commands)}, {seeds}"


def compare_sides(
    before: Logged, after: Logged, policy: Policy, *, again: Logged | None = None, is_explained: bool = False
) -> Comparison:
    """Compare each run with its counterpart; a run that has none is a difference.

    `again` is a second run of the side before, if there was one.
    """
    spans = [span for side in (before, again, after) if side and (span := _span(side))]
    sides = before.runs, again.runs if again else (), after.runs
    runs_before, runs_again, runs_after = with_settled_names(*sides, spans=spans)
    pairing = pair_runs(runs_before, runs_after)
    repeated = pair_runs(runs_before, runs_again) if again else Pairing()
    twins = {left.run_id: again.snapshots[other.run_id] for _, left, other in repeated.pairs} if again else {}
    both = [(before.snapshots[left.run_id], after.snapshots[right.run_id]) for _, left, right in pairing.pairs]
    known = [pair for first, second in both for pair in own_pairs(first, second)]
    moved = _moved(before, after)
    runs, empty = [], []
    for (label, left, _), (first, second) in zip(pairing.pairs, both, strict=True):
        if first.is_empty and second.is_empty:
            empty.append(label)
        else:
            here, settled = with_folders_of(first, second, moved) if policy.knows_frameworks else (second, [])
            if twin := twins.get(left.run_id):
                twin, _ = with_folders_of(first, twin, _moved(before, again))
                verdict = compare_over_noise(first, twin, here, policy, known=known, spans=spans, settled=settled)
            else:
                verdict = compare_snapshots(first, here, policy, settled=settled)
            explanation = explain(first, second, verdict) if is_explained and not verdict.is_equivalent else None
            runs.append(RunVerdict(label, verdict, (first, second), explanation))
    if empty and not runs:
        raise EquivalenceError.nothing_compared(before.side, after.side)
    return Comparison(
        before.side,
        after.side,
        runs=tuple(runs),
        missing=tuple(pairing.missing),
        extra=tuple(pairing.extra),
        notes=(*before.notes, *after.notes, *_notes_on_empty(empty), *_notes_on_noise(before.side, repeated)),
    )


def _moved(before: Logged, after: Logged | None) -> list[tuple[str, str]]:
    return list(zip(before.folders, after.folders, strict=True)) if after else []


def _span(side: Logged) -> tuple[float, float] | None:
    """Return when the first of its runs began, and the last ended."""
    spans = [snapshot.span for snapshot in side.snapshots.values() if snapshot.span]
    return (min(start for start, _ in spans), max(end for _, end in spans)) if spans else None


def _notes_on_empty(labels: Iterable[str]) -> list[str]:
    return [f"{label}: nothing was compared, as both runs are empty" for label in labels]


def _notes_on_noise(side: str, repeated: Pairing) -> list[str]:
    """Name the runs that only one of two runs of the side before logged: what they hold was not measured."""
    return [f"{run}: only one of two runs of {side} logged it" for run in (*repeated.missing, *repeated.extra)]


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
