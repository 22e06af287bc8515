"""The run-time shim: old imports resolve, and either generation's records can be read, unmodified."""

from __future__ import annotations

from compatkit.shim.install import install, shimmed, uninstall
from compatkit.shim.warning import MovedNameWarning

__all__ = ["MovedNameWarning", "install", "shimmed", "uninstall"]
