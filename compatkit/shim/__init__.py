"""The run-time shim: old imports resolve, and either generation's records can be read, unmodified."""

from __future__ import annotations

from compatkit.shim.adapt import adapt
from compatkit.shim.errors import ShimError
from compatkit.shim.install import install, is_installed, shimmed, uninstall
from compatkit.shim.warning import ChangedCallWarning, MovedNameWarning, UnreadResultWarning

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
