"""The examples of `doctest` in any text: lines behind `>>>` and, where they go on, behind `...`."""

from __future__ import annotations

import re

from compatkit.rewrite.documents.code_blocks import Block, Line
from compatkit.rewrite.documents.sheet import split_lines

_OPENING = re.compile(r"[ \t]*>>>(?: |$)")
_GOING_ON = re.compile(r"[ \t]*\.\.\.(?: |$)")


def find_doctests(text: str, start: int = 0, end: int | None = None) -> list[Block]:
    """Return the examples between two offsets of a text, a block each."""
    blocks: list[Block] = []
    lines: list[Line] = []
    for begin, stop, newline in split_lines(text, start, end):
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


def _block(lines: list[Line]) -> list[Block]:
    return [Block(tuple(lines))] if lines else []


def _doctest_line(begin: int, content: str, newline: str, match: re.Match[str]) -> Line:
    prompt = match.group()
    indent, code = prompt[: len(prompt) - len(prompt.lstrip())], content[len(prompt) :]
    end = begin + len(content)
    return Line(
        begin, begin + len(prompt), end, end + len(newline), code, code, newline, f"{indent}>>> ", f"{indent}... "
    )
