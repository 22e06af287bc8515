"""Files that are compressed as a whole: what they hold counts, and not when and how it was packed."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from compatkit.budget import MIB, Budget
from compatkit.equivalence.snapshot import Content, File

_MEMORY = 128 * MIB  # of a decompressor: the head of a file of few bytes may claim gigabytes
# What unpacks, by the first bytes; zlib is what joblib packs with.
_UNPACKERS: dict[bytes, Callable[[], Any]] = {
    **dict.fromkeys((b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"), lambda: _Inflating()),
    b"BZh": bz2.BZ2Decompressor,
    **dict.fromkeys((b"\xfd7zXZ", b"\x5d\x00\x00"), lambda: lzma.LZMADecompressor(memlimit=_MEMORY)),
}

ReadFile = Callable[[Path, Budget], File]


class _Inflating:
    """zlib's and gzip's unpacker, with the methods of the others."""

    def __init__(self) -> None:
        self._own = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._rest = b""

    def decompress(self, raw: bytes, most: int) -> bytes:
        part = self._own.decompress(self._rest + raw, most)
        self._rest = self._own.unconsumed_tail
        return part

    @property
    def eof(self) -> bool:
        return self._own.eof

    @property
    def unused_data(self) -> bytes:
        return self._own.unused_data


def unpacked(raw: bytes, budget: Budget) -> bytes:
    """Return what compressed bytes hold, stream by stream, other bytes as they are.

    Raises `BudgetError` where it is too much, `ValueError` where it is cut, and what the unpackers raise.
    """
    unpacker = next((unpacker for mark, unpacker in _UNPACKERS.items() if raw.startswith(mark)), None)
    if unpacker is None:
        return raw
    parts = []
    while raw:
        unpacking = unpacker()
        while not unpacking.eof:
            part = unpacking.decompress(raw, MIB)
            if not part and not unpacking.eof and not raw:
                raise ValueError("it is cut")
            raw = b""
            budget.spend(size=len(part))
            parts.append(part)
        raw = unpacking.unused_data.lstrip(b"\0")  # what tools pad with
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
