"""`python -m compatkit`."""

from __future__ import annotations

from compatkit.cli import main

main()
