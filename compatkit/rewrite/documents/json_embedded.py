"""A text that is kept in JSON, as one string or as a list of lines, and the way back from its characters."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from compatkit.rewrite.documents.json_text import JsonString, encode
from compatkit.rewrite.edit.edit import Edit


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

    def placed(self, draft: Edit) -> Edit | None:
        """Return a draft for this text as one for the document, or None where it reaches over several strings."""
        index = self._piece(draft.start)
        start, end = draft.start - self._starts[index], draft.end - self._starts[index]
        if end > len(self._values[index]):
            return None
        at = self.offset(draft.at)
        if self._is_list and not draft.text and end - start == len(self._values[index]) and len(self._pieces) > 1:
            first, last = self._without(index)
            return Edit(first, last, "", draft.code, at, draft.message)
        offsets = self._offsets_of(index)
        text = self._encoded(draft.text, index, is_last=end == len(self._values[index]))
        return Edit(offsets[start], offsets[end], text, draft.code, at, draft.message)

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
