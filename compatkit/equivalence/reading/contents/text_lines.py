"""Texts line by line; SVG and PostScript without dates and drawn ids, PDF by object without dates and offsets."""

from __future__ import annotations

import hashlib
import re
import zlib
from pathlib import Path

from compatkit.budget import BYTES, Budget, BudgetError
from compatkit.equivalence.reading.contents.flatten_values import put
from compatkit.equivalence.snapshot import Content

_LEFT_OUT = "…"
# When, and by which version, a figure was drawn: of SVG, and of PostScript.
_OCCASION = re.compile(
    r"(<dc:date>)[^<]*(?=</dc:date>)|(<dc:title>Matplotlib v)[0-9][^,<]*"
    r"|(?m:^(%%CreationDate: ).*|^(%%Creator: Matplotlib v)[0-9][^,\n]*)"
)
# An id that was drawn at random, as Matplotlib's `p0123456789`, and what names it.
_DRAWN_ID = re.compile(r"""(?<=id=")([A-Za-z]{0,4}[-_]?(?=[0-9a-f-]*[0-9])[0-9a-f]{8,}(?:-[0-9a-f]{4,12}){0,4})(?=")""")
_NAMED_ID = re.compile(r"""(?<=id=")[^"]+(?=")|(?<=#)[^")\s]+(?=[")])""")
# Of PDF.
_OBJECT = re.compile(rb"(?s)(?<![0-9])([0-9]+) ([0-9]+) obj\b(.*?)\bendobj\b")
_STREAM = re.compile(rb"(?s)\bstream\r?\n(.*?)\r?\n?endstream")
_DATES = re.compile(
    rb"(?s)/(?:CreationDate|ModDate|Producer|Creator)\s*\((?:[^()\\]|\\.)*\)"
    rb"|/ID\s*\[\s*<[^>]*>\s*<[^>]*>\s*\]"
    rb"|<(xmp:(?:Create|Modify|Metadata)Date|xmpMM:(?:Document|Instance)ID|pdf:Producer|xmp:CreatorTool)>[^<]*"
)
_OFFSETS = re.compile(rb"(?s)\bxref\s.*?(?=trailer)|startxref\s+[0-9]+")


def read_text(path: Path, budget: Budget) -> Content:
    """Return the lines, each with its end. Raises `UnicodeDecodeError` where they are not UTF-8."""
    return _lines("text", path.read_bytes().decode("utf-8"), budget)


def read_figure(path: Path, budget: Budget) -> Content:
    """Return the lines without when and by which version they were drawn; drawn ids are numbered in their order."""
    text = _OCCASION.sub(lambda found: f"{found[found.lastindex or 0]}{_LEFT_OUT}", path.read_bytes().decode("utf-8"))
    drawn = {name: f"drawn-{number}" for number, name in enumerate(dict.fromkeys(_DRAWN_ID.findall(text)))}
    return _lines("svg", _NAMED_ID.sub(lambda found: drawn.get(found[0], found[0]), text), budget)


def read_pdf(path: Path, budget: Budget) -> Content:
    """Return each object: its text, and what its stream says unpacked. Raises `ValueError` where there is none."""
    raw = path.read_bytes()
    if not raw.startswith(b"%PDF") or not raw.rstrip().endswith(b"%%EOF"):
        raise ValueError("not a PDF, or one that is cut")
    values: dict[str, str] = {}
    for number, found in enumerate(_OBJECT.finditer(raw)):
        said, streams = found[3], _STREAM.findall(found[3])
        place = f"object {number}: {found[1].decode()} {found[2].decode()}"
        put(values, place, _without_dates(_STREAM.sub(b"stream", said)))
        for at, stream in enumerate(streams):
            # Where the objects of a compressed table lie is no part of what it says.
            put(values, f"{place}, stream {at}", "" if b"/XRef" in said else _unpacked(stream, budget))
    put(values, "rest", _without_dates(_OFFSETS.sub(b"", _OBJECT.sub(b"", raw))))
    return Content("pdf", values)


def _lines(kind: str, text: str, budget: Budget) -> Content:
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        budget.spend()
        put(values, f"line {number}", line)
    return Content(kind, values)


def _without_dates(raw: bytes) -> str:
    return _DATES.sub(_LEFT_OUT.encode(), raw).strip().decode("latin-1")


def _unpacked(stream: bytes, budget: Budget) -> str:
    try:
        unpacking = zlib.decompressobj()
        raw = unpacking.decompress(stream, BYTES)
        if unpacking.unconsumed_tail:
            raise BudgetError("it unpacks to too many bytes")
    except zlib.error:
        raw = stream
    budget.spend(size=len(raw))
    raw = _DATES.sub(_LEFT_OUT.encode(), raw)
    return f"{len(raw)} bytes, sha256 {hashlib.sha256(raw).hexdigest()}"
