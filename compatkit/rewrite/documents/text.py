"""A document's bytes as text, and back without a loss."""

from __future__ import annotations

import re

from compatkit.rewrite.documents.sheet import NEWLINE
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.outcome import RewriteError

_BOM = b"\xef\xbb\xbf"
_NEWLINE_BYTES = re.compile(rb"\r\n|\r|\n")


def read_document(data: bytes) -> Source:
    """Decode a document. What is not UTF-8 is read as Latin-1, which gives every byte a character and back."""
    bom = len(_BOM) if data.startswith(_BOM) else 0
    try:
        text, encoding = data[bom:].decode(), "utf-8"
    except UnicodeDecodeError:
        text, encoding = data[bom:].decode("latin-1"), "latin-1"
    starts = (0, *(newline.end() for newline in NEWLINE.finditer(text)))
    return Source(data, text, encoding, starts, (bom, *(found.end() for found in _NEWLINE_BYTES.finditer(data))))


def encode_document(source: Source, text: str) -> bytes:
    """Return the bytes of a changed text. Raises `RewriteError` for a new name that the encoding cannot spell."""
    bom = _BOM if source.data.startswith(_BOM) else b""
    try:
        return bom + text.encode(source.encoding)
    except UnicodeEncodeError as error:
        raise RewriteError.unplaceable(source.encoding, 0) from error
