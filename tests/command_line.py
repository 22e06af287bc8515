"""Run a command of click within the process of the test."""

from __future__ import annotations

import inspect

from click.testing import CliRunner


def command_runner() -> CliRunner:
    """Return a runner that keeps stdout and stderr apart: before click 8.2 it has to be told."""
    if "mix_stderr" in inspect.signature(CliRunner).parameters:
        return CliRunner(mix_stderr=False)  # type: ignore[call-arg]
    return CliRunner()
