"""Event files of TensorBoard, record by record, without the time at which each was written."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path

from compatkit.budget import Budget
from compatkit.equivalence.reading.contents.flatten_values import put
from compatkit.equivalence.snapshot import Content

# tensorflow/core/util/event.proto and framework/summary.proto: the fields that are read here.
_WALL_TIME, _STEP, _SUMMARY = 1, 2, 5
_VALUE, _TAG, _SIMPLE = 1, 1, 2
_HEAD = struct.Struct("<QI")  # the length of a record and its checksum; four bytes of another follow the record

Field = tuple[int, int, bytes]


def read_events(path: Path, budget: Budget) -> Content:
    """Return the events by number: of scalars tag, step and value, of others their bytes. Raises `ValueError`."""
    values: dict[str, str] = {}
    for number, record in enumerate(_records(path.read_bytes())):
        budget.spend(size=len(record))
        for place, text in _event(record):
            put(values, f"event {number}{place}", text)
    return Content("events", values)


def _records(raw: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(raw):
        (length, _), start = _HEAD.unpack_from(raw, at), at + _HEAD.size
        if start + length + 4 > len(raw):
            raise ValueError("a record that is cut")
        yield raw[start : start + length]
        at = start + length + 4


def _event(record: bytes) -> Iterator[tuple[str, str]]:
    fields = [field for field in _fields(record) if field[0] != _WALL_TIME]
    step = next((str(int.from_bytes(raw, "little")) for number, _, raw in fields if number == _STEP), "0")
    yield ", step", step
    for at, (number, wire, raw) in enumerate(fields):
        if number == _SUMMARY and wire == 2:
            yield from ((f", value {which}", _summary(part)) for which, (_, _, part) in enumerate(_fields(raw)))
        elif number != _STEP:
            yield f", field {at}", f"{number} {_digest_of(raw)}"


def _summary(raw: bytes) -> str:
    """Return tag and number of a scalar, else the tag and a digest of all that is said."""
    fields = list(_fields(raw))
    tag = next((part.decode("utf-8", "replace") for number, wire, part in fields if (number, wire) == (_TAG, 2)), "")
    numbers = [struct.unpack("<f", part)[0] for number, wire, part in fields if (number, wire) == (_SIMPLE, 5)]
    if len(numbers) == 1 and {number for number, _, _ in fields} <= {_TAG, _SIMPLE, 9}:
        return f"{tag} {numbers[0]!r}"
    return f"{tag} {_digest_of(raw)}"


def _digest_of(raw: bytes) -> str:
    return f"{len(raw)} bytes, sha256 {hashlib.sha256(raw).hexdigest()}"


def _fields(raw: bytes) -> Iterator[Field]:
    """Yield number, wire type and bytes of each field of a message of Protocol Buffers."""
    at = 0
    while at < len(raw):
        key, at = _varint(raw, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(raw, at)
            yield key >> 3, wire, value.to_bytes(10, "little")
            continue
        size, at = (8, at) if wire == 1 else (4, at) if wire == 5 else _varint(raw, at)
        if wire not in {1, 2, 5} or at + size > len(raw):
            raise ValueError("not a message of Protocol Buffers")
        yield key >> 3, wire, raw[at : at + size]
        at += size


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(raw):
            break
        byte, at = raw[at], at + 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number that is cut")
