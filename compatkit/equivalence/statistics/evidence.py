"""The result of comparing two samples of runs: values only, nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from compatkit.equivalence.difference import Difference
from compatkit.equivalence.verdict import Allowed
from compatkit.migration import Allowance


class Decision(Enum):
    """The three verdicts. That no difference was found is none of them: it is not enough evidence."""

    EQUIVALENT = "equivalent"
    DIFFERENT = "different"
    UNDECIDED = "not enough evidence"


@dataclass(frozen=True, slots=True)
class Sample:
    """One metric over the runs of one side: a value for each run that logged a finite one, of `runs` runs."""

    values: tuple[float, ...]
    runs: int

    @property
    def mean(self) -> float:
        # Of equal values, that value: their sum is rounded, and would lie beside it.
        if self.is_constant:
            return self.values[0]
        # Scaled down first: the sum of large doubles is none.
        return sum(value / len(self.values) for value in self.values) if self.values else 0.0

    @property
    def is_constant(self) -> bool:
        return len(set(self.values)) == 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence of one metric's samples.

    Attributes:
        name: of the metric, under its v2 name; `value` says which value of each run counts, such as "final".
        margin: how far apart the means may lie, in words; empty where none is declared.
        difference: the mean after less the mean before; None where a side has no finite value.
        interval: a confidence interval of it, such that it lies within an absolute margin just where the two
            one-sided tests find equivalence; None where there is no spread to compute it from.
        p_equivalent, p_different: the larger p-value of the two one-sided tests; the one of a difference beyond the
            margin. The one is held against 1 - confidence, the other against `SampleVerdict.level`.
        seeds: how many runs a side would decide, with 80 % power, if they spread as these do; None where no number
            is known to.
        reason: what decided, or what keeps it open.
    """

    name: str
    decision: Decision
    before: Sample
    after: Sample
    value: str = "final"
    margin: str = ""
    difference: float | None = None
    interval: tuple[float, float] | None = None
    p_equivalent: float | None = None
    p_different: float | None = None
    seeds: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SampleVerdict:
    """The verdict on many runs against many.

    Attributes:
        before, after: the run ids of both sides.
        confidence: of the whole verdict. That all metrics are equivalent is held to 1 - confidence in each.
        level: the error that may be made in calling one metric different: 1 - confidence, shared by all tested.
        evidence: of each metric that the policy does not ignore.
        deciding: differences in what no seed touches: params, tags, names, steps, structure, status.
        notes: what was not compared.
        unread: what could not be looked at; see `Verdict`.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    confidence: float
    level: float
    evidence: tuple[Evidence, ...] = ()
    deciding: tuple[Difference, ...] = ()
    allowed: tuple[Allowed, ...] = ()
    unused: tuple[Allowance, ...] = ()
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    policy: str = ""

    @property
    def is_open(self) -> bool:
        """True where no number of runs would decide: nothing differs in what could be read, but not all could."""
        return bool(self.unread) and self.decision is Decision.UNDECIDED

    @property
    def decision(self) -> Decision:
        """Different where one thing is; equivalent where every metric is, and there is one; else undecided."""
        found = {evidence.decision for evidence in self.evidence}
        if self.deciding or Decision.DIFFERENT in found:
            return Decision.DIFFERENT
        if self.unread:
            return Decision.UNDECIDED
        return Decision.EQUIVALENT if found == {Decision.EQUIVALENT} else Decision.UNDECIDED

    @property
    def is_equivalent(self) -> bool:
        return self.decision is Decision.EQUIVALENT

    @property
    def stale(self) -> tuple[Allowance, ...]:
        """The entries of the policy that allowed nothing though they must."""
        return tuple(entry for entry in self.unused if not entry.optional)

    @property
    def is_accepted(self) -> bool:
        """True where the samples are equivalent, and no entry of the policy is stale."""
        return self.is_equivalent and not self.stale

    @property
    def seeds(self) -> int | None:
        """Return how many runs a side would decide all that is open; None where nothing is, or no number would."""
        needed = [evidence.seeds for evidence in self.evidence if evidence.decision is Decision.UNDECIDED]
        known = [seeds for seeds in needed if seeds is not None]
        return max(known) if known and len(known) == len(needed) else None

    @property
    def counts(self) -> Mapping[str, int]:
        """Return the number of metrics by decision."""
        return {decision.value: sum(row.decision is decision for row in self.evidence) for decision in Decision}
