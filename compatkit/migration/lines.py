"""Find the lines of the entries in a TOML text, and of what an error is about. `tomllib` does not tell."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from compatkit.migration.errors import MigrationError

# Keys, and the numbers of the elements of arrays, from 0.
Path: TypeAlias = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\n]+")


def find_lines(text: str) -> Mapping[Path, int]:
    """Return the line, from 1, on which each entry of a valid TOML text first stands.

    >>> find_lines("a = 1\\n[[moves]]\\ncode = 'X'")[("moves", 0, "code")]
    3
    """
    scan = _Scan(text)
    scan.document()
    return scan.lines


class TextPair(NamedTuple):
    """A key and its value, and where they stand in the text, quotes and brackets included."""

    path: Path
    key: tuple[int, int]
    value: tuple[int, int]


def find_pairs(text: str) -> list[TextPair]:
    r"""Return every key of a valid TOML text that has a value of its own, in order; tables have none.

    >>> find_pairs("[a]\nb.c = 'X'")
    [TextPair(path=('a', 'b', 'c'), key=(6, 7), value=(10, 13))]
    """
    scan = _Scan(text)
    scan.document()
    if "\r\n" not in text:
        return scan.pairs
    behind = [at for at, character in enumerate(text) if not text.startswith("\r\n", at)]
    behind.append(len(text))
    # Where a line feed stands, its carriage return belongs to it.
    return [
        TextPair(path, (behind[key[0]], behind[key[1] - 1] + 1), (behind[value[0]], behind[value[1] - 1] + 1))
        for path, key, value in scan.pairs
    ]


class _Scan:
    """A walk over a text that `tomllib` has already accepted: nothing is checked here."""

    def __init__(self, text: str) -> None:
        # As tomllib does, so that an offset means the same.
        self._text = text.replace("\r\n", "\n")
        self._at = 0
        self._newlines = [at for at, character in enumerate(self._text) if character == "\n"]
        self._lengths: dict[Path, int] = {}
        self._last_key = (0, 0)
        self.lines: dict[Path, int] = {}
        self.pairs: list[TextPair] = []

    def document(self) -> None:
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Path:
        is_array = self._text.startswith("[[", self._at)
        start = self._at
        self._at += 2 if is_array else 1
        parts = self._key()
        self._at += 2 if is_array else 1
        path: Path = ()
        for number, part in enumerate(parts, start=1):
            path = (*path, part)
            self._mark(path, start)
            if number == len(parts) and is_array:
                self._lengths[path] = self._lengths.get(path, 0) + 1
            if path in self._lengths:
                # A header that names an array of tables means its last element.
                path = (*path, self._lengths[path] - 1)
                self._mark(path, start)
        return path

    def _pair(self, table: Path) -> None:
        start = self._at
        parts = self._key()
        for end in range(1, len(parts) + 1):
            self._mark((*table, *parts[:end]), start)
        key = self._last_key
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        begin, number = self._at, len(self.pairs)
        self._value((*table, *parts))
        end = begin + len(self._text[begin : self._at].rstrip())
        # In front of those in its own inline table.
        self.pairs.insert(number, TextPair((*table, *parts), key, (begin, end)))

    def _key(self) -> tuple[str, ...]:
        parts = []
        while True:
            self._skip(_SPACE)
            if found := _BARE_KEY.match(self._text, self._at):
                parts.append(found[0])
            elif found := _STRING.match(self._text, self._at):
                parts.append(tomllib.loads(f"key = {found[0]}")["key"])
            assert found is not None, "tomllib accepted this text"
            self._last_key = found.span()
            self._at = found.end()
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return tuple(parts)
            self._at += 1

    def _value(self, path: Path) -> None:
        if self._text[self._at] == "[":
            self._elements(path, "]")
        elif self._text[self._at] == "{":
            self._elements(path, "}")
        else:
            self._skip(_STRING)
            self._skip(_BARE_VALUE)

    def _elements(self, path: Path, end: str) -> None:
        """Pass an array, or an inline table."""
        self._at += 1
        number = 0
        self._skip(_BLANK)
        while self._text[self._at] != end:
            if end == "]":
                self._mark((*path, number), self._at)
                self._value((*path, number))
            else:
                self._pair(path)
            number += 1
            self._skip(_BLANK)
            if self._text[self._at] == ",":
                self._at += 1
                self._skip(_BLANK)
        self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if found := pattern.match(self._text, self._at):
            self._at = found.end()

    def _mark(self, path: Path, at: int) -> None:
        self.lines.setdefault(path, bisect_right(self._newlines, at - 1) + 1)


_ROW = re.compile(r"\[\[(\w+)\]\] (\d+)(?: \(.*\))?")
_ROW_OF = re.compile(r"\[\[(\w+)\]\] of (.+)")
_TABLE = re.compile(r"\[(\w+)\](?: \(.*\))?")
_QUOTED = re.compile(r"'([^']+)'")
_SYNTAX = re.compile(r"\(at line (\d+), column \d+\)")


def locate(error: MigrationError, text: str, document: Mapping[str, object], origin: str) -> int | None:
    """Return the line, from 1, of the entry that an error names, or None where it names none."""
    lines = find_lines(text)
    path = entry_path(error, document, origin)
    inside = [found for found in lines if found[: len(path)] == path and len(found) > len(path)]
    key = error.key_path
    if key and (named := [found for found in inside if found[-len(key) :] == key]):
        return lines[named[0]]
    if path in lines:
        return lines[path]
    rows = [*_named_rows(error, document)]
    # The same text may stand elsewhere in the file.
    said = [found for found in _declared_twice(error, document) if found in lines and (not rows or found[:2] in rows)]
    if named := said or [found for found in rows if found in lines]:
        return max(lines[found] for found in named)
    return 1 if key else None


def syntax_line(reason: str) -> int | None:
    """Return the line that an error of `tomllib` names."""
    found = _SYNTAX.search(reason)
    return int(found[1]) if found else None


def entry_path(error: MigrationError, document: Mapping[str, object], origin: str) -> Path:
    """Return the path of the table that an error names; empty for the whole file.

    Errors name a table as `Entry` does: the file, then one part for each step inwards, such as `[[moves]] 3 (CK103)`.
    """
    path: Path = ()
    for part in error.where.removeprefix(origin).split(", ")[1:]:
        if row := _ROW.fullmatch(part):
            path = (*path, row[1], int(row[2]) - 1)
        elif row := _ROW_OF.fullmatch(part):
            path = (*path, row[1], _row_of(document.get(row[1]), row[2]))
        elif table := _TABLE.fullmatch(part):
            path = (*path, table[1])
        else:
            path = (*path, *part.split("."))
    return path


def _row_of(rows: object, name: str) -> int:
    owners = [row.get("of") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return owners.index(name) if name in owners else 0


def _declared_twice(error: MigrationError, document: Mapping[str, object]) -> Iterator[Path]:
    """Yield where the value stands that two entries declare, or that several entries are about."""
    quoted = _QUOTED.search(error.what)
    # Without a quotation it is such as `position of the arguments of pkg.Thing is [1], expected …`.
    wanted = quoted[1] if quoted else error.what.partition(" is ")[0].rpartition(" ")[2]
    yield from (path for path, value in _leaves(document, ()) if value == wanted)


def _named_rows(error: MigrationError, document: Mapping[str, object]) -> Iterator[Path]:
    """Yield the rows whose codes the error names."""
    codes = {*re.findall(r"\b[A-Z]{2,}\d{3,}\b", error.what)}
    for table, rows in document.items():
        for number, row in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(row, dict) and row.get("code") in codes:
                yield (table, number)


def _leaves(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, (*path, number))
    else:
        yield path, value
