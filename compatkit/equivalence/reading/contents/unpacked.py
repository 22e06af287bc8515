"""Read compressed files and zip archives; count what they claim to hold before anything is unpacked."""

from __future__ import annotations

import bz2
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from compatkit.budget import MIB, Budget, BudgetError
from compatkit.equivalence.snapshot import Content, File

# The directory of a zip is read as a whole: some 600 bytes of memory for each 46 of it.
_MOST_DIRECTORY = 8 * MIB
_TAIL = 1 << 17  # bytes, more than the longest comment and the records at the end
# The records that end a zip, and where they tell the length of its directory.
_LAST = 22  # bytes of the first of these
_ENDS = ((b"PK\x05\x06", 12, 4), (b"PK\x06\x06", 40, 8))


@contextmanager
def opened_zip(path: Path, budget: Budget) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose members, unpacked, are within the budget, and have names of their own.

    `zipfile` unpacks no more of a member than was claimed. Raises `BudgetError`, `ValueError` or `BadZipFile`.
    """
    end = _require_short_directory(path)
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        # Python finds an archive in the midst of other bytes, which nothing here would look at.
        if end + len(archive.comment) != path.stat().st_size or min(
            (entry.header_offset for entry in members), default=0
        ):
            raise ValueError("bytes before or behind the archive")
        budget.spend(len(members), size=sum(member.file_size for member in members))
        if len({member.filename for member in members}) < len(members):
            raise ValueError("two members of one name")
        yield archive


def _require_short_directory(path: Path) -> int:
    """Return where the last record ends, but for its comment."""
    with path.open("rb") as stream:
        start_of_tail = max(path.stat().st_size - _TAIL, 0)
        stream.seek(start_of_tail)
        tail = stream.read()
    for mark, start, length in _ENDS:
        at = tail.rfind(mark)
        if at >= 0 and int.from_bytes(tail[at + start : at + start + length], "little") > _MOST_DIRECTORY:
            raise BudgetError("it holds too many members")
    return start_of_tail + tail.rfind(_ENDS[0][0]) + _LAST


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


def read_packed(path: Path, budget: Budget, read: ReadFile, inner: Path) -> Content:
    """Return what the file that is packed here says, read as `inner`, such as `table.csv` of `table.csv.gz`."""
    raw = path.read_bytes()
    whole = unpacked(raw, budget)
    if whole is raw:
        raise ValueError("it is not compressed")
    inner.write_bytes(whole)
    file = read(inner, budget)
    return file.content or Content("packed", {"unpacked": f"{file.size} bytes, sha256 {file.digest}"})
