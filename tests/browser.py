"""Find and start the browser that opens HTML reports."""

from __future__ import annotations

import os
import shutil

# As root, as CI runs, Chromium has no sandbox; the pages are our own.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """Return the path of Chromium; it is not downloaded."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = (shutil.which(name) for name in names)
    return os.environ.get("COMPATKIT_CHROMIUM") or next((path for path in found if path), None)
