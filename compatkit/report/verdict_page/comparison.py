"""The parts of a verdict page: each comparison with its two snapshots, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from compatkit.equivalence.explain import Explanation
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import Snapshot
from compatkit.equivalence.statistics import SampleVerdict
from compatkit.equivalence.verdict import Verdict


class Conclusion(Enum):
    """The result of a comparison, in the words of the page."""

    EQUIVALENT = "equivalent"
    STALE = "equivalent, but the policy is stale"
    DIFFERENT = "different"
    UNDECIDED = "not enough evidence"
    OPEN = "no verdict"
    FAILED = "failed"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class PageTable:
    """Rows that a comparison brings along, such as those of its seeds; a first column that names the row.

    `states` are the names of a `FindingState` for each row; without any, a row is shown whatever is asked for.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    states: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A verdict, the two snapshots that it is about, and the policy that says which names are one.

    `explanation` says where the runs began to part, where that was asked for.
    """

    title: str
    verdict: Verdict
    before: Snapshot
    after: Snapshot
    policy: Policy
    tables: tuple[PageTable, ...] = ()
    explanation: Explanation | None = None

    @property
    def outcome(self) -> Conclusion:
        return outcome_of(self.verdict)


@dataclass(frozen=True, slots=True)
class NotCompared:
    """A run that was not compared: one that failed, or the baseline, which stands for itself."""

    title: str
    reason: str
    outcome: Conclusion = Conclusion.FAILED


@dataclass(frozen=True, slots=True)
class Sampled:
    """The verdict on many runs of each side, of which the page shows the evidence metric by metric."""

    title: str
    verdict: SampleVerdict


Comparison = Compared | NotCompared | Sampled


def outcome_of(verdict: Verdict | SampleVerdict) -> Conclusion:
    """Return the outcome in the page's words; a stale policy passes no gate, so its page is not a plain yes."""
    if isinstance(verdict, SampleVerdict):
        found = Conclusion(verdict.decision.value)
    else:
        found = Conclusion.EQUIVALENT if verdict.is_equivalent else Conclusion.DIFFERENT
    if verdict.is_open:
        return Conclusion.OPEN
    return Conclusion.STALE if found is Conclusion.EQUIVALENT and verdict.stale else found
