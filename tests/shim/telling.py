"""Collect the warnings of the shim about uses of old names."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compatkit.shim import MovedNameWarning


@contextmanager
def told() -> Iterator[list[str]]:
    """Collect what is warned of in the block, as `file:line message`."""
    found: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
    assert {warning.category for warning in caught} <= {MovedNameWarning}
    found += [f"{Path(warning.filename).name}:{warning.lineno} {warning.message}" for warning in caught]
