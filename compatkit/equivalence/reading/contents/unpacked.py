"""Files that are compressed as a whole: what they hold counts, and not when and how it was packed."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from compatkit.budget import MIB, Budget
from compatkit.equivalence.snapshot import Content, File

# By the first bytes; zlib is what joblib packs with.
_OPENERS: dict[bytes, Callable[[BytesIO], gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile]] = {
    b"\x1f\x8b": lambda raw: gzip.GzipFile(fileobj=raw),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
    b"\x5d\x00\x00": lzma.LZMAFile,
}
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")

ReadFile = Callable[[Path, Budget], File]


def unpacked(raw: bytes, budget: Budget) -> bytes:
    """Return what compressed bytes hold, other bytes as they are. Raises `BudgetError` where it is too much."""
    if raw.startswith(_ZLIB):
        return _inflated(raw, budget)
    opener = next((opener for mark, opener in _OPENERS.items() if raw.startswith(mark)), None)
    if opener is None:
        return raw
    parts = []
    with opener(BytesIO(raw)) as stream:
        while part := stream.read(MIB):
            budget.spend(size=len(part))
            parts.append(part)
    return b"".join(parts)


def _inflated(raw: bytes, budget: Budget) -> bytes:
    inflating, parts = zlib.decompressobj(), []
    while not inflating.eof:
        part = inflating.decompress(raw, MIB)
        if not part:
            raise ValueError("it is cut")
        budget.spend(size=len(part))
        parts.append(part)
        raw = inflating.unconsumed_tail
    if inflating.unused_data:
        raise ValueError("more than one stream")
    return b"".join(parts)


def read_packed(path: Path, budget: Budget, read: ReadFile, folder: Path) -> Content:
    """Return what the file that is packed here says, read by its own name, such as `table.csv` of `table.csv.gz`."""
    raw = path.read_bytes()
    whole = unpacked(raw, budget)
    if whole is raw:
        raise ValueError("it is not compressed")
    name = path.with_suffix(".tar").name if path.suffix.lower() == ".tgz" else path.with_suffix("").name
    inner = folder / name
    inner.write_bytes(whole)
    file = read(inner, budget)
    return file.content or Content("packed", {"unpacked": f"{file.size} bytes, sha256 {file.digest}"})
