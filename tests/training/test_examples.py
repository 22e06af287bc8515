"""The examples in the docstrings run."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

MODULES = ["data", "v2.loop.optimizers", "v2.orchestrator", "v2.settings.config", "v2.sweep"]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_run(name: str) -> None:
    results = doctest.testmod(import_module(f"compatkit.training.{name}"))

    assert (results.failed, results.attempted > 0) == (0, True)
