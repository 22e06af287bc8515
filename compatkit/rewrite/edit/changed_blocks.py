"""The top-level statements around some changes: all that has to be parsed anew, where the rest of a file is the same.

A block is a run of whole lines that holds whole top-level statements. If the text that takes its place parses by
itself, then nothing before or behind it means anything else than before.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import parse


@dataclass(frozen=True, slots=True)
class Block:
    """Statements of the file before, and where their lines are in its text."""

    statements: list[ast.stmt]
    start: int
    end: int
    is_last: bool


def find_blocks(source: Source, tree: ast.Module, changes: Sequence[Edit]) -> list[Block] | None:
    """Return the blocks that hold the changes, in order; None where a change lies in none."""
    lines = [(_first_line(statement), statement.end_lineno or statement.lineno) for statement in tree.body]
    blocks: list[_Lines] = []
    for change in changes:
        first, last = (bisect_right(source.starts, place) for place in (change.start, change.end))
        begin, end = _touched(lines, first, last)
        if begin == end:
            return None
        block = _Lines(begin, end, min(first, lines[begin][0]), max(last, lines[end - 1][1]))
        if blocks and (block.begin < blocks[-1].end or block.first <= blocks[-1].last):
            block = block.joined(blocks.pop())
        blocks.append(block)
    return [block.of(source, tree) for block in blocks]


def parse_block(block: Block, changes: Sequence[Edit], after: Source) -> list[ast.stmt]:
    """Parse what has become of a block; its nodes have their places in the file after. Raises `RewriteError`."""
    start = block.start + sum(_growth(change) for change in changes if change.start < block.start)
    end = block.end + sum(_growth(change) for change in changes if change.start < block.end or block.is_last)
    above = "\n" * bisect_left(after.starts, start)
    return parse(above + after.text[start:end]).body


@dataclass(frozen=True, slots=True)
class _Lines:
    """Statements `begin` to `end` of a module, and the lines `first` to `last`, which hold all of them."""

    begin: int
    end: int
    first: int
    last: int

    def joined(self, other: _Lines) -> _Lines:
        first, last = min(self.first, other.first), max(self.last, other.last)
        return _Lines(min(self.begin, other.begin), max(self.end, other.end), first, last)

    def of(self, source: Source, tree: ast.Module) -> Block:
        last = _with_continuation(source, self.last)
        end = source.starts[last] if last < len(source.starts) else len(source.text)
        statements = tree.body[self.begin : self.end]
        return Block(statements, source.starts[self.first - 1], end, is_last=end == len(source.text))


def _touched(lines: list[tuple[int, int]], first: int, last: int) -> tuple[int, int]:
    """Return which statements share a line with these lines, as a range, with those that share a line with them."""
    begin = bisect_left(lines, first, key=lambda span: span[1])
    end = bisect_right(lines, last, key=lambda span: span[0])
    if begin >= end:
        return begin, begin
    while begin > 0 and lines[begin - 1][1] >= lines[begin][0]:
        begin -= 1
    while end < len(lines) and lines[end][0] <= lines[end - 1][1]:
        end += 1
    return begin, end


def _with_continuation(source: Source, last: int) -> int:
    """Return the last line, with the empty one that a backslash at its end joins to it: alone it does not parse."""
    lines = source.text[source.starts[last - 1] :].splitlines(keepends=True)[:2] if last else []
    while len(lines) == 2 and lines[0].rstrip("\r\n").endswith("\\") and not lines[1].strip(" \t\f\r\n\\"):
        last += 1
        lines = source.text[source.starts[last - 1] :].splitlines(keepends=True)[:2]
    return last


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _growth(change: Edit) -> int:
    return len(change.text) - (change.end - change.start)
