"""The file that `compatkit run --census FILE` leaves: every use of an old name, with the line that it came from."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from compatkit.errors import CompatkitError

SCHEMA = 1


class CensusError(CompatkitError):
    """A census file that cannot be read."""

    @classmethod
    def unreadable(cls, path: Path, reason: str) -> CensusError:
        hint = "give a file that `compatkit run --census FILE` wrote"
        return cls(f"The census cannot be read: {reason}.", where=str(path), hint=hint)

    @classmethod
    def wrong_value(cls, path: Path, key: str, value: object, expected: str) -> CensusError:
        what = f"{key} is missing" if value is None else f"{key} is {value!r}"
        return cls(f"{what}, expected {expected}.", where=str(path), hint="record it again")


@dataclass(frozen=True, slots=True, order=True)
class CountedUse:
    """So many uses of an old name, from one line. `file` is relative to the working directory, or in `<…>`."""

    file: str
    line: int
    code: str
    old: str
    count: int = field(compare=False)


def read_censuses(paths: Iterable[Path]) -> tuple[CountedUse, ...]:
    """Read census files and add them up. Raises `CensusError`, naming file, entry and key."""
    counts: Counter[tuple[str, int, str, str]] = Counter()
    for path in paths:
        for use in _uses(path):
            counts[use.file, use.line, use.code, use.old] += use.count
    return tuple(CountedUse(*key, count) for key, count in sorted(counts.items()))


def _uses(path: Path) -> Iterator[CountedUse]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CensusError.unreadable(path, error.strerror or "it is not there") from error
    except (ValueError, RecursionError) as error:
        why = f"it is no JSON: {error}" if path.stat().st_size else "it is empty: its run ended before it was written"
        raise CensusError.unreadable(path, why) from error
    if not isinstance(document, dict):
        raise CensusError.wrong_value(path, "the document", document, "an object")
    # JSON's `true` equals 1 in Python.
    if (schema := document.get("schema")) != SCHEMA or isinstance(schema, bool):
        what = f"schema is {schema!r}, expected {SCHEMA}, the only schema known."
        raise CensusError(what, where=str(path), hint="record it again with this version of compatkit")
    uses = document.get("uses")
    if not isinstance(uses, list):
        raise CensusError.wrong_value(path, "uses", uses, "a list")
    for number, entry in enumerate(uses, start=1):
        if not isinstance(entry, dict):
            raise CensusError.wrong_value(path, f"use {number}", entry, "an object")
        yield _use(path, entry, f"use {number}")


def _use(path: Path, entry: dict[str, object], name: str) -> CountedUse:
    def text(key: str) -> str:
        value = entry.get(key)
        # What is printed later must be printable, and no escape sequence.
        if not isinstance(value, str) or not value or not value.isprintable():
            raise CensusError.wrong_value(path, f"{name}, {key}", value, "a text without control characters")
        return value

    def number(key: str, least: int) -> int:
        value = entry.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise CensusError.wrong_value(path, f"{name}, {key}", value, f"a whole number, {least} or more")
        return value

    return CountedUse(_relative(text("file")), number("line", 0), text("code"), text("old"), number("count", 1))


def _relative(file: str) -> str:
    # `<unknown>`, `<stdin>` and their like are no paths.
    return file if file.startswith("<") else os.path.relpath(Path(file).resolve())
