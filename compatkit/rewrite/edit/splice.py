"""Put a regenerated statement back into the bytes of the file, with the newlines that the file has there."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.edit.import_plan import Plan, Regenerated, Site, respell
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import span

_NEWLINE = re.compile(r"\r\n|\r|\n")
_REST_OF_LINE = re.compile(r"([ \t\f]*)(#[^\r\n]*)?(?=[\r\n]|\Z)")
# Comments that steer a tool hold for each line, so a name that leaves its line takes a copy along.
_PRAGMA = re.compile(r"#\s*(?:noqa|type:|pragma|pylint|pyright|mypy|isort|ruff|flake8|nosec|NOQA)")


def replacements(source: Source, site: Site, plan: Plan) -> list[Edit] | None:
    """Return the edits that one statement needs, or None where it cannot be regenerated."""
    node = site.node
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    start, end = source.offset(node.lineno, node.col_offset), source.offset(node.end_lineno, node.end_col_offset)
    text = source.text[start:end]
    whole_line = stands_alone(source, start, end)
    result = respell(text, node, plan) or _regenerate(text, plan, comments_may_move=whole_line)
    if result is None:
        return None
    statement = _with_newlines(result.statement, text, source.newline_at(start))
    if not whole_line:
        return [Edit(start, end, "; ".join([statement, *(part.statement for part in result.split)]))]
    opening = source.newline_at(end) + indentation(source, start)
    line_end = source.line_end(end)
    pragma = _pragma(source.text[end:line_end])
    added = "".join(opening + part.statement + _comment(part.comment or pragma) for part in result.split)
    edits = [Edit(start, end, statement)]
    return [*edits, Edit(line_end, line_end, added)] if added else edits


def _regenerate(text: str, plan: Plan, *, comments_may_move: bool) -> Regenerated | None:
    # Imported here: LibCST costs more than all else, and most runs over most trees need none of it.
    from compatkit.rewrite.edit.import_libcst import regenerate

    return regenerate(_NEWLINE.sub("\n", text), plan, comments_may_move=comments_may_move)


def splice(source: Source, edits: Sequence[Edit]) -> bytes:
    """Apply the edits, which must be in order, to the file's bytes. All other bytes are copied."""
    pieces, at = [], 0
    for edit in edits:
        start = source.byte_offset(edit.start)
        pieces += [source.data[at:start], edit.text.encode(source.encoding)]
        at = source.byte_offset(edit.end) if edit.end != edit.start else start
    return b"".join([*pieces, source.data[at:]])


def lines_of(file: File, node: ast.stmt) -> tuple[int, int] | None:
    """Return where the lines of a statement begin and end; None where it shares one, or a block needs it."""
    source = file.source
    start, end = span(source, node)
    block = next((block for block in file.blocks if node in block), [])
    if len(block) < 2 or not stands_alone(source, start, end):
        return None
    line_end = source.line_end(end)
    after = line_end + len(source.newline_at(end)) if line_end < len(source.text) else line_end
    return source.line_start(start), after


def stands_alone(source: Source, start: int, end: int) -> bool:
    """Tell whether a statement has its lines to itself, so that a line can be added below it."""
    line_start = source.line_start(start)
    if source.text[line_start:start].strip(" \t\f"):
        return False
    # After a backslash, this line goes on with the one above, say `if x: \`.
    continues = source.text[:line_start].rstrip("\r\n").endswith("\\")
    return not continues and _REST_OF_LINE.match(source.text, end) is not None


def indentation(source: Source, start: int) -> str:
    # A form feed starts the indentation anew for the tokenizer; it need not be repeated.
    return source.text[source.line_start(start) : start].rpartition("\f")[2]


def _with_newlines(statement: str, original: str, default: str) -> str:
    """Give each line the newline that it had, or, where lines are gone, the first one of the statement."""
    newlines = _NEWLINE.findall(original)
    lines = statement.split("\n")
    if len(newlines) != len(lines) - 1:
        newlines = [newlines[0] if newlines else default] * (len(lines) - 1)
    return "".join(line + newline for line, newline in zip(lines, [*newlines, ""], strict=True))


def _pragma(rest: str) -> str:
    comment = rest.strip(" \t\f")
    return comment if _PRAGMA.match(comment) else ""


def _comment(comment: str) -> str:
    return f"  {comment}" if comment else ""
