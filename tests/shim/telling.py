"""What the shim tells whoever uses an old name."""

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
    assert {each.category for each in caught} <= {MovedNameWarning}
    found += [f"{Path(each.filename).name}:{each.lineno} {each.message}" for each in caught]
