"""Equivalent or not, with the differences that decide it and those that are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from compatkit.equivalence.difference import Difference
from compatkit.migration import Allowance


@dataclass(frozen=True, slots=True)
class Allowed:
    """A difference that the policy allows, and the entry that does."""

    difference: Difference
    by: Allowance


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison of two runs came to. `compared` counts what was looked at, by what it is."""

    before: str
    after: str
    deciding: tuple[Difference, ...] = ()
    allowed: tuple[Allowed, ...] = ()
    unused: tuple[Allowance, ...] = ()
    compared: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def is_equivalent(self) -> bool:
        """True where nothing decides against it, and something was compared at all."""
        return not self.deciding and any(self.compared.values())
