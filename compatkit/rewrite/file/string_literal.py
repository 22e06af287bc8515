"""How a string is spelled in the source."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from compatkit.rewrite.file.text import Source

_LITERAL = re.compile(r"(?P<prefix>[rRuU]?)(?P<quote>\"\"\"|'''|\"|')(?P<content>.*)(?P=quote)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Literal:
    """A string literal in one piece: where its content begins and ends, and whether backslashes mean themselves."""

    start: int
    end: int
    is_raw: bool


def read_literal(source: Source, node: ast.Constant) -> Literal | None:
    """Return the literal whose text is the string's value, or None where it is spelled in another way."""
    literal = read_quoted(source, node)
    return literal if literal and source.text[literal.start : literal.end] == node.value else None


def read_quoted(source: Source, node: ast.Constant) -> Literal | None:
    """Return the literal between whose first and last quotes the string is; several in a row are not told apart."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    start, end = source.offset(node.lineno, node.col_offset), source.offset(node.end_lineno, node.end_col_offset)
    match = _LITERAL.fullmatch(source.text, start, end)
    return Literal(*match.span("content"), match["prefix"].lower() == "r") if match else None
