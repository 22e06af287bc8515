"""Rewrite code named outside Python sources: notebooks, texts with examples, configurations."""

from __future__ import annotations
