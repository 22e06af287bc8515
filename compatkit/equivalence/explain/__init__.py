"""Explain why two runs part, from what each recorded about its own setup."""

from __future__ import annotations

from compatkit.equivalence.explain.explain import Clue, Explanation, State, explain
from compatkit.equivalence.explain.first_divergence import Parting, first_parting, read_trace

__all__ = ["Clue", "Explanation", "Parting", "State", "explain", "first_parting", "read_trace"]
