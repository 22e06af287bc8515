"""The run-time shim: old imports resolve, and either generation's records can be read, unmodified."""

from __future__ import annotations

from compatkit.shim.install import install, is_installed, uninstall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compatkit.shim.installed import shimmed
    from compatkit.shim.producers import adapt
    from compatkit.shim.warning import ChangedCallWarning, MovedNameWarning, ShimError, UnreadResultWarning

# Resolved on first use: `install` alone is what a training script calls at its start.
_LATER = {
    "ChangedCallWarning": "warning",
    "MovedNameWarning": "warning",
    "ShimError": "warning",
    "UnreadResultWarning": "warning",
    "adapt": "producers",
    "shimmed": "installed",
}

__all__ = [
    "ChangedCallWarning",
    "MovedNameWarning",
    "ShimError",
    "UnreadResultWarning",
    "adapt",
    "install",
    "is_installed",
    "shimmed",
    "uninstall",
]


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # `import compatkit` stays below 3 ms.
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
