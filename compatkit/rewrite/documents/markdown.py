"""Rewrite Markdown and reStructuredText: fenced or indented Python, and doctests. Prose is only reported."""

from __future__ import annotations

import re
from collections.abc import Callable

from compatkit.migration import Move
from compatkit.rewrite.documents.changed_interfaces import is_about_change
from compatkit.rewrite.documents.code import rewrite_code
from compatkit.rewrite.documents.code_blocks import CodeBlock, Line, find_doctests
from compatkit.rewrite.documents.document_text import Request, TextFound, line_spans

_FENCE = re.compile(r"(?P<margin>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`\r\n]*)")
_IS_PYTHON = re.compile(
    r"\{?\.?(?:python3?|py3?|ipython3?|testcode|code(?:-block|-cell)?\}[ \t]*i?python3?)(?![\w-])", re.IGNORECASE
)
_DIRECTIVE = re.compile(
    r"(?P<margin>[ \t]*)\.\. (?:(?:code-block|code|sourcecode)::[ \t]*i?(?:python3?|py3?)|testcode::.*)[ \t]*"
)
_OPTION = re.compile(r"[ \t]*:[\w-]+:.*")
_Lines = list[tuple[int, int, str]]
_Find = Callable[[str], list[_Lines]]


def find_in_markdown(text: str, request: Request) -> TextFound:
    """Find what a Markdown text shows as Python."""
    return _find_in_text(text, request, _fenced)


def find_in_rst(text: str, request: Request) -> TextFound:
    """Find what a reStructuredText shows as Python."""
    return _find_in_text(text, request, _indented)


def _find_in_text(text: str, request: Request, find: _Find) -> TextFound:
    noted = rewrite_code(text, lambda content, _: _snippets(content, find), request)
    # As `doctest` does: the examples of a text share their names, and those of other code are not theirs.
    noted.add(rewrite_code(text, lambda content, _: find_doctests(content), request))
    codes = {edit.code for edit in noted.edits}
    about = noted.edits and any(_names_new_home(text, move) for move in request.moves)
    if about or is_about_change(text, codes, request.calling):
        noted.demote("not rewritten, because this text names the new home too, and may be about the change")
    elif not request.may_review:
        noted.demote("made with --confidence review")
    return noted


def _names_new_home(text: str, move: Move) -> bool:
    if move.new_home not in text:
        return False
    if move.new_home in (move.new, move.old_home):
        # In one piece: the words of `lightning.pytorch` also stand in `pytorch-lightning`.
        return re.search(rf"(?<![\w./-]){re.escape(move.new)}(?![\w-])", text) is not None
    module = re.search(rf"(?<![\w.]){re.escape(move.new_module)}(?!\w)", text)
    return module is not None and re.search(rf"\b{re.escape(move.new_name)}\b", text) is not None


def _snippets(text: str, find: _Find) -> list[CodeBlock]:
    blocks = []
    for lines in find(text):
        code = [(begin, end, newline) for begin, end, newline in lines if text[begin:end].strip()]
        if code and not text[code[0][0] : code[0][1]].lstrip().startswith(">>>"):
            margin = _margin(text, code)
            blocks.append(CodeBlock(tuple(_code_line(text, line, margin) for line in lines)))
    return blocks


def _margin(text: str, lines: _Lines) -> str:
    """Return the whitespace that all lines begin with."""
    shared = text[lines[0][0] : lines[0][1]]
    shared = shared[: len(shared) - len(shared.lstrip(" \t"))]
    for begin, _, _ in lines:
        while not text.startswith(shared, begin):
            shared = shared[:-1]
    return shared


def _code_line(text: str, line: tuple[int, int, str], margin: str) -> Line:
    begin, end, newline = line
    # An empty line need not have the margin.
    start = begin + len(margin) if text.startswith(margin, begin, end) else end
    code = text[start:end]
    return Line(begin, start, end, end + len(newline), code, code, newline, margin, margin)


def _fenced(text: str) -> list[_Lines]:
    """Return the lines of each fenced block that says that it is Python."""
    found: list[_Lines] = []
    fence = ""
    held: _Lines | None = None
    for line in line_spans(text):
        content = text[line[0] : line[1]]
        match = _FENCE.fullmatch(content)
        if fence:
            if match and match["fence"].startswith(fence) and not match["info"].strip():
                fence, held = "", None
            elif held is not None:
                held.append(line)
        elif match:
            fence, held = match["fence"], None
            if _IS_PYTHON.match(match["info"]):
                held = []
                found.append(held)
    return found


def _indented(text: str) -> list[_Lines]:
    """Return the lines of each directive that holds Python."""
    found: list[_Lines] = []
    margin = ""
    held: _Lines | None = None
    for line in line_spans(text):
        content = text[line[0] : line[1]]
        if match := _DIRECTIVE.fullmatch(content):
            margin, held = match["margin"], []
            found.append(held)
        elif held is not None and content.strip():
            if not content.startswith((margin + " ", margin + "\t")):
                held = None
            elif held or not _OPTION.fullmatch(content):
                held.append(line)
        elif held:
            held.append(line)
    return found
