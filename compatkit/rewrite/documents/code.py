"""Python code in pieces, such as the cells of a notebook: rewritten together, because they share their names.

The pieces are laid out as one source, with comments between them that tell where each begins. The result is set
against it line by line, and only lines that differ are changed in the text around.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from compatkit.migration import CallChange
from compatkit.rewrite.documents.calling import changes_named_in, would_break
from compatkit.rewrite.documents.code_blocks import Block, Extract, Layout, read_blocks, unused_mark
from compatkit.rewrite.documents.code_differences import find_drafts, place
from compatkit.rewrite.documents.sheet import Remark, Request, Sheet, apply
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.outcome import Failed, Finding, Outcome, Rewritten, Skipped, Unchanged


def rewrite_code(text: str, extract: Extract, request: Request, *, is_used_elsewhere: bool = False) -> Sheet:
    """Return what `rewrite_source` does to the code in a text, and what it says, as places of the text.

    Local names stay where they are `is_used_elsewhere`, in code that is not read.
    """
    mark = unused_mark(text)
    layout, unread = read_blocks(text, extract, mark)
    sheet = Sheet(remarks=[_unread(block, request) for block in unread if _may_use(block.shown, request)])
    is_blocked = bool(sheet.remarks)
    sheet.remarks += _unread_calls([block for block in unread if not _may_use(block.shown, request)], request)
    keeps_names = request.options.rename and (is_used_elsewhere or _is_used_unseen(layout, unread, request))
    if keeps_names:
        request = replace(request, options=replace(request.options, rename=False))
    opaque = any(_may_use(line.opaque, request) for line in layout.lines if line.opaque.startswith("%"))
    outcome = _rewrite(layout, request)
    if not isinstance(outcome, Rewritten | Unchanged):
        sheet.remarks += _not_done(layout, outcome, request)
        return sheet
    is_blocked = is_blocked or opaque
    sheet.read = [(row.start, row.end) for row in layout.lines if not row.opaque]
    sheet.remarks += [_remark(layout, found) for found in outcome.findings]
    if isinstance(outcome, Rewritten):
        sheet.remarks += _kept(layout, outcome, request) if keeps_names else ()
        after = outcome.source.decode().split("\n")
        sheet.drafts = list(find_drafts(layout, after, outcome.edits))
        if is_blocked:
            sheet.demote("not rewritten, because other code here is not valid Python and may use the same names")
        elif _bare(read_blocks(apply(text, sheet.drafts), extract, mark)[0].shown, mark) != _bare(after, mark):
            sheet.demote("the result could not be put back into its place")
    return sheet


def _bare(source: list[str], mark: str) -> list[str]:
    """Return a source without what numbers its blocks and masks, because a line that is added shifts these."""
    return [re.sub(rf"{mark}\d+m_", mark, line) for line in source if not line.startswith(f"#{mark}")]


def _may_use(code: str, request: Request) -> bool:
    """Tell whether code that is not understood may use a moved name in a way that the rewrite would break."""
    if would_break(code, request.calling):
        return True
    # The local name of a from-import stays; only behind a dot is it the old module's.
    used = {rf"\b{re.escape(move.old_home.rpartition('.')[2])}\b" for move in request.moves}
    used |= {rf"\.\b{re.escape(move.old_name)}\b" for move in request.moves}
    return any(re.search(pattern, code) for pattern in used)


def _is_used_unseen(layout: Layout, unread: list[Block], request: Request) -> bool:
    return any(spells(code, request) for code in [*(row.opaque for row in layout.lines), *(b.shown for b in unread)])


def spells(code: str, request: Request) -> bool:
    """Tell whether an old name stands in a text as a word."""
    return any(re.search(rf"\b{re.escape(move.old_name)}\b", code) for move in request.moves)


def _unread(block: Block, request: Request) -> Remark:
    move = next((one for one in request.moves if one.old_name in block.shown), None)
    if move is None and (called := list(_unread_calls([block], request))):
        return called[0]
    move = move or request.moves[0]
    return _not_valid(block, move.code, f"{move.old}: {move.new} is the new home")


def _unread_calls(blocks: list[Block], request: Request) -> Iterator[Remark]:
    """Yield a remark for each block that cannot be read and names what is called otherwise, or is gone."""
    for block in blocks:
        for change in changes_named_in(block.shown, request.calling):
            name = change.of[0] if isinstance(change, CallChange) else change.names[0]
            yield _not_valid(block, change.code, f"{name}, which changed: {change.about.reason or change.say}")
            break


def _not_valid(block: Block, code: str, what: str) -> Remark:
    at = block.lines[0].start
    return Remark(at, at, code, f"this code is not valid Python, so it is not rewritten; it may use {what}", "manual")


def _rewrite(layout: Layout, request: Request) -> Outcome:
    # The engine finds doctests by this module.
    from compatkit.rewrite.engine import rewrite_by_tables

    migrations = (*request.migrations, *(each for each in request.calling if each not in request.migrations))
    source = "\n".join(layout.shown).encode()
    return rewrite_by_tables(source, FileModule("", False), request.moves, migrations, request.options)


def _kept(layout: Layout, outcome: Rewritten, request: Request) -> Iterator[Remark]:
    """Say of each import why it does not bring the new name."""
    for edit in outcome.edits:
        for move in request.moves:
            if move.code == edit.code and move.old_name != move.new_name and edit.message.startswith(f"{move.old} "):
                row = layout.line(edit.line)
                message = f"{move.old_name} keeps its name here: code that cannot be read may use it"
                yield Remark(place(row, edit.column), row.end, move.code, message)


def _not_done(layout: Layout, outcome: Skipped | Failed, request: Request) -> Iterator[Remark]:
    for row in layout.lines[:1]:
        yield Remark(row.start, row.start, request.code, f"not rewritten: {outcome.reason}", "manual")


def _remark(layout: Layout, found: Finding) -> Remark:
    row = layout.line(found.line)
    return Remark(place(row, found.column), row.end, found.code, found.message, found.confidence)
