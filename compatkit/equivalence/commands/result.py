"""The result of running and comparing commands: values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from compatkit.equivalence.explain import Explanation
from compatkit.equivalence.snapshot import Snapshot
from compatkit.equivalence.statistics import SampleVerdict
from compatkit.equivalence.verdict import Verdict
from compatkit.migration import Allowance


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
