"""What became of code that was laid out as one source, as changes of the text that it stands in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import pairwise

from compatkit.rewrite.documents.code_blocks import Layout, Line
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.file.tree import parse
from compatkit.rewrite.outcome import Rewrite, RewriteError


def place(row: Line, column: int) -> int:
    """Return where in the text a column of a line is. In a line with a mask, only the line is sure."""
    return row.start + (min(column - 1, len(row.code)) if row.shown == row.code else 0)


def find_drafts(layout: Layout, after: list[str], edits: tuple[Rewrite, ...]) -> Iterator[Edit]:
    """Yield the changes that lead from the layout to the source that became of it, as the edits tell."""
    opening = _statement_lines(after)
    for first, last, start, end in _hunks(layout, after):
        edit = max((edit for edit in edits if edit.line <= max(last, first + 1)), key=_by_line, default=edits[0])
        said = edit.code, place(layout.line(edit.line), edit.column), edit.message
        rows = [row for row in layout.rows[first:last] if isinstance(row, Line)]
        new = [(text, number + 1 in opening) for number, text in enumerate(after[start:end], start)]
        if rows:
            yield from _replaced(rows, new, said)
        else:
            yield from _inserted(layout, first, new, said)


def _by_line(edit: Rewrite) -> int:
    return edit.line


def _hunks(layout: Layout, after: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Yield which lines became which, between one comment of ours and the next."""
    fixed = [number for number, row in enumerate(layout.rows) if isinstance(row, str)]
    # Ours are the only lines with the mark, so they need not be looked for in order.
    ours = {row for row in layout.rows if isinstance(row, str)}
    met = [number for number, row in enumerate(after) if row in ours]
    if len(met) != len(fixed):
        return
    shown = layout.shown
    for (first, last), (start, end) in zip(pairwise(fixed), pairwise(met), strict=True):
        old, new = shown[first + 1 : last], after[start + 1 : end]
        for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if old != new else ():
            if kind != "equal":
                yield first + 1 + i, first + 1 + j, start + 1 + k, start + 1 + m


def _replaced(rows: list[Line], new: list[tuple[str, bool]], said: tuple[str, int, str]) -> Iterator[Edit]:
    code, at, message = said
    for index, row in enumerate(rows):
        if index >= len(new):
            yield Edit(row.begin, row.after, "", code, at, message)
            continue
        text = _restored(new[index][0], rows)
        if index == len(rows) - 1:
            text += _added(row, new[index + 1 :], rows)
        head, tail = _common(row.code, text)
        if row.code != text:
            yield Edit(row.start + head, row.end - tail, text[head : len(text) - tail], code, at, message)


def _inserted(layout: Layout, first: int, new: list[tuple[str, bool]], said: tuple[str, int, str]) -> Iterator[Edit]:
    code, at, message = said
    above, below = layout.rows[first - 1], layout.rows[first] if first < len(layout.rows) else ""
    if isinstance(above, Line):
        yield Edit(above.end, above.end, _added(above, new, []), code, at, message)
    elif isinstance(below, Line):
        lines = "".join(text + (below.newline or "\n") + below.margin for text, _ in new)
        yield Edit(below.start, below.start, lines, code, at, message)


def _added(row: Line, new: list[tuple[str, bool]], rows: list[Line]) -> str:
    newline = row.newline or "\n"
    return "".join(newline + (row.margin if opens else row.continued) + _restored(text, rows) for text, opens in new)


def _restored(text: str, rows: list[Line]) -> str:
    for row in rows:
        for mask, original in row.masks:
            text = text.replace(mask, original)
    return text


def _common(old: str, new: str) -> tuple[int, int]:
    """Return how many characters two lines share at their beginning, and then at their end."""
    most = min(len(old), len(new))
    head = next((index for index in range(most) if old[index] != new[index]), most)
    tail = next((index for index in range(most - head) if old[-1 - index] != new[-1 - index]), most - head)
    return head, tail


def _statement_lines(source: list[str]) -> set[int]:
    try:
        tree = parse("\n".join(source))
    except RewriteError:
        return set()
    return {_first_line(node) for node in tree.body}


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])
