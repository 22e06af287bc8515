"""Reports of every kind, from the values that the layers below return."""

from __future__ import annotations

# The forms in which a verdict can be had: those in words, and those of cases, each `FORMAT.of_cases`.
FORMATS = ("text", "json", "junit", "github", "markdown")
