"""Text that UTF-8 cannot hold: a byte of a file name that is no text, or half a character."""

from __future__ import annotations


def is_encodable(text: str) -> bool:
    """Tell whether `text` can be written in UTF-8, in which every file and store of compatkit is."""
    # A text in ASCII knows that it is one.
    return text.isascii() or made_encodable(text) == text


def made_encodable(text: str) -> str:
    r"""Return `text` with escapes in the place of what UTF-8 cannot hold.

    >>> made_encodable("no file b\udcff.csv")
    'no file b\\udcff.csv'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
