"""Addresses of servers and stores, as they may be shown."""

from __future__ import annotations

import re

# Up to the last @ before a slash: a password may hold one.
_PASSWORD = re.compile(r"(?<=://)([^\s/:@]*):[^\s/]*@")


def without_password(text: str) -> str:
    """Return `text`, an address or a sentence with addresses in it, with *** in the place of passwords.

    >>> without_password("API request to https://me:secret@host/api failed")
    'API request to https://me:***@host/api failed'
    """
    return _PASSWORD.sub(r"\1:***@", text)


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
