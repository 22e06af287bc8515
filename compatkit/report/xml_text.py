"""What XML 1.0 can hold of a text."""

from __future__ import annotations

import re

# XML 1.0 cannot hold these, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """Return the text with a mark in place of what XML cannot hold; the writer escapes the rest."""
    return _FORBIDDEN.sub("\ufffd", text)
