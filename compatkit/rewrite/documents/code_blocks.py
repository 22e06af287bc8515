"""Find the blocks of code in a text, and lay them out as one source."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from compatkit.rewrite.documents.document_text import line_spans
from compatkit.rewrite.file.tree import parse
from compatkit.rewrite.outcome import RewriteError

_OPENING = re.compile(r"[ \t]*>>>(?: |$)")
_GOING_ON = re.compile(r"[ \t]*\.\.\.(?: |$)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of code, at `start` to `end` of the text; `begin` and `after` take in its margin and its newline.

    `shown` is what the rewrite reads: the code, with `masks` for what is no Python, each with what it stands for.
    `opaque` is the part of that which may be more than a word of IPython.
    A line that is added gets a `margin`: that of a statement, or that of a line that goes on with one.
    """

    begin: int
    start: int
    end: int
    after: int
    code: str
    shown: str
    newline: str
    margin: str = ""
    continued: str = ""
    masks: tuple[tuple[str, str], ...] = ()
    opaque: str = ""


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Lines that are Python by themselves, or not at all."""

    lines: tuple[Line, ...]

    @property
    def opaque(self) -> str:
        """The code that the rewrite does not see; a shell's does not count, because it sees no names from here."""
        return "\n".join(line.opaque for line in self.lines if line.opaque.startswith("%"))

    @property
    def shown(self) -> str:
        return "\n".join(line.shown for line in self.lines)


# What finds the blocks of a text; the second argument begins names and comments that the text does not have.
Extract = Callable[[str, str], list[CodeBlock]]


@dataclass(slots=True)
class CodeLayout:
    """The source that stands for all blocks, and the line of the text behind each of its lines."""

    rows: list[Line | str] = field(default_factory=list)

    @property
    def lines(self) -> list[Line]:
        return [row for row in self.rows if isinstance(row, Line)]

    def line(self, number: int) -> Line:
        """Return the line of the text behind a line of the source; what lies between blocks counts to the one above."""
        rows = self.rows[: max(number, 0)][::-1] + self.rows
        return next(row for row in rows if isinstance(row, Line))

    @property
    def shown(self) -> list[str]:
        return [row if isinstance(row, str) else row.shown for row in self.rows]


def read_blocks(text: str, extract: Extract, mark: str) -> tuple[CodeLayout, list[CodeBlock]]:
    """Lay out the blocks of a text, apart from those that are no Python, which are returned beside."""
    # Two lines ahead of all, so that no cell's comment is read as an encoding cookie.
    layout, unread = CodeLayout([f"#{mark}", f"#{mark}"]), list[CodeBlock]()
    for number, block in enumerate(extract(text, mark)):
        if is_python(block.shown):
            layout.rows += block.lines
        else:
            unread.append(block)
        layout.rows.append(f"#{mark}{number}_")
    return layout, unread


def unused_mark(text: str) -> str:
    """Return the beginning of an identifier that the text does not hold."""
    mark = "_ck"
    while mark in text:
        mark += "k"
    return mark


def is_python(code: str) -> bool:
    """Tell whether this is Python by itself."""
    try:
        code.encode()
        parse(code)
    except (UnicodeError, RewriteError):
        return False
    return True


def find_doctests(text: str, start: int = 0, end: int | None = None) -> list[CodeBlock]:
    """Return the examples between two offsets of a text, a block each."""
    blocks: list[CodeBlock] = []
    lines: list[Line] = []
    for begin, stop, newline in line_spans(text, start, end):
        content = text[begin:stop]
        if match := _OPENING.match(content):
            blocks += _block(lines)
            lines = [_doctest_line(begin, content, newline, match)]
        elif lines and (match := _GOING_ON.match(content)):
            lines.append(_doctest_line(begin, content, newline, match))
        else:
            blocks += _block(lines)
            lines = []
    return blocks + _block(lines)


def _block(lines: list[Line]) -> list[CodeBlock]:
    return [CodeBlock(tuple(lines))] if lines else []


def _doctest_line(begin: int, content: str, newline: str, match: re.Match[str]) -> Line:
    prompt = match.group()
    indent, code = prompt[: len(prompt) - len(prompt.lstrip())], content[len(prompt) :]
    end = begin + len(content)
    return Line(
        begin, begin + len(prompt), end, end + len(newline), code, code, newline, f"{indent}>>> ", f"{indent}... "
    )
