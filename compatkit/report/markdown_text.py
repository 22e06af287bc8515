"""Texts in GitHub's Markdown such that they show as they are, in a table too: nothing in them is markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from compatkit.report.migrate_text import printable

# In a code span nothing is markup but these: the fence, the end of a table's cell and what escapes it.
_PLAIN = re.compile(r"[^`|\\]+")


def code(text: str) -> str:
    """Return the text as code, whatever is in it. Where a code span cannot hold it, as HTML with entities.

    >>> code("val_loss")
    '`val_loss`'
    >>> code("a|b")
    '<code>a&#124;b</code>'
    """
    shown = printable(text)
    if not shown.strip():
        return f"<code>{'&#32;' * len(shown)}</code>" if shown else ""
    if _PLAIN.fullmatch(shown) and shown == shown.strip():
        return f"`{shown}`"
    return f"<code>{_entities(shown)}</code>"


def prose(text: str) -> str:
    """Return the text as running text in which nothing is markup, nor a link or a mention."""
    return _entities(printable(text))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; the cells are Markdown already."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _entities(text: str) -> str:
    return "".join(
        character if character.isalnum() or character in " ,;()" else _entity(character) for character in text
    )


def _entity(character: str) -> str:
    # A hyphen within a line and a full stop between digits are no markup; `www.` would be a link.
    return f"&#{ord(character)};"
