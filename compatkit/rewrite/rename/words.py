"""A name as a word of a text."""

from __future__ import annotations

import re


def words_of(name: str) -> re.Pattern[str]:
    """Return the pattern of a name that is not a part of a longer one."""
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
