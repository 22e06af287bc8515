"""The rest: every mention of an old module that is neither rewritten nor reported yet."""

from __future__ import annotations

from collections.abc import Iterator

from compatkit.rewrite.documents.sheet import Remark, Request, Sheet


def find_mentions(text: str, sheet: Sheet, request: Request) -> Iterator[Remark]:
    """Yield a remark for each line with mentions that nothing was said about."""
    if not request.moves:
        return
    drafted = [(draft.start, draft.end) for draft in sheet.drafts]
    spoken = sorted([*drafted, *sheet.read, *((remark.at, remark.end) for remark in sheet.remarks)])
    told = set()
    index, reach = 0, -1
    for start, end, move in request.names.mentions(text):
        while index < len(spoken) and spoken[index][0] <= start:
            reach = max(reach, spoken[index][1])
            index += 1
        line = _line_start(text, start)
        if end <= reach or line in told:
            continue
        told.add(line)
        message = f"names {text[start:end]} in a text: {move.old} is {move.new} now"
        yield Remark(start, end, move.code, message, "manual")


def _line_start(text: str, at: int) -> int:
    return max((text.rfind(newline, 0, at) for newline in "\r\n"), default=-1) + 1
