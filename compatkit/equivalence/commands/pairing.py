"""Pair the runs of two sides: by experiment, name, params and order."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from compatkit.equivalence.commands.store import LoggedRun
from compatkit.equivalence.generated_names import is_generated

# Any pairing will do for a verdict "equivalent"; this order finds the one that makes the fewest differences.
_KEYS: tuple[Callable[[LoggedRun], Hashable], ...] = (
    lambda run: run.name,
    lambda run: tuple(sorted(run.params.items())) if is_generated(run.name) else None,
    lambda run: "in order" if is_generated(run.name) else None,
)


@dataclass(slots=True)
class Pairing:
    """Pairs of runs with a label each, and the labels of those that have no counterpart."""

    pairs: list[tuple[str, LoggedRun, LoggedRun]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)


def pair_runs(before: Iterable[LoggedRun], after: Iterable[LoggedRun]) -> Pairing:
    """Pair runs of one experiment and name in their order; of generated names, those of equal params, then in order."""
    found = Pairing()
    left, right = _by_experiment(before), _by_experiment(after)
    for experiment in {**left, **right}:
        _pair(experiment, left.get(experiment, []), right.get(experiment, []), found)
    return found


def _by_experiment(runs: Iterable[LoggedRun]) -> dict[str, list[LoggedRun]]:
    found: dict[str, list[LoggedRun]] = {}
    for run in runs:
        found.setdefault(run.experiment, []).append(run)
    return found


def _pair(experiment: str, before: Sequence[LoggedRun], after: Sequence[LoggedRun], found: Pairing) -> None:
    labels = {run.run_id: label for runs in (before, after) for run, label in _labelled(experiment, runs)}
    paired: dict[str, tuple[str, LoggedRun, LoggedRun]] = {}
    left, right = before, after
    for key in _KEYS:
        candidates: dict[Hashable, deque[LoggedRun]] = defaultdict(deque)
        for run in right:
            candidates[key(run)].append(run)
        for run in left:
            if (wanted := key(run)) is not None and candidates[wanted]:
                paired[run.run_id] = (labels[run.run_id], run, candidates[wanted].popleft())
        taken = {other.run_id for _, _, other in paired.values()}
        left = [run for run in left if run.run_id not in paired]
        right = [run for run in right if run.run_id not in taken]
    found.pairs += [paired[run.run_id] for run in before if run.run_id in paired]
    found.missing += [labels[run.run_id] for run in left]
    found.extra += [labels[run.run_id] for run in right]


def _labelled(experiment: str, runs: Sequence[LoggedRun]) -> Iterable[tuple[LoggedRun, str]]:
    """Yield each run with a label that is the same whenever the command is run."""
    seen: dict[str, int] = {}
    for run in runs:
        name = "" if is_generated(run.name) else run.name
        seen[name] = seen.get(name, 0) + 1
        numbered = name if name and seen[name] == 1 else f"{name}#{seen[name]}"
        yield run, f"{experiment} / {numbered}"
