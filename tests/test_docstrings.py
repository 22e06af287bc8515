"""The examples in the docstrings run."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest

import compatkit

ROOT = Path(compatkit.__file__).parent
EXAMPLE = re.compile(r"(?m)^\s+>>> ")
MODULES = sorted(
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in ROOT.rglob("*.py")
    if EXAMPLE.search(path.read_text(encoding="utf-8"))
)


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_run(name: str) -> None:
    results = doctest.testmod(import_module(name))

    assert (results.failed, results.attempted > 0) == (0, True)
