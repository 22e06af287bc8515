"""Reports of every kind, from the values that the layers below return."""

from __future__ import annotations
