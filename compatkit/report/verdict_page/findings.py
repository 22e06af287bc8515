"""The differences of a verdict by the thing that they are about, so that tables and charts can say its state."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from compatkit.equivalence.difference import Difference, Kind
from compatkit.equivalence.verdict import Verdict, parted

# What tells when two runs part; a metric that only one run has does not.
PARTING = {Kind.METRIC_VALUE, Kind.METRIC_STEPS}


class FindingState(Enum):
    """The state of one metric, param or tensor; the page shows the value."""

    DECIDES = "differs"
    ALLOWED = "allowed"
    SETTLED = "settled"
    NEAR = "within tolerance"
    EQUAL = "equal"

    @property
    def rank(self) -> int:
        """Sort what decides first."""
        return list(FindingState).index(self)


class Findings:
    """Looks up the differences of one verdict by category and name."""

    def __init__(self, verdict: Verdict) -> None:
        self._deciding = _by_subject(verdict.deciding)
        allowed, settled = parted(verdict.allowed)
        self._allowed = _by_subject(entry.difference for entry in allowed)
        self._settled = _by_subject(entry.difference for entry in settled)
        self._why = {_subject(entry.difference): entry.by.why for entry in verdict.allowed}

    def about(self, category: str, name: str) -> tuple[Difference, ...]:
        """Return all differences of one thing, those that decide first."""
        subject = (category, name)
        return tuple(
            difference
            for found in (self._deciding, self._allowed, self._settled)
            for difference in found.get(subject, ())
        )

    def state(self, category: str, name: str, *, is_equal: bool = True) -> FindingState:
        """Return the state; `is_equal` False is for what the page knows to differ, though no difference says so."""
        subject = (category, name)
        if subject in self._deciding:
            return FindingState.DECIDES
        if subject in self._allowed:
            return FindingState.ALLOWED
        if subject in self._settled:
            return FindingState.SETTLED
        return FindingState.EQUAL if is_equal else FindingState.NEAR

    def state_of_part(self, category: str, name: str) -> FindingState:
        """Return the state of what differs, but is told only by a difference of the whole that it belongs to."""
        all_of_them = (*self._deciding, *self._allowed, *self._settled)
        owners = {subject for subject in all_of_them if _is_part(category, name, subject)}
        if not owners or owners & self._deciding.keys():
            return FindingState.DECIDES
        return FindingState.ALLOWED if owners & self._allowed.keys() else FindingState.SETTLED

    def why(self, category: str, name: str) -> str:
        """Return the reason of an allowed difference, or nothing."""
        return self._why.get((category, name), "")


def _by_subject(differences: Iterable[Difference]) -> dict[tuple[str, str], list[Difference]]:
    found: dict[tuple[str, str], list[Difference]] = {}
    for difference in differences:
        found.setdefault(_subject(difference), []).append(difference)
    return found


def _subject(difference: Difference) -> tuple[str, str]:
    return difference.kind.category, difference.name


def _is_part(category: str, name: str, subject: tuple[str, str]) -> bool:
    kind, whole = subject
    if kind != category or name == whole:
        return False
    return name.startswith(f"{whole}: ") or any(
        part in name and part in whole and name.partition(part)[0] == whole.partition(part)[0]
        for part in (": layer ", ": operation ")
    )
