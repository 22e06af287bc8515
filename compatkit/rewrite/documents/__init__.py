"""What names code outside Python sources: notebooks, texts with examples, configurations."""

from __future__ import annotations
