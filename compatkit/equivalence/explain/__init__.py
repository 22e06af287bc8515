"""Why did they part? What two runs say of how they were made, set against each other, from the start on."""

from __future__ import annotations

from compatkit.equivalence.explain.clue import Clue, Explanation, State
from compatkit.equivalence.explain.explain import explain
from compatkit.equivalence.explain.parting import Parting, first_parting
from compatkit.equivalence.explain.read_trace import read_trace

__all__ = ["Clue", "Explanation", "Parting", "State", "explain", "first_parting", "read_trace"]
