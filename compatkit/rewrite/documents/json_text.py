"""Find the strings of a JSON text: the json module gives their values, but not their positions."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from compatkit.rewrite.documents.document_text import DocumentError
from compatkit.rewrite.edit.edit import Edit

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]', re.DOTALL)
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
# Deeper places are told apart by nobody.
_PATH = 8
_MOST_VALUES = 2_000_000
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class JsonString:
    """A string at `start` to `end`, its quotes included. `path` leads to it from the top, as far as it is kept."""

    start: int
    end: int
    raw: str
    path: Path
    is_key: bool

    @property
    def value(self) -> str:
        value: str = json.loads(self.raw)
        return value

    def offsets(self) -> list[int]:
        """Return where in the text each character of the value stands, and where the string closes."""
        inside = self.raw[1:-1]
        return [self.start + 1 + match.start() for match in _CHARACTER.finditer(inside)] + [self.end - 1]


def parse_json_text(text: str, kind: str = "JSON") -> object:
    """Return what a text says, its numbers as they are spelled. Raises `DocumentError`."""
    if text.count(",") + text.count("[") + text.count("{") > _MOST_VALUES:
        # Some hundred bytes of memory for each.
        raise DocumentError.too_large(kind, "it holds too many values")
    try:
        return json.loads(text, parse_float=_spelled, parse_int=_spelled, parse_constant=_spelled)
    except json.JSONDecodeError as error:
        raise DocumentError.broken(kind, error.msg, line=error.lineno, column=error.colno) from error
    except RecursionError as error:
        raise DocumentError(
            f"This {kind} is nested more deeply than Python can parse",
            hint="change the old names in it by hand",
            code="CK901",
        ) from error


def find_strings_of_json(text: str) -> Iterator[JsonString]:
    """Yield all strings of a text that is known to be JSON. No recursion: any depth will do."""
    path: list[str | int] = []
    is_object: list[bool] = []
    expects_key = False
    for match in _TOKEN.finditer(text):
        token = match.group()
        match token:
            case "{" | "[":
                is_object.append(token == "{")
                path.append("" if token == "{" else 0)
                expects_key = token == "{"
            case "}" | "]":
                is_object.pop()
                path.pop()
                expects_key = False
            case ",":
                expects_key = is_object[-1]
                last = path[-1]
                if isinstance(last, int):
                    path[-1] = last + 1
            case ":":
                expects_key = False
            case _:
                if expects_key:
                    path[-1] = json.loads(token)
                yield JsonString(match.start(), match.end(), token, tuple(path[:_PATH]), expects_key)


def encode(value: str, *, ascii_only: bool) -> str:
    """Return a value as it stands between quotes."""
    return json.dumps(value, ensure_ascii=ascii_only)[1:-1]


def _spelled(number: str) -> tuple[str]:
    return (number,)


class Embedded:
    """The text that some strings of a JSON document spell together."""

    def __init__(self, document: str, pieces: list[JsonString], *, is_list: bool) -> None:
        self._document = document
        self._pieces = pieces
        self._is_list = is_list
        self._values = [piece.value for piece in pieces]
        self._starts = list(accumulate(map(len, self._values), initial=0))
        self._offsets: dict[int, list[int]] = {}
        self.text = "".join(self._values)

    def offset(self, at: int) -> int:
        """Return where in the document a character of the text stands."""
        index = self._piece(at)
        return self._offsets_of(index)[at - self._starts[index]]

    def placed(self, edit: Edit) -> Edit | None:
        """Return an edit of this text as one of the document, or None where it reaches over several strings."""
        index = self._piece(edit.start)
        start, end = edit.start - self._starts[index], edit.end - self._starts[index]
        if end > len(self._values[index]):
            return None
        at = self.offset(edit.at)
        if self._is_list and not edit.text and end - start == len(self._values[index]) and len(self._pieces) > 1:
            first, last = self._without(index)
            return Edit(first, last, "", edit.code, at, edit.message)
        offsets = self._offsets_of(index)
        text = self._encoded(edit.text, index, is_last=end == len(self._values[index]))
        return Edit(offsets[start], offsets[end], text, edit.code, at, edit.message)

    def _offsets_of(self, index: int) -> list[int]:
        if index not in self._offsets:
            self._offsets[index] = self._pieces[index].offsets()
        return self._offsets[index]

    def _piece(self, at: int) -> int:
        # The end of the text belongs to its last string.
        return min(bisect_right(self._starts, at), len(self._pieces)) - 1

    def _without(self, index: int) -> tuple[int, int]:
        """Return what goes with a line of the list: its string, and the comma on one side."""
        if index + 1 < len(self._pieces):
            return self._pieces[index].start, self._pieces[index + 1].start
        return self._pieces[index - 1].end, self._pieces[index].end

    def _encoded(self, text: str, index: int, *, is_last: bool) -> str:
        raw = self._pieces[index].raw
        ascii_only = raw.isascii() and ("\\u" in raw or self._document.isascii())
        if not self._is_list:
            return encode(text, ascii_only=ascii_only)
        lines = text.split("\n")
        between = '\\n"' + self._separator(index) + '"'
        encoded = between.join(encode(line, ascii_only=ascii_only) for line in lines)
        # A line feed at the very end of a string stays there: each string is a line.
        return encoded[: -len(between)] + "\\n" if is_last and len(lines) > 1 and not lines[-1] else encoded

    def _separator(self, index: int) -> str:
        """Return what stands between two strings of the list."""
        if len(self._pieces) > 1:
            first = min(index, len(self._pieces) - 2)
            return self._document[self._pieces[first].end : self._pieces[first + 1].start]
        before = self._document[: self._pieces[0].start]
        return "," + before[len(before.rstrip()) :]
