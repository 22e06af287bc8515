"""Check every rewrite before it is returned: nothing changed outside the edited ranges, and the result compiles.

Only the top-level statements around the changes are parsed anew. A block is a run of whole lines that holds whole
top-level statements: if its replacement parses by itself, then the code before and after it keeps its meaning.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.file.text import Source, read_source
from compatkit.rewrite.file.tree import compiles, parse
from compatkit.rewrite.outcome import RewriteError


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
    lines = source.text[source.starts[last - 1] :].splitlines()[:2] if last else []
    while len(lines) == 2 and lines[0].endswith("\\") and not lines[1].strip(" \t\f\\"):
        last += 1
        lines = source.text[source.starts[last - 1] :].splitlines()[:2]
    return last


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _growth(change: Edit) -> int:
    return len(change.text) - (change.end - change.start)


def check(
    before: Source, tree: ast.Module, changes: Sequence[Edit], after: bytes, *, binds_the_same: bool = False
) -> None:
    """Raise `RewriteError` unless `after` is `before` with these changes, which are in order.

    The text outside the changes must be equal. That it still means the same is seen by walking both trees at once,
    those of the top-level statements around the changes: what lies inside a change is left to the pass that made it,
    all else must agree. Where all names are bound as before, what parses also compiles.
    """
    try:
        result = read_source(after)
        is_same = result.text == _expected(before.text, changes) and _means_the_same(before, tree, changes, result)
    except RewriteError as error:
        raise RewriteError.unsafe(error.what) from error
    if not is_same:
        raise RewriteError.unsafe("something other than the planned places changed")
    if not binds_the_same and not compiles(after) and compiles(before.data):
        raise RewriteError.unsafe("the result no longer compiles")


def _means_the_same(before: Source, tree: ast.Module, changes: Sequence[Edit], result: Source) -> bool:
    comparison = _Comparison(before, result, changes)
    blocks = find_blocks(before, tree, changes)
    if blocks is None:
        return comparison.is_same(tree.body, parse(result.text).body)
    return all(comparison.is_same(block.statements, parse_block(block, changes, result)) for block in blocks)


def _expected(text: str, changes: Sequence[Edit]) -> str:
    pieces, at = [], 0
    for change in changes:
        pieces += [text[at : change.start], change.text]
        at = change.end
    return "".join([*pieces, text[at:]])


class _Comparison:
    """Two texts and their changes: which nodes lie inside of one, and where a place of the first is in the second."""

    def __init__(self, before: Source, after: Source, changes: Sequence[Edit]) -> None:
        # The text after, up to the end of a change, is longer by all that the changes so far have added.
        self._shifts = [0, *accumulate(len(edit.text) - (edit.end - edit.start) for edit in changes)]
        old = [(edit.start, edit.end) for edit in changes]
        new = [
            (edit.start + shift, edit.end + shift_after)
            for edit, shift, shift_after in zip(changes, self._shifts, self._shifts[1:], strict=False)
        ]
        self._old, self._new = _Ranges(before, old), _Ranges(after, new)

    def is_same(self, first: object, second: object) -> bool:
        """Compare two trees, or lists of them; a loop, because recursion would go too deep."""
        pairs: list[tuple[object, object]] = [(first, second)]
        while pairs:
            one, other = pairs.pop()
            if isinstance(one, ast.AST) and isinstance(other, ast.AST):
                if self._is_settled(one, other):
                    continue
                if type(one) is not type(other):
                    if (records := tail_replaced(one, other)) and self._may_differ(one, other):
                        pairs.append(records)
                        continue
                    return False
                for field in one._fields:
                    left, right = getattr(one, field, None), getattr(other, field, None)
                    if left == right or not (_are_names(left, right) and self._may_differ(one, other)):
                        pairs.append((left, right))
            elif isinstance(one, list) and isinstance(other, list):
                kept = [item for item in one if not self._old.holds(item)]
                kept_other = [item for item in other if not self._new.holds(item)]
                if len(kept) != len(kept_other):
                    return False
                pairs += zip(kept, kept_other, strict=True)
            elif one != other or type(one) is not type(other):
                return False
        return True

    def _is_settled(self, one: ast.AST, other: ast.AST) -> bool:
        """True for two nodes inside of a change, and for two statements that are the same text at the same place."""
        if self._old.holds(one) and self._new.holds(other):
            return True
        if not (isinstance(one, ast.stmt) and type(one) is type(other)) or self._old.touch(one):
            return False
        place, other_place = self._old.place(one), self._new.place(other)
        assert place is not None
        shift = self._shifts[self._old.count_before(place[0])]
        return other_place == (place[0] + shift, place[1] + shift)

    def _may_differ(self, one: ast.AST, other: ast.AST) -> bool:
        """True where a change lies in the node: a name that is a part of it, a keyword's say, has no place itself."""
        return self._old.touch(one) and self._new.touch(other)


def _are_names(one: object, other: object) -> bool:
    """True for two texts, or for as many in two lists, such as the names of a `global` statement."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(isinstance(item, str) for item in (*one, *other))
    return isinstance(one, str) and isinstance(other, str)


def tail_replaced(one: ast.AST, other: ast.AST) -> tuple[ast.expr, ast.expr] | None:
    """Return the records in `r["k"]` or `r.get("k")` and in the `r.k` that took its place; None for anything else."""
    match one, other:
        case ast.Subscript(value=before, slice=ast.Constant()), ast.Attribute(value=after):
            return before, after
        case ast.Call(func=ast.Attribute(value=before, attr="get"), args=[ast.Constant()]), ast.Attribute(value=after):
            return before, after
    return None


class _Ranges:
    """The changed character ranges of one text."""

    def __init__(self, source: Source, ranges: list[tuple[int, int]]) -> None:
        self._source = source
        self._ranges = ranges
        self._starts = [start for start, _ in ranges]
        self._ends = [end for _, end in ranges]

    def holds(self, node: object) -> bool:
        """True where a node lies inside of one change."""
        place = self.place(node)
        if place is None:
            return False
        index = bisect_right(self._starts, place[0]) - 1
        return index >= 0 and place[1] <= self._ends[index] and place[0] < self._ends[index]

    def touch(self, node: object) -> bool:
        """True where a change lies inside of a node, at its edge, or cuts into it."""
        place = self.place(node)
        if place is None:
            return True
        # The first change that ends where the node begins, or later.
        index = bisect_left(self._ends, place[0])
        return index < len(self._starts) and self._starts[index] <= place[1]

    def count_before(self, offset: int) -> int:
        return bisect_right(self._ends, offset)

    def place(self, node: object) -> tuple[int, int] | None:
        """Return where a node begins and ends, decorators included, or None for one that does not tell."""
        line, end_line = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        if line is None or end_line is None:
            return None
        assert isinstance(node, ast.AST)
        decorators = getattr(node, "decorator_list", None)
        first: Any = decorators[0] if decorators else node
        start = self._source.offset(first.lineno, first.col_offset)
        return start, self._source.offset(end_line, node.end_col_offset)  # type: ignore[attr-defined]
