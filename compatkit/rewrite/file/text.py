"""One file's bytes and text, the lines that are to be left alone, and the way from the positions of `ast` to bytes."""

from __future__ import annotations

import io
import re
import tokenize
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, count
from operator import add

from compatkit.rewrite.outcome import RewriteError

_BOM = b"\xef\xbb\xbf"
# Only these end a line for the tokenizer: str.splitlines would also split at a form feed or U+2028.
NEWLINE = re.compile(r"\r\n|\r|\n")
_NEWLINE_BYTES = re.compile(rb"\r\n|\r|\n")

# The beginning of an address of the web, up to a place in it: its page is about the release that it names.
ADDRESS = re.compile(r"\b(?:https?|ftp|git|ssh)://[^\s<>\"'()]*$")
IGNORE_MARK = re.compile(r"#\s*compatkit:\s*ignore(?:\[(?P<codes>[\w\s,]*)\])?")


@dataclass(frozen=True, slots=True)
class Source:
    """A decoded file. Offsets are in characters of `text`; `byte_offset` leads back to the file."""

    data: bytes
    text: str
    encoding: str
    starts: tuple[int, ...]
    byte_starts: tuple[int, ...]

    def offset(self, line: int, column: int) -> int:
        """Return the character offset of an `ast` position, whose column counts UTF-8 bytes."""
        start = self.starts[line - 1]
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        content = self.text[start:end]
        if content.isascii():
            return start + column
        # Before Python 3.12, a column inside an f-string may point into the middle of a character.
        return start + len(content.encode()[:column].decode(errors="ignore"))

    def place(self, at: int) -> tuple[int, int]:
        """Return the line and the column of an offset, both counted from 1."""
        line = bisect_right(self.starts, at)
        return line, at - self.starts[line - 1] + 1

    def column(self, line: int, column: int) -> int:
        """Return the column, counted from 1 in characters, of an `ast` position."""
        return self.offset(line, column) - self.starts[line - 1] + 1

    def line(self, offset: int) -> int:
        """Return the number of the line of an offset, counted from 1."""
        return bisect_right(self.starts, offset)

    def line_start(self, offset: int) -> int:
        return self.starts[bisect_right(self.starts, offset) - 1]

    def line_end(self, offset: int) -> int:
        """Return where the line of this offset ends, before its newline."""
        found = NEWLINE.search(self.text, offset)
        return found.start() if found else len(self.text)

    def newline_at(self, offset: int) -> str:
        """Return the newline of the line of this offset; of the file's last newline where it has none."""
        found = NEWLINE.match(self.text, self.line_end(offset))
        if found is None:
            newlines = NEWLINE.findall(self.text)
            return newlines[-1] if newlines else "\n"
        return found.group()

    def byte_offset(self, offset: int) -> int:
        """Return where a character begins in the file. Raises `RewriteError` where the encoding leaves that open."""
        index = bisect_right(self.starts, offset) - 1
        prefix = self.text[self.starts[index] : offset]
        start = self.byte_starts[index]
        end = start + len(prefix.encode(self.encoding))
        if self.data[start:end].decode(self.encoding, "replace") != prefix:
            raise RewriteError.unplaceable(self.encoding, index + 1)
        return end


def read_source(data: bytes) -> Source:
    """Decode a file as CPython does. Raises `RewriteError` for what is no text, or not in the encoding it claims."""
    try:
        encoding, text = _decode(data)
    except (SyntaxError, UnicodeError, LookupError) as error:
        raise RewriteError.unreadable(error) from error
    bom = len(_BOM) if data.startswith(_BOM) else 0
    starts = _line_starts(text)
    # In plain ASCII, characters are bytes.
    is_ascii = text.isascii() and text.encode() == data
    byte_starts = starts if is_ascii else (bom, *(newline.end() for newline in _NEWLINE_BYTES.finditer(data)))
    if len(starts) != len(byte_starts):
        raise RewriteError.unplaceable(encoding, 0)
    return Source(data, text, encoding, starts, byte_starts)


def _line_starts(text: str) -> tuple[int, ...]:
    if "\r" in text:
        return (0, *(newline.end() for newline in NEWLINE.finditer(text)))
    # Three times as fast, and nearly every file has no other newline: the ends of the lines, and one for each newline.
    return (0, *map(add, accumulate(map(len, text.split("\n"))), count(1)))[:-1]


def _decode(data: bytes) -> tuple[str, str]:
    # CPython reads the cookie after it has unified the newlines; tokenize alone would miss it in a CR file.
    head = _NEWLINE_BYTES.sub(b"\n", data[:4096]) if b"\r" in data else data
    encoding, _ = tokenize.detect_encoding(io.BytesIO(head).readline)
    if encoding == "utf-8-sig":
        return "utf-8", data[len(_BOM) :].decode("utf-8")
    return encoding, data.decode(encoding)


class Ignored:
    """The lines of a file that carry the mark, with the codes that they name."""

    def __init__(self, source: Source) -> None:
        self._codes: dict[int, tuple[str, ...] | None] = {}
        if "compatkit:" not in source.text:
            return
        for number, start in enumerate(source.starts, start=1):
            if found := IGNORE_MARK.search(source.text[start : source.line_end(start)]):
                codes = found["codes"]
                self._codes[number] = None if codes is None else tuple(re.split(r"[\s,]+", codes.strip()))

    def holds(self, line: int, code: str) -> bool:
        """Tell whether `code` is to be left alone on this line. A prefix names all codes that begin with it."""
        if line not in self._codes:
            return False
        codes = self._codes[line]
        return codes is None or any(prefix and code.startswith(prefix) for prefix in codes)
