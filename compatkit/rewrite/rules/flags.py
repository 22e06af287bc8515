"""Rewrite renamed command-line options in commands, in every form in which commands are written.

Python code starts programs with lists of words; those are rewritten here, and texts with a whole command are reported.
`documents.command_lines` finds the commands of scripts, workflows and notebooks.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import NamedTuple

from compatkit.migration import FlagChange
from compatkit.options import Options
from compatkit.rewrite.edit.edit import Edit, Found
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.tree import read_literal
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.run_plan import RunPlan

_WORD = re.compile(r"[^\s\"'()\[\]{},;|&<>`!]+")
# A backslash, or a caret in a batch file, joins two lines. What follows a semicolon or a pipe is another command.
_END = re.compile(r"(?<![\\^\r])(?:\r\n|\n|\r)|;|&&?|\|\|?")
_UNSEEN = "it is not seen in one command with what tells whose option it is"
# What puts a command together, or keeps it.
_OF_TEXTS = (ast.BinOp, ast.JoinedStr, ast.Assign)
_PARSERS = frozenset({"add_argument", "add_option", "option", "Option"})

OWN = "a program of this project takes an option of this name itself"


def foreign(rows: Iterable[FlagChange], own: Set[str]) -> list[FlagChange]:
    """Leave out what is told of options that a program of the project takes itself: there they are not gone."""
    return [row for row in rows if not (row.say and row.v1 in own)]


class Word(NamedTuple):
    """A word of a command, and where it stands."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class FlagUse:
    """An option that changed: what becomes of the text, or the `reason` why that is left to a person."""

    row: FlagChange
    word: Word
    edits: tuple[tuple[int, int, str], ...]
    message: str
    reason: str = ""

    @property
    def finding(self) -> str:
        """Return the text that is reported where nothing is rewritten."""
        return f"{self.message}; not rewritten: {self.reason}" if self.reason else self.message


def commands_in(text: str, start: int, end: int) -> Iterator[list[Word]]:
    """Yield the commands in a part of a text."""
    at = start
    for stop in [*(found.start() for found in _END.finditer(text, start, end)), end]:
        words = [Word(found.start(), found.end(), found[0]) for found in _WORD.finditer(text, at, stop)]
        yield [word for word in words if word.text not in ("\\", "^")]
        at = stop


def find_uses(commands: Iterable[Sequence[Word]], rows: Sequence[FlagChange], options: Options) -> Iterator[FlagUse]:
    """Yield the options that changed; of several rows that fit one, the first speaks."""
    every = list(commands)
    spelled = [word.text for command in every for word in command]
    for command in every:
        words = [word.text for word in command]
        for at, word in enumerate(command):
            own = [row for row in rows if word.text.partition("=")[0] == row.v1]
            row = next((row for row in own if row.is_meant(words)), None)
            is_seen = row is not None
            if row := row or next((row for row in own if row.is_meant(spelled)), None):
                for use in _use(row, (command, at), options):
                    yield use if is_seen or row.say else replace(use, reason=_UNSEEN)


def _use(row: FlagChange, place: tuple[Sequence[Word], int], options: Options) -> Iterator[FlagUse]:
    command, at = place
    word = command[at]
    if row.say:
        yield FlagUse(row, word, (), f"the option {row.v1}: {row.say}")
        return
    given = _value(command, at)
    mapped = next((v2 for v1, v2 in row.values if given and given.text == v1), None)
    is_open = bool(row.values) and given is not None and "$" in given.text
    if not row.v2 and mapped is None and not is_open:
        return
    steps = [f"{row.v1} -> {row.v2}"] if row.v2 else [row.v1]
    edits = [(word.start, word.start + len(row.v1), row.v2)] if row.v2 else []
    if given and mapped is not None:
        steps.append(f"{given.text} -> {mapped}")
        edits.append((given.start, given.end, mapped))
    names = [other.text.partition("=")[0] for other in command]
    reason = ""
    if row.v2 in names:
        reason = f"{row.v2} is given as well"
    elif is_open and given:
        reason = f"the value {given.text} is not written here"
    elif row.about.confidence == "manual":
        reason = "a person decides"
    elif options.confidence != "review":
        reason = "made with --confidence review"
    yield FlagUse(row, word, tuple(edits), "; ".join(steps), reason)


def _value(command: Sequence[Word], at: int) -> Word | None:
    """Return the value of an option: behind an equals sign, or the next word unless that is an option."""
    word = command[at]
    name, equals, value = word.text.partition("=")
    if equals:
        return Word(word.start + len(name) + 1, word.end, value)
    after = command[at + 1] if at + 1 < len(command) else None
    return None if after is None or after.text.startswith("-") else after


def find_flags(file: File, run: RunPlan) -> Found:
    """Rewrite options in lists of words, and report those in texts, and those that a parser hands on."""
    found = Found()
    rows = foreign(run.flags, file.neighbours.options)
    if not rows:
        return found
    run = replace(run, flags=tuple(rows))
    lists: dict[ast.AST, None] = {}
    for node in file.nodes.of(ast.Constant):
        if isinstance(node.value, str) and any(row.v1 in node.value for row in run.flags):
            parent = file.parents.get(node)
            if isinstance(parent, ast.List | ast.Tuple):
                lists[parent] = None
            elif isinstance(parent, ast.Call):
                found.findings += _in_call(file, run, (parent, node))
            elif isinstance(parent, _OF_TEXTS):
                found.findings += _in_text(file, run, node)
    for display in lists:
        one = _in_list(file, run, display)
        found.changes += one.changes
        found.findings += one.findings
    return found


def _in_list(file: File, run: RunPlan, display: ast.AST) -> Found:
    found = Found()
    literals = [(element, read_literal(file.source, element)) for element in _texts(display)]
    words = [Word(literal.start, literal.end, str(element.value)) for element, literal in literals if literal]
    for use in find_uses([words], run.flags, run.options):
        row, word = use.row, use.word
        if not use.reason and row.v1 in file.neighbours.options:
            use = FlagUse(row, word, (), use.message, OWN)
        if use.reason or not use.edits:
            place = file.source.place(word.start)
            found.findings.append(Finding(row.code, *place, use.finding, "manual" if row.say else "review"))
            continue
        for number, (start, end, text) in enumerate(use.edits):
            message = "" if number else use.message
            found.changes.append(Edit(start, end, text, row.code, word.start, message, True, word.start + 1))
    return found


def _texts(display: ast.AST) -> Iterator[ast.Constant]:
    for element in ast.iter_child_nodes(display):
        if isinstance(element, ast.Constant) and isinstance(element.value, str):
            yield element


def _in_call(file: File, run: RunPlan, place: tuple[ast.Call, ast.Constant]) -> Iterator[Finding]:
    """Report an option of a parser of the user's own whose values are handed on by name, and a command in a text."""
    call, node = place
    text = str(node.value)
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    row = next((row for row in run.flags if row.v1 == text), None)
    if row and row.v2 and name in _PARSERS:
        if not any(word.arg == "dest" for word in call.keywords) and (spread := _spread_options(file)):
            new = row.v2.lstrip("-").replace("-", "_")
            message = (
                f"the option {row.v1} is handed on under its old name by ** in line {spread.lineno}: give it"
                f' dest="{new}", and read that'
            )
            yield file.finding(node, row.code, message)
    elif " " in text:
        yield from _in_text(file, run, node)


def _in_text(file: File, run: RunPlan, node: ast.Constant) -> Iterator[Finding]:
    """Report the options in a text that is a command, or a part of one that is put together."""
    text = str(node.value)
    for use in find_uses(commands_in(text, 0, len(text)), run.flags, run.options):
        reason = "" if use.row.say else "the command is one text"
        told = FlagUse(use.row, use.word, (), use.message, reason).finding
        yield file.finding(node, use.row.code, told)


def _spread_options(file: File) -> ast.Call | None:
    """Return a call that is given all options of a command line by name, as in `f(**vars(options))`."""
    for call in file.nodes.of(ast.Call):
        for word in call.keywords:
            match word.value if word.arg is None else None:
                case ast.Call(func=ast.Name(id="vars")) | ast.Attribute(attr="__dict__"):
                    return call
    return None
