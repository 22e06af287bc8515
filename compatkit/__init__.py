"""Keep ML training code running across a v1 to v2 change, migrate it, and prove that nothing logged changed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compatkit.record import EpochMetrics as EpochMetrics
    from compatkit.record import EpochRecord as EpochRecord
    from compatkit.record import read_history as read_history
    from compatkit.shim import install as install
    from compatkit.shim import uninstall as uninstall

__version__ = "0.1.0"

# Resolved on first use (PEP 562), so that `import compatkit` costs a training script next to nothing.
_HOMES = {
    "EpochMetrics": "compatkit.record",
    "EpochRecord": "compatkit.record",
    "install": "compatkit.shim",
    "read_history": "compatkit.record",
    "uninstall": "compatkit.shim",
}

__all__ = ["EpochMetrics", "EpochRecord", "__version__", "install", "read_history", "uninstall"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
