"""The top-level statements around some changes: all that has to be parsed anew, where the rest of a file is the same.

A block is a run of whole lines that holds whole top-level statements. If the text that takes its place parses by
itself, then nothing before or behind it means anything else than before.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from compatkit.rewrite.change import Change
from compatkit.rewrite.place import parse
from compatkit.rewrite.source import Source


@dataclass(frozen=True, slots=True)
class Block:
    """Statements of the file before, and where their lines are in its text."""

    statements: list[ast.stmt]
    start: int
    end: int
    is_last: bool


def find_blocks(source: Source, tree: ast.Module, changes: Sequence[Change]) -> list[Block] | None:
    """Return the blocks that hold the changes, in order; None where a change lies in none."""
    lines = [(_first_line(statement), statement.end_lineno or statement.lineno) for statement in tree.body]
    ranges: list[tuple[int, int]] = []
    for change in changes:
        touched = _touched(lines, bisect_right(source.starts, change.start), bisect_right(source.starts, change.end))
        if touched is None:
            return None
        if ranges and touched[0] < ranges[-1][1]:
            touched = (min(touched[0], ranges[-1][0]), max(touched[1], ranges[-1][1]))
            ranges.pop()
        ranges.append(touched)
    return [_block(source, tree.body[first:last], lines[first][0], lines[last - 1][1]) for first, last in ranges]


def parse_block(block: Block, changes: Sequence[Change], after: Source) -> list[ast.stmt]:
    """Parse what has become of a block; its nodes have their places in the file after. Raises `RewriteError`."""
    start = block.start + sum(_growth(change) for change in changes if change.start < block.start)
    end = block.end + sum(_growth(change) for change in changes if change.start < block.end or block.is_last)
    above = "\n" * bisect_left(after.starts, start)
    return parse(above + after.text[start:end]).body


def _touched(lines: list[tuple[int, int]], first: int, last: int) -> tuple[int, int] | None:
    """Return which statements share a line with these lines, as a range, with those that share a line with them."""
    begin = bisect_left(lines, first, key=lambda span: span[1])
    end = bisect_right(lines, last, key=lambda span: span[0])
    if begin >= end:
        return None
    while begin > 0 and lines[begin - 1][1] >= lines[begin][0]:
        begin -= 1
    while end < len(lines) and lines[end][0] <= lines[end - 1][1]:
        end += 1
    return begin, end


def _block(source: Source, statements: list[ast.stmt], first: int, last: int) -> Block:
    end = source.starts[last] if last < len(source.starts) else len(source.text)
    return Block(statements, source.starts[first - 1], end, is_last=end == len(source.text))


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _growth(change: Change) -> int:
    return len(change.text) - (change.end - change.start)
