"""A name's places in the text: what to replace at each, and texts that may mean the name without being code."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

from compatkit.rewrite.imports.scopes import span
from compatkit.rewrite.place import Nodes
from compatkit.rewrite.rename.scopes import Place, Scopes, names_in
from compatkit.rewrite.source import Source
from compatkit.rewrite.strings.literal import read_literal

Range = tuple[int, int]


def ranges_of(source: Source, nodes: Nodes, places: Collection[Place], name: str) -> list[Range] | None:
    """Return the characters that spell `name` at its places, or None where they cannot be told for certain."""
    formatted = dict(_formatted(nodes))
    found: set[Range] = set()
    for place in places:
        holder = formatted.get(place.node, place.node)
        ranges = _ranges(source, holder, name)
        inside = [each for each in places if formatted.get(each.node) is holder]
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
        case ast.Global() | ast.Nonlocal() | ast.JoinedStr():
            return list(_words(source.text, *span(source, node), name))
    return []


def _formatted(nodes: Nodes) -> Iterator[tuple[ast.AST, ast.JoinedStr]]:
    """Yield each name in an f-string with the string: Python 3.11 does not know the place of the name itself."""
    # The outermost comes last, and counts.
    for node in sorted((each for each in nodes if isinstance(each, ast.JoinedStr)), key=_size):
        for inner in ast.walk(node):
            yield inner, node


def _size(node: ast.JoinedStr) -> tuple[int, int]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return node.end_lineno - node.lineno, node.end_col_offset - node.col_offset


def _words(text: str, start: int, end: int, name: str) -> Iterator[Range]:
    return (match.span() for match in _word(name).finditer(text, start, end))


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")


def line_naming(source: Source, nodes: Nodes, scopes: Scopes, name: str) -> int | None:
    """Return the line of a text that may mean the name: an `__all__`, a type in quotes, a doctest, a type comment."""
    annotations = {place.node for place in scopes.places if isinstance(place.node, ast.Constant)}
    formatted = {inner for inner, _ in _formatted(nodes)}
    word = _word(name)
    for node in nodes:
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)) or node in annotations | formatted:
            continue
        if word.search(node.value) and (names_in(node.value)[name] or _in_doctest(node.value, name)):
            return node.lineno
    comment = re.search(rf"#[ \t]*type:[^\r\n]*(?<!\w){re.escape(name)}(?!\w)", source.text)
    return source.line(comment.start()) if comment else None


def _in_doctest(text: str, name: str) -> bool:
    return re.search(rf"(?m)^[ \t]*(?:>>>|\.\.\.)[^\n]*(?<!\w){re.escape(name)}(?!\w)", text) is not None
