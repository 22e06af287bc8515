"""Find the arguments of a call in the text, parentheses and commas included."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import span

_OPENING = re.compile(r"[ \t\f]*\(")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_SKIPPED = frozenset(
    {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER, tokenize.COMMENT}
)


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` of one argument; `comma` is where its comma ends, if it has one."""

    start: int
    end: int
    comma: int | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The arguments of a call in the order of the text; `opening` is where the parenthesis has been opened."""

    opening: int
    closing: int
    spans: tuple[Span, ...]


def lay_out(source: Source, call: ast.Call) -> Layout | None:
    """Return where the arguments stand, or None where that is not clear."""
    func = call.func
    opening = _OPENING.match(source.text, source.offset(func.end_lineno or 0, func.end_col_offset or 0))
    end = source.offset(call.end_lineno or 0, call.end_col_offset or 0)
    if opening is None or source.text[end - 1] != ")":
        return None
    start = opening.end() - 1
    try:
        spans = tuple(_spans(source.text[start:end], start))
    except (tokenize.TokenError, SyntaxError, IndexError):
        return None
    if len(spans) != len(call.args) + len(call.keywords):
        return None
    return Layout(start + 1, end - 1, spans)


def lay_out_dict(source: Source, node: ast.Dict) -> Layout | None:
    """Return where the pairs of a display stand, or None where that is not clear."""
    start, end = span(source, node)
    try:
        spans = tuple(_spans(source.text[start:end], start))
    except (tokenize.TokenError, SyntaxError, IndexError):
        return None
    return Layout(start + 1, end - 1, spans) if len(spans) == len(node.keys) else None


def in_order(call: ast.Call) -> list[ast.expr | ast.keyword]:
    """Return the arguments in the order of the text: a keyword may stand before `*args`."""
    given: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    return sorted(given, key=lambda item: (item.lineno, item.col_offset))


def _spans(text: str, offset: int) -> Iterator[Span]:
    # A carriage return alone ends a line to Python, but not to `tokenize`; the places stay the same.
    lines = [f"{line[:-1]}\n" if line.endswith("\r") else line for line in _LINE.findall(text)]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    depth = 0
    first: int | None = None
    last = 0
    for token in tokenize.generate_tokens(iter([*lines, ""]).__next__):
        if token.type in _SKIPPED:
            continue
        start, end = (offset + starts[row - 1] + column for row, column in (token.start, token.end))
        if token.type == tokenize.OP and token.string in "([{":
            depth += 1
            if depth == 1:
                continue
        if token.type == tokenize.OP and token.string in ")]}":
            depth -= 1
            if not depth:
                break
        if depth == 1 and token.type == tokenize.OP and token.string == ",":
            if first is not None:
                yield Span(first, last, end)
            first = None
            continue
        first, last = (start if first is None else first), end
    if first is not None:
        yield Span(first, last)
