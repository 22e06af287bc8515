"""Rewrite options in command lines: of scripts, Makefiles, workflows, Dockerfiles, notebooks, shell sessions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compatkit.rewrite.documents.document_text import (
    DocumentError,
    Request,
    TextFinding,
    TextFound,
    apply_edits,
    line_spans,
)
from compatkit.rewrite.documents.yaml_document import yaml_events
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.rules.flags import OWN, commands_in, find_uses, foreign

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_CELL_OF_A_SHELL = re.compile(r"\s*%%(?:!|bash|cmd|script|sh)\b")
# In a file of these kinds, commands are what it is made of.
_OF_COMMANDS = frozenset({".txt", ".yaml", ".yml"})
_NEW = "not rewritten, because this text names the new option too, and may be about the change"


def find_commands(text: str, suffix: str, noted: TextFound, request: Request) -> TextFound:
    """Find the options in a text of this kind; what `noted` has read as Python is left out."""
    found = TextFound()
    rows = foreign(request.flags, request.own_options)
    if not rows:
        return found
    if suffix == ".ipynb":
        shown = list(shell_of_cell(text))
    else:
        shown = list(_shown(text)) if suffix in (".md", ".rst") else [(0, len(text))]
    uses = find_uses(
        (command for start, end in shown for command in commands_in(text, start, end)), rows, request.options
    )
    for use in uses:
        row, word = use.row, use.word
        if any(start <= word.start < end for start, end in noted.read):
            continue
        reason = use.reason
        if row.v1 in request.own_options:
            reason = OWN
        elif not reason and use.edits and suffix not in {*_OF_COMMANDS, ".md", ".ipynb"}:
            reason = "files of this kind are left to a person"
        elif not reason and suffix == ".md" and row.v2 and re.search(rf"{re.escape(row.v2)}(?![\w-])", text):
            reason = _NEW
        if reason or row.say:
            told = use.finding if reason == use.reason else f"{use.message}; not rewritten: {reason}"
            found.findings.append(TextFinding(word.start, word.end, row.code, told, "manual" if row.say else "review"))
        else:
            found.edits += [Edit(*edit, row.code, word.start, use.message) for edit in use.edits]
    if found.edits and suffix in (".yaml", ".yml"):
        _check_yaml(text, found)
    return found


def shell_of_cell(text: str) -> Iterator[tuple[int, int]]:
    """Yield the parts of a notebook's cell that a shell runs: all of a `%%bash` cell, else lines with `!` or `%`."""
    if _CELL_OF_A_SHELL.match(text):
        yield 0, len(text)
        return
    goes_on = False
    for start, end, newline in line_spans(text):
        if goes_on or text[start:end].lstrip().startswith(("!", "%")):
            goes_on = text[start:end].endswith("\\")
            yield start, end + len(newline)


def _shown(text: str) -> Iterator[tuple[int, int]]:
    """Yield the fenced blocks of a text, or the indented ones."""
    fence, begin = "", 0
    for start, end, newline in line_spans(text):
        found = _FENCE.match(text, start, end)
        if found and not fence:
            fence, begin = found[1], end + len(newline)
        elif found and found[1].startswith(fence):
            yield begin, start
            fence = ""
        elif not fence and text[start:end].startswith(("    ", "\t", "  $ ")):
            yield start, end


def _check_yaml(text: str, found: TextFound) -> None:
    """Raise `DocumentError` unless nothing but the words of the edits differs in what the file says."""
    try:
        before, after = yaml_events(text), yaml_events(apply_edits(text, found.edits))
    except ImportError:
        found.demote("not rewritten: to check the result, PyYAML has to be installed")
        return
    pairs = {(text[edit.start : edit.end], edit.text) for edit in found.edits}
    if len(before) != len(after) or not all(
        one.about == other.about and _differ_by(one.value, other.value, pairs)
        for one, other in zip(before, after, strict=True)
    ):
        raise DocumentError.changed_more("YAML")


def _differ_by(before: str, after: str, pairs: set[tuple[str, str]]) -> bool:
    old, new = re.split(r"([\s=\"',\[\]()]+)", before), re.split(r"([\s=\"',\[\]()]+)", after)
    return len(old) == len(new) and all(
        one == other or (one, other) in pairs for one, other in zip(old, new, strict=True)
    )
