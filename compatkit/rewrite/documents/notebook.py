"""Rewrite notebooks: code cells together, texts as Markdown; all else in the file stays as it is."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace

from compatkit.rewrite.documents.code import rewrite_code, spells
from compatkit.rewrite.documents.code_blocks import CodeBlock, Line, is_python, unused_mark
from compatkit.rewrite.documents.command_lines import find_commands
from compatkit.rewrite.documents.document_text import DocumentError, Request, TextFound, apply_edits, line_spans
from compatkit.rewrite.documents.json_text import Embedded, JsonString, find_strings_of_json, parse_json_text
from compatkit.rewrite.documents.markdown import find_in_markdown

_CELL_MAGIC = re.compile(r"%%(\w+)")
# Those whose body runs as Python, in the namespace of the notebook.
_PYTHON_MAGICS = frozenset({"capture", "prun", "time", "timeit"})
_TIMED = re.compile(r"(?P<indent>[ \t]*)(?P<magic>%time(?:it)?(?:[ \t]+-\w+(?:[ \t]*\d+)?)*[ \t]+)(?P<code>[^\s-].*)")
_RUN = re.compile(r"(?P<indent>[ \t]*)(?P<rest>%run[ \t].*)")
_WHOLE = re.compile(r"(?P<indent>[ \t]*)(?P<rest>[%!?].*|[\w.*]+\?{1,2}[ \t]*)")
_ASSIGNED = re.compile(r"(?P<target>[ \t]*[\w., \t\[\]'\"()*]+=[ \t]*)(?P<rest>[!%].*)")


def mask_cell(lines: list[Line], mark: str) -> CodeBlock | None:
    """Return a cell's lines as Python, with a name in place of what is none; None where the cell is another language.

    `mark` begins names that the cell does not use.
    """
    first = next((index for index, line in enumerate(lines) if line.code.strip()), None)
    magic = _CELL_MAGIC.match(lines[first].code) if first is not None else None
    if magic and magic[1] not in _PYTHON_MAGICS:
        return None
    plain = CodeBlock(tuple(lines))
    if is_python(plain.shown):
        return plain
    masked: list[Line] = []
    for number, line in enumerate(lines):
        goes_on = bool(masked) and bool(masked[-1].opaque) and masked[-1].code.endswith("\\")
        masked.append(_mask(line, f"{mark}{number}m_", goes_on=goes_on))
    return CodeBlock(tuple(masked))


def _mask(line: Line, name: str, *, goes_on: bool) -> Line:
    if goes_on:
        return _masked(line, "", name, line.code)
    if match := _TIMED.fullmatch(line.code):
        # What is timed is Python, and uses the names of the notebook.
        shown = f"{match['indent']}{name}; {match['code']}"
        return replace(line, shown=shown, masks=((f"{name}; ", match["magic"]),))
    if match := _RUN.fullmatch(line.code):
        # It stays in sight, because it brings names.
        return _masked(line, match["indent"], f"{name}  # {match['rest']}", match["rest"])
    if match := _WHOLE.fullmatch(line.code):
        return _masked(line, match["indent"], name, match["rest"])
    if match := _ASSIGNED.fullmatch(line.code):
        return _masked(line, match["target"], name, match["rest"])
    return line


def _masked(line: Line, kept: str, name: str, rest: str) -> Line:
    return replace(line, shown=kept + name, masks=((name, rest),), opaque=rest)


@dataclass(frozen=True, slots=True)
class _Cell:
    kind: str
    source: Embedded


def find_in_notebook(text: str, request: Request) -> TextFound:
    """Find what a notebook's cells name. Raises `DocumentError` for what is no JSON."""
    document = parse_json_text(text, "notebook")
    noted = TextFound()
    cells = _cells(document, text, noted)
    meant = {id(cell): cell.source.text for cell in cells}
    code = [cell for cell in cells if cell.kind == "code"] if _is_python(document) else []
    for cell, found in _in_code(code, request) + _in_texts(cells, request):
        found.add(find_commands(cell.source.text, ".md" if cell.kind == "markdown" else ".ipynb", found, request))
        meant[id(cell)] = apply_edits(cell.source.text, found.edits)
        _bring_back(noted, found, cell.source)
    if noted.edits:
        _check(document, apply_edits(text, noted.edits), [meant[id(cell)] for cell in cells])
    return noted


def _cells(document: object, text: str, noted: TextFound) -> list[_Cell]:
    """Return the cells that have a text, and note what they gave when they ran, of which there is nothing to say."""
    listed = document.get("cells") if isinstance(document, dict) else None
    kinds = [cell.get("cell_type") if isinstance(cell, dict) else None for cell in listed or []]
    pieces: dict[int, list[JsonString]] = {}
    for string in find_strings_of_json(text):
        match string.path:
            case ("cells", int(index), "source") | ("cells", int(index), "source", int()) if not string.is_key:
                pieces.setdefault(index, []).append(string)
            case ("cells", int(), "outputs", *_):
                noted.read.append((string.start, string.end))
    return [
        _Cell(str(kinds[index]), Embedded(text, found, is_list=len(found[0].path) == 4))
        for index, found in sorted(pieces.items())
        if index < len(kinds)
    ]


def _is_python(document: object) -> bool:
    match document:
        case {"metadata": {"kernelspec": {"language": str(language)}}}:
            return language.lower().startswith(("python", "ipython"))
        case {"metadata": {"language_info": {"name": str(language)}}}:
            return language.lower().startswith(("python", "ipython"))
    return True


def _in_code(cells: list[_Cell], request: Request) -> list[tuple[_Cell, TextFound]]:
    """Rewrite all code cells as one text, and hand out to each what is about it."""
    between = f"\n#{unused_mark(''.join(cell.source.text for cell in cells))}\n"
    text = between.join(cell.source.text for cell in cells)
    is_used = any(_is_foreign(cell) and spells(cell.source.text, request) for cell in cells)
    found = rewrite_code(
        text, lambda content, mark: _blocks(content, between, mark), request, is_used_elsewhere=is_used
    )
    starts = [0]
    for cell in cells:
        starts.append(starts[-1] + len(cell.source.text) + len(between))
    sheets = [TextFound() for _ in cells]
    for edit in found.edits:
        index = bisect_right(starts, edit.start) - 1
        # What is said of a change may be about another cell, which the change follows.
        at = edit.at if starts[index] <= edit.at < starts[index + 1] else edit.start
        by = starts[index]
        sheets[index].edits.append(replace(edit, start=edit.start - by, end=edit.end - by, at=at - by))
    for finding in found.findings:
        index = bisect_right(starts, finding.at) - 1
        sheets[index].findings.append(replace(finding, at=finding.at - starts[index], end=finding.end - starts[index]))
    for start, end in found.read:
        index = bisect_right(starts, start) - 1
        sheets[index].read.append((start - starts[index], end - starts[index]))
    return list(zip(cells, sheets, strict=True))


def _is_foreign(cell: _Cell) -> bool:
    """Tell whether a cell is in another language, which may still be handed names of the notebook."""
    return not _blocks(cell.source.text, "\n\0", unused_mark(cell.source.text)) and bool(cell.source.text.strip())


def _in_texts(cells: list[_Cell], request: Request) -> list[tuple[_Cell, TextFound]]:
    return [(cell, find_in_markdown(cell.source.text, request)) for cell in cells if cell.kind == "markdown"]


def _blocks(text: str, between: str, mark: str) -> list[CodeBlock]:
    blocks, start = [], 0
    for content in text.split(between):
        lines = [_line(text, *line) for line in line_spans(text, start, start + len(content))]
        if lines and (block := mask_cell(lines, mark)):
            blocks.append(block)
        start += len(content) + len(between)
    return blocks


def _line(text: str, start: int, end: int, newline: str) -> Line:
    return Line(start, start, end, end + len(newline), text[start:end], text[start:end], newline)


def _bring_back(noted: TextFound, found: TextFound, source: Embedded) -> None:
    placed = [source.placed(edit) for edit in found.edits]
    if None in placed:
        raise DocumentError.changed_more("notebook")
    noted.edits += [edit for edit in placed if edit]
    for finding in found.findings:
        noted.findings.append(replace(finding, at=source.offset(finding.at), end=source.offset(finding.end)))
    noted.read += [(source.offset(start), source.offset(end)) for start, end in found.read]


def _check(before: object, text: str, meant: list[str]) -> None:
    """Raise `DocumentError` unless only the cells' texts differ, and these as they should."""
    after = parse_json_text(text, "notebook")
    if [cell.source.text for cell in _cells(after, text, TextFound())] != meant or _outside(before) != _outside(after):
        raise DocumentError.changed_more("notebook")


def _outside(document: object) -> object:
    match document:
        case {"cells": list(cells), **rest}:
            return rest, [{**cell, "source": ""} if isinstance(cell, dict) else cell for cell in cells]
    return document
