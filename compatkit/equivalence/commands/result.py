"""What running and comparing commands came to: values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from compatkit.equivalence.verdict import Verdict


@dataclass(frozen=True, slots=True)
class RunVerdict:
    """One run of the one side and its counterpart of the other."""

    run: str
    verdict: Verdict

    @property
    def is_equivalent(self) -> bool:
        return self.verdict.is_equivalent


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


@dataclass(frozen=True, slots=True)
class Result:
    """One scenario: its comparisons, or the reason why there are none."""

    scenario: str
    comparisons: tuple[Comparison, ...] = ()
    failure: str = ""
    notes: tuple[str, ...] = ()

    @property
    def is_equivalent(self) -> bool:
        return not self.failure and bool(self.comparisons) and all(one.is_equivalent for one in self.comparisons)

    @property
    def has_differences(self) -> bool:
        return any(not one.is_equivalent for one in self.comparisons)


Progress = Callable[[str], Any]
