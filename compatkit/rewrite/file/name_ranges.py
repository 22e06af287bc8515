"""A name's places in the text: what to replace at each."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from compatkit.rewrite.file.read_scopes import names_in
from compatkit.rewrite.file.scopes import Reference
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import read_literal, span

if TYPE_CHECKING:
    from compatkit.rewrite.file.file import File

Range = tuple[int, int]


def ranges_of(file: File, places: Collection[Reference], name: str) -> list[Range] | None:
    """Return the characters that spell `name` at its places, or None where they cannot be told for certain."""
    found: set[Range] = set()
    for place in places:
        holder = file.in_fstring(place.node) or place.node
        ranges = _ranges(file.source, holder, name)
        inside = [each for each in places if file.in_fstring(each.node) is holder]
        if not ranges or (isinstance(holder, ast.JoinedStr) and len(ranges) != len(inside)):
            return None
        found.update(ranges)
    return sorted(found)


def _ranges(source: Source, node: ast.AST, name: str) -> list[Range]:
    match node:
        case ast.Name():
            start, end = span(source, node)
            return [(start, end)] if source.text[start:end] == name else []
        case ast.Constant(value=str(text)):
            # A quoted annotation: each mention must be the name itself, not an attribute's or a keyword's.
            literal = read_literal(source, node)
            ranges = list(_words(source.text, literal.start, literal.end, name)) if literal else []
            return ranges if len(ranges) == names_in(text)[name] else []
        case ast.JoinedStr():
            return [] if _prints(node, name) else list(_words(source.text, *span(source, node), name))
        case ast.Global() | ast.Nonlocal():
            return list(_words(source.text, *span(source, node), name))
    return []


def _prints(node: ast.JoinedStr, name: str) -> bool:
    """Tell whether the name is also text of the f-string, as it is by `{name=}`."""
    texts = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
    return any(isinstance(text, str) and words_of(name).search(text) for text in texts)


def _words(text: str, start: int, end: int, name: str) -> Iterator[Range]:
    return (match.span() for match in words_of(name).finditer(text, start, end))


def words_of(name: str) -> re.Pattern[str]:
    """Return the pattern of a name that is not a part of a longer one."""
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
