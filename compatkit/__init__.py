"""Keep ML training code running across a v1 to v2 change, migrate it, and prove that nothing logged changed."""

from __future__ import annotations

# Not typing's, which takes longer to import than all of this; type checkers know the name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from compatkit.record import EpochMetrics as EpochMetrics
    from compatkit.record import EpochRecord as EpochRecord
    from compatkit.record import read_history as read_history
    from compatkit.record import record_class as record_class
    from compatkit.shim import adapt as adapt
    from compatkit.shim import install as install
    from compatkit.shim import uninstall as uninstall
    from compatkit.shim.warning import ChangedCallWarning as ChangedCallWarning
    from compatkit.shim.warning import MovedNameWarning as MovedNameWarning
    from compatkit.shim.warning import UnreadResultWarning as UnreadResultWarning

__version__ = "0.1.0"

# Resolved on first use (PEP 562), so that `import compatkit` costs a training script next to nothing.
_HOMES = {
    "EpochMetrics": "compatkit.record",
    "EpochRecord": "compatkit.record",
    **dict.fromkeys(["ChangedCallWarning", "MovedNameWarning", "UnreadResultWarning"], "compatkit.shim.warning"),
    "adapt": "compatkit.shim",
    "install": "compatkit.shim",
    "read_history": "compatkit.record",
    "record_class": "compatkit.record",
    "uninstall": "compatkit.shim",
}

__all__ = [
    "ChangedCallWarning",
    "EpochMetrics",
    "EpochRecord",
    "MovedNameWarning",
    "UnreadResultWarning",
    "__version__",
    "adapt",
    "install",
    "read_history",
    "record_class",
    "uninstall",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Not `import_module`: importlib, and warnings with it, would be half of what `install()` costs.
    return getattr(__import__(_HOMES[name], fromlist=[name]), name)
