"""Text as it may be shown and stored: addresses without passwords, what UTF-8 cannot hold, strings of TOML."""

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


def toml_text(text: str) -> str:
    r"""Return `text` as a string of TOML, in quotes.

    >>> toml_text("a\x85\t\N{GRINNING FACE}\x7f")
    '"a\x85\\t😀\\u007f"'
    """
    # The run-time path does without.
    import json

    # A JSON string is a TOML string, but for the one control character that JSON does not escape. Half of a character
    # is none to TOML, so that nothing beyond ASCII may be escaped as JSON does.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
