"""The places where two versions of a file differ, to be taken one by one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines `start` to `end` of the old version (from 0, end excluded), and what takes their place."""

    start: int
    end: int
    old: tuple[bytes, ...]
    new: tuple[bytes, ...]


def split_lines(source: bytes) -> list[bytes]:
    """Split as a patch does: it knows no line ends but this one, unlike `bytes.splitlines`."""
    lines = [line + b"\n" for line in source.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def find_hunks(before: bytes, after: bytes) -> tuple[Hunk, ...]:
    """Return the differences, in order; two that touch are one."""
    old, new = split_lines(before), split_lines(after)
    codes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return tuple(
        Hunk(first, last, tuple(old[first:last]), tuple(new[start:end]))
        for kind, first, last, start, end in codes
        if kind != "equal"
    )


def apply_hunks(before: bytes, hunks: Iterable[Hunk]) -> bytes:
    """Return the old version with these hunks and no others."""
    lines = split_lines(before)
    for hunk in sorted(hunks, key=lambda one: one.start, reverse=True):
        lines[hunk.start : hunk.end] = hunk.new
    return b"".join(lines)
