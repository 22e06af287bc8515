"""Rewrite references to code outside Python sources: in notebooks, texts with examples, and configurations."""

from __future__ import annotations
