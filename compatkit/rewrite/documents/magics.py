"""What a notebook's cell may hold beside Python: the magics, shell commands and questions of IPython."""

from __future__ import annotations

import re
from dataclasses import replace

from compatkit.rewrite.documents.code_blocks import Block, Line, is_python

_CELL_MAGIC = re.compile(r"%%(\w+)")
# Those whose body runs as Python, in the namespace of the notebook.
_PYTHON_MAGICS = frozenset({"capture", "prun", "time", "timeit"})
_TIMED = re.compile(r"(?P<indent>[ \t]*)(?P<magic>%time(?:it)?(?:[ \t]+-\w+(?:[ \t]*\d+)?)*[ \t]+)(?P<code>[^\s-].*)")
_WHOLE = re.compile(r"(?P<indent>[ \t]*)(?P<rest>[%!?].*|[\w.*]+\?{1,2}[ \t]*)")
_ASSIGNED = re.compile(r"(?P<target>[ \t]*[\w., \t\[\]'\"()*]+=[ \t]*)(?P<rest>[!%].*)")


def mask_cell(lines: list[Line], mark: str) -> Block | None:
    """Return a cell's lines as Python, with a name in place of what is none; None where the cell is another language.

    `mark` begins names that the cell does not use.
    """
    first = next((index for index, line in enumerate(lines) if line.code.strip()), None)
    magic = _CELL_MAGIC.match(lines[first].code) if first is not None else None
    if magic and magic[1] not in _PYTHON_MAGICS:
        return None
    plain = Block(tuple(lines))
    if is_python(plain.shown):
        return plain
    masked: list[Line] = []
    for number, line in enumerate(lines):
        goes_on = bool(masked) and bool(masked[-1].opaque) and masked[-1].code.endswith("\\")
        masked.append(_mask(line, f"{mark}{number}m_", goes_on=goes_on))
    return Block(tuple(masked))


def _mask(line: Line, name: str, *, goes_on: bool) -> Line:
    if goes_on:
        return _masked(line, "", name, line.code)
    if match := _TIMED.fullmatch(line.code):
        # What is timed is Python, and uses the names of the notebook.
        shown = f"{match['indent']}{name}; {match['code']}"
        return replace(line, shown=shown, masks=((f"{name}; ", match["magic"]),))
    if match := _WHOLE.fullmatch(line.code):
        return _masked(line, match["indent"], name, match["rest"])
    if match := _ASSIGNED.fullmatch(line.code):
        return _masked(line, match["target"], name, match["rest"])
    return line


def _masked(line: Line, kept: str, name: str, rest: str) -> Line:
    return replace(line, shown=kept + name, masks=((name, rest),), opaque=rest)
