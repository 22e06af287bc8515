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
