"""Words that all parts of a declaration share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Confidence = Literal["safe", "review", "manual"]
# The code that a migration may bring, beside its migration.toml.
TRANSFORM_FILE = "transform.py"


def relocate(name: str, homes: Mapping[str, str]) -> str:
    """Return `name` with the longest declared prefix replaced by the project's own; whole components only."""
    for prefix in sorted(homes, key=len, reverse=True):
        if name == prefix or name.startswith(prefix + "."):
            return homes[prefix] + name[len(prefix) :]
    return name
