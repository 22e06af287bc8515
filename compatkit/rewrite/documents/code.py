"""Rewrite the code blocks of a document, such as the cells of a notebook, together: they share one namespace.

The blocks are joined into one source, with comments between them that mark where each begins. The result is compared
with it line by line, and only the lines that differ are changed in the document.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import pairwise

from compatkit.migration import Move
from compatkit.rewrite.documents.changed_interfaces import (
    changes_named_in,
    is_asked_of_library,
    may_use,
    would_break,
)
from compatkit.rewrite.documents.code_blocks import CodeBlock, CodeLayout, Extract, Line, read_blocks, unused_mark
from compatkit.rewrite.documents.document_text import Request, TextFinding, TextFound, apply_edits
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.neighbours import Neighbours
from compatkit.rewrite.file.tree import parse
from compatkit.rewrite.outcome import Failed, Finding, Outcome, Rewrite, RewriteError, Rewritten, Skipped, Unchanged


def rewrite_code(text: str, extract: Extract, request: Request, *, is_used_elsewhere: bool = False) -> TextFound:
    """Return what `rewrite_source` does to the code in a text, and what it says, as places of the text.

    Local names stay where they are `is_used_elsewhere`, in code that is not read.
    """
    mark = unused_mark(text)
    layout, unread = read_blocks(text, extract, mark)
    reaching = [block for block in unread if _may_use(block.shown, text, request)]
    is_blocked = bool(reaching)
    noted = TextFound(findings=[_unread(block, text, request) for block in reaching])
    noted.findings += _unread_calls([block for block in unread if block not in reaching], text, request)
    keeps_names = request.options.rename and (is_used_elsewhere or _is_used_unseen(layout, unread, request))
    if keeps_names:
        request = replace(request, options=replace(request.options, rename=False))
    opaque = any(_may_use(line.opaque, text, request) for line in layout.lines if line.opaque.startswith("%"))
    outcome = _rewrite(layout, request)
    if not isinstance(outcome, Rewritten | Unchanged):
        noted.findings += _not_done(layout, outcome, request)
        return noted
    is_blocked = is_blocked or opaque
    noted.read = [(row.start, row.end) for row in layout.lines if not row.opaque]
    noted.findings += [_finding(layout, found) for found in outcome.findings]
    if isinstance(outcome, Rewritten):
        noted.findings += _kept(layout, outcome, request) if keeps_names else ()
        after = outcome.source.decode().split("\n")
        noted.edits = list(find_edits(layout, after, outcome.edits))
        if is_blocked:
            noted.demote("not rewritten, because other code here is not valid Python and may use the same names")
        elif _bare(read_blocks(apply_edits(text, noted.edits), extract, mark)[0].shown, mark) != _bare(after, mark):
            noted.demote("the result could not be put back into its place")
    return noted


def _bare(source: list[str], mark: str) -> list[str]:
    """Return a source without what numbers its blocks and masks, because a line that is added shifts these."""
    return [re.sub(rf"{mark}\d+m_", mark, line) for line in source if not line.startswith(f"#{mark}")]


def _may_use(code: str, document: str, request: Request) -> bool:
    """Tell whether code that is not understood may use a moved name in a way that the rewrite would break."""
    return would_break(code, document, request.calling) or _move_in(code, document, request) is not None


def _move_in(code: str, document: str, request: Request) -> Move | None:
    """Return a move of which code has the name, or the module."""
    # The local name of a from-import stays; only behind a dot is it the old module's.
    for move in request.moves:
        if move.old_name in code and is_asked_of_library(code, document, move.old):
            return move
        # Of a module that stays, a name has to be there that does not: `import numpy` alone is none of them.
        is_gone = move.is_module or (move.old_home != move.new_home and _is_spelled(move.old_name, code))
        home = move.old_home
        if is_gone and home.rpartition(".")[2] in code and may_use(code, document, home, is_module=True):
            return move
    return None


def _is_spelled(name: str, code: str) -> bool:
    return "import *" in code or re.search(rf"\b{re.escape(name)}\b", code) is not None


def _is_used_unseen(layout: CodeLayout, unread: list[CodeBlock], request: Request) -> bool:
    return any(spells(code, request) for code in [*(row.opaque for row in layout.lines), *(b.shown for b in unread)])


def spells(code: str, request: Request) -> bool:
    """Tell whether an old name stands in a text as a word."""
    spelled = {move.old_name for move in request.moves if move.old_name in code}
    return any(re.search(rf"\b{re.escape(name)}\b", code) for name in spelled)


def _unread(block: CodeBlock, document: str, request: Request) -> TextFinding:
    move = _move_in(block.shown, document, request)
    if move is None and (called := list(_unread_calls([block], document, request))):
        return called[0]
    move = move or request.moves[0]
    return _not_valid(block, move.code, f"{move.old}: {move.new} is the new home")


def _unread_calls(blocks: list[CodeBlock], document: str, request: Request) -> Iterator[TextFinding]:
    """Yield a finding for each block that cannot be read and names what is called otherwise, or is gone."""
    for block in blocks:
        for name, change in changes_named_in(block.shown, document, request.calling):
            yield _not_valid(block, change.code, f"{name}, which changed: {change.about.reason or change.say}")
            break


def _not_valid(block: CodeBlock, code: str, what: str) -> TextFinding:
    at = block.lines[0].start
    return TextFinding(
        at, at, code, f"this code is not valid Python, so it is not rewritten; it may use {what}", "manual"
    )


def _rewrite(layout: CodeLayout, request: Request) -> Outcome:
    migrations = (*request.migrations, *(m for m in request.calling if m not in request.migrations))
    source = "\n".join(layout.shown).encode()
    assert request.engine is not None, "the engine hands itself down"
    around = Neighbours(unspelled=request.unspelled)
    return request.engine(source, FileModule("", False), request.moves, migrations, request.options, (), around)


def _kept(layout: CodeLayout, outcome: Rewritten, request: Request) -> Iterator[TextFinding]:
    """Say of each import why it does not bring the new name."""
    for edit in outcome.edits:
        for move in request.moves:
            if move.code == edit.code and move.old_name != move.new_name and edit.message.startswith(f"{move.old} "):
                row = layout.line(edit.line)
                message = f"{move.old_name} keeps its name here: code that cannot be read may use it"
                yield TextFinding(place(row, edit.column), row.end, move.code, message)


def _not_done(layout: CodeLayout, outcome: Skipped | Failed, request: Request) -> Iterator[TextFinding]:
    for row in layout.lines[:1]:
        yield TextFinding(row.start, row.start, request.code, f"not rewritten: {outcome.reason}", "manual")


def _finding(layout: CodeLayout, found: Finding) -> TextFinding:
    row = layout.line(found.line)
    return TextFinding(place(row, found.column), row.end, found.code, found.message, found.confidence)


def place(row: Line, column: int) -> int:
    """Return where in the text a column of a line is. In a line with a mask, only the line is sure."""
    return row.start + (min(column - 1, len(row.code)) if row.shown == row.code else 0)


def find_edits(layout: CodeLayout, after: list[str], edits: tuple[Rewrite, ...]) -> Iterator[Edit]:
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


def _hunks(layout: CodeLayout, after: list[str]) -> Iterator[tuple[int, int, int, int]]:
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


def _inserted(
    layout: CodeLayout, first: int, new: list[tuple[str, bool]], said: tuple[str, int, str]
) -> Iterator[Edit]:
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
