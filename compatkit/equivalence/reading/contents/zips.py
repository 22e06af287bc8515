"""Zip archives, of which no member is unpacked before its claims are counted."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compatkit.budget import MIB, Budget, BudgetError

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
            (each.header_offset for each in members), default=0
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
