"""`import compatkit.auto`, at the top of the main module, installs the shim there and in spawned children."""

from __future__ import annotations

from compatkit.shim.startup import start

start()
