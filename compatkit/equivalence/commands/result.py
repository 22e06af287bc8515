"""The result of a verification; runs of two sides are paired by experiment, name and params, never by id."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from compatkit.equivalence.commands.store import LoggedRun
from compatkit.equivalence.comparing.varying import MARK, Span, fits, mask
from compatkit.equivalence.explain import Explanation
from compatkit.equivalence.reading.known_names import is_generated
from compatkit.equivalence.snapshot import Snapshot
from compatkit.equivalence.statistics import SampleVerdict
from compatkit.equivalence.verdict import Verdict
from compatkit.migration import Allowance

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


def with_settled_names(*sides: Sequence[LoggedRun], spans: Sequence[Span] = ()) -> list[list[LoggedRun]]:
    """Return the runs of each side without the ids and times in their names that differ between the first two sides.

    The same holds for the names of their experiments. The first two sides are two runs of one command, of which the
    second may have no runs; a name that MLflow draws as a whole stays, since such runs are paired by their params.
    `spans` tell when the sides ran: a time of its own side may be equal in the first two.
    """
    experiments, names = (
        _varying([{str(getattr(run, part)) for run in side} for side in sides], spans)
        for part in ("experiment", "name")
    )
    return [
        [replace(run, experiment=_settled(run.experiment, experiments), name=_settled(run.name, names)) for run in side]
        for side in sides
    ]


def _varying(sides: Sequence[set[str]], spans: Sequence[Span]) -> set[str]:
    first, second, third = sides
    both = first & second
    shared = both - {
        name
        for name in both - third
        if MARK in mask(name) and any(fits(name, name, other, (), spans) for other in third)
    }
    alone, twins = ({mask(name) for name in names if not is_generated(name)} for names in (first, second))
    return {name for name in (alone & twins) - set(map(mask, shared)) if MARK in name}


def _settled(name: str, varying: set[str]) -> str:
    masked = mask(name)
    return "…".join(masked.split(MARK)[::2]) if masked in varying else name


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


@dataclass(frozen=True, slots=True)
class RunVerdict:
    """One run of the one side and its counterpart of the other; over several seeds, the two samples of them.

    `snapshots` are the two that a verdict is about; over several seeds there are none. `explanation` says where a
    different one began to part, where that was asked for.
    """

    run: str
    verdict: Verdict | SampleVerdict
    snapshots: tuple[Snapshot, Snapshot] | None = field(default=None, repr=False, compare=False)
    explanation: Explanation | None = None

    @property
    def is_equivalent(self) -> bool:
        return self.verdict.is_equivalent

    @property
    def is_open(self) -> bool:
        """True where not all could be read, so that there is no verdict."""
        return self.verdict.is_open


@dataclass(frozen=True, slots=True)
class Comparison:
    """One side against the other. `missing` and `extra` are runs that only the first or the second one logged."""

    before: str
    after: str
    runs: tuple[RunVerdict, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_equivalent(self) -> bool:
        """True where some run was compared, each has its counterpart, and all are equivalent."""
        return bool(self.runs) and not self.missing and not self.extra and all(run.is_equivalent for run in self.runs)

    @property
    def is_open(self) -> bool:
        """True where some run has no verdict, and none is different."""
        wrong = [run for run in self.runs if not run.is_equivalent]
        return bool(wrong) and not self.missing and not self.extra and all(run.is_open for run in wrong)


@dataclass(frozen=True, slots=True)
class Result:
    """One scenario: its comparisons, or the reason why there are none; `made` names the commands and the seeds."""

    scenario: str
    comparisons: tuple[Comparison, ...] = ()
    failure: str = ""
    notes: tuple[str, ...] = ()
    policy: str = ""
    made: str = ""

    @property
    def is_equivalent(self) -> bool:
        """True where every comparison is equivalent, there is one, and no allowance is stale."""
        equivalent = bool(self.comparisons) and all(one.is_equivalent for one in self.comparisons)
        return equivalent and not self.failure and not self.stale

    @property
    def stale(self) -> tuple[Allowance, ...]:
        """The entries of the policy that allowed nothing in any pair of runs though they must."""
        found = [run.verdict.stale for one in self.comparisons for run in one.runs]
        return tuple(entry for entry in found[0] if all(entry in stale for stale in found)) if found else ()

    @property
    def is_open(self) -> bool:
        """True where there is no verdict on some comparison, since something failed or could not be read."""
        return bool(self.failure) or any(one.is_open for one in self.comparisons)

    @property
    def has_differences(self) -> bool:
        """True where a comparison is different, or the policy stale."""
        return any(not (one.is_equivalent or one.is_open) for one in self.comparisons) or bool(self.stale)


Progress = Callable[[str], Any]
# How many runs of a side are read, of how many.
Reading = Callable[[int, int], Any]
