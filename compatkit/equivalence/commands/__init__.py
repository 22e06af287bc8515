"""Verify any two commands, or one command in two trees: run each into a store of its own, and compare."""

from __future__ import annotations

from compatkit.equivalence.commands.declared import Declared, declared_in, declared_scenarios
from compatkit.equivalence.commands.process import ended_by_signals
from compatkit.equivalence.commands.result import Comparison, Result, RunVerdict
from compatkit.equivalence.commands.scenario import CommandScenario
from compatkit.equivalence.commands.verify import verify_commands
from compatkit.equivalence.errors import CommandError

__all__ = [
    "CommandError",
    "CommandScenario",
    "Comparison",
    "Declared",
    "Result",
    "RunVerdict",
    "declared_in",
    "declared_scenarios",
    "ended_by_signals",
    "verify_commands",
]
