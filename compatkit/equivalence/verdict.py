"""Equivalent or not, with the differences that decide it and those that are allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from compatkit.equivalence.difference import Difference
from compatkit.migration import Allowance

NO_VERDICT = "no verdict"
HOW_TO_READ = "compare where all of it is, or have the rest decide: --accept-unread"


@dataclass(frozen=True, slots=True)
class Allowed:
    """A difference that does not decide, and the entry of the policy that allows it, or an own one that says why."""

    difference: Difference
    by: Allowance


def parted(allowed: Iterable[Allowed]) -> tuple[list[Allowed], list[Allowed]]:
    """Part what a policy allows from what is settled by knowing what it is."""
    sides: tuple[list[Allowed], list[Allowed]] = ([], [])
    for entry in allowed:
        sides[bool(entry.difference.known)].append(entry)
    return sides


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of comparing two runs.

    Attributes:
        deciding: the differences that no entry of the policy allows.
        unused: the entries of the policy that allowed nothing here; see `stale`.
        compared: counts what was looked at, by what it is.
        noise: in what two runs of the one side differ, where that was measured; it decides nothing.
        unread: what could not be looked at. Where nothing differs in the rest, that leaves no verdict.
        policy: what decided, in words; "none" where nothing was allowed.
    """

    before: str
    after: str
    deciding: tuple[Difference, ...] = ()
    allowed: tuple[Allowed, ...] = ()
    unused: tuple[Allowance, ...] = ()
    compared: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    noise: tuple[Difference, ...] = ()
    unread: tuple[str, ...] = ()
    policy: str = ""

    @property
    def is_equivalent(self) -> bool:
        """True where nothing decides against it, something was compared at all, and nothing was left unread."""
        return not self.deciding and not self.unread and any(self.compared.values())

    @property
    def is_open(self) -> bool:
        """True where there is no verdict: nothing differs in what could be read, but not all could."""
        return bool(self.unread) and not self.deciding

    @property
    def stale(self) -> tuple[Allowance, ...]:
        """The entries that allowed nothing here though they must. Of several verdicts, see `stale_allowances`."""
        return tuple(entry for entry in self.unused if not entry.optional)

    @property
    def is_accepted(self) -> bool:
        """True where the runs are equivalent, and no entry of the policy is stale: what a gate asks for."""
        return self.is_equivalent and not self.stale

    @property
    def word(self) -> str:
        """The verdict in words, for every report."""
        if self.is_open:
            return NO_VERDICT
        if not self.is_equivalent:
            return "different"
        return "equivalent, but the policy is stale" if self.stale else "equivalent"


def stale_allowances(verdicts: Iterable[Verdict]) -> tuple[Allowance, ...]:
    """Return the entries that are stale in every verdict: over a matrix, one pair that needs an entry is enough."""
    stale: tuple[Allowance, ...] | None = None
    for verdict in verdicts:
        stale = verdict.stale if stale is None else tuple(entry for entry in stale if entry in verdict.stale)
    return stale or ()
