"""Read code in the strings of a module, which sees the module's own names: doctests, arguments of `eval` or `timeit`.

Each string is read as one more function at the end of the module.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from compatkit.rewrite.edit.edit import Edit, Found
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.syntax import Syntax
from compatkit.rewrite.file.text import NEWLINE, Source
from compatkit.rewrite.file.tree import parse, read_quoted
from compatkit.rewrite.outcome import Finding, RewriteError

_PROMPT = re.compile(r"[ \t]*(>>>|\.\.\.)(?: |$)")
_MARGIN = "    "
# What is looked up, called or imported; a text without any of these runs nothing that a migration is about.
_DOES = re.compile(r"[(.]|\bimport\b")
# No code in a text is longer.
_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Look:
    """A search in texts that spell one of `words`; only doctests are ever changed."""

    words: frozenset[str]
    find: Callable[[File], Found]
    may_change: bool


@dataclass(frozen=True, slots=True)
class _Text:
    """The code in one text: its lines, and where in the file each begins, if it is written there as it is."""

    node: ast.expr
    lines: tuple[str, ...]
    starts: tuple[int, ...] = ()


def find_in_texts(file: File, look: Look) -> Found:
    """Return what is found in texts that are code."""
    texts = [text for text in _texts(file, look.words) if _runs(text)]
    if not texts:
        return Found()
    head = file.source.text if file.source.text.endswith(("\n", "\r")) else file.source.text + "\n"
    whole = head + "".join(_as_function(text, number) for number, text in enumerate(texts))
    try:
        with_texts = File(Syntax(_source_of(whole), parse(whole)), file.home, file.neighbours)
        found = look.find(with_texts)
    except (RewriteError, RecursionError):
        return Found()
    placing = _Placing(file.source, with_texts.source, texts)
    placing.at, placing.may_change = with_texts.source.line(len(head)) - 1, look.may_change
    return placing.placed(found)


def _source_of(text: str) -> Source:
    """Return a text that is in no file."""
    starts = (0, *(newline.end() for newline in NEWLINE.finditer(text)))
    return Source(b"", text, "utf-8", starts, starts)


def _texts(file: File, words: frozenset[str]) -> Iterator[_Text]:
    docstrings = {node.value for node in file.nodes.of(ast.Expr)}
    for node in file.nodes.of(ast.Constant):
        text = node.value
        if not isinstance(text, str) or not words.intersection(re.findall(r"\w+", text)):
            continue
        if ">>>" in text:
            yield from _doctests(file, node)
        elif node not in docstrings and node not in file.scopes.quoted and not file.in_fstring(node):
            yield from _code(file, node, text)
    for whole in file.nodes.of(ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "None" for part in whole.values)
        if words.intersection(re.findall(r"\w+", text)):
            yield from _code(file, whole, text)


def _doctests(file: File, node: ast.Constant) -> Iterator[_Text]:
    literal = read_quoted(file.source, node)
    if literal is None:
        return
    lines, starts, at = [], [], literal.start
    for line in file.source.text[literal.start : literal.end].splitlines(keepends=True):
        if prompt := _PROMPT.match(line.rstrip("\r\n")):
            lines.append(line.rstrip("\r\n")[prompt.end() :])
            starts.append(at + prompt.end())
        at += len(line)
    is_as_written = literal.is_raw or "\\" not in "".join(lines)
    yield _Text(node, tuple(lines), tuple(starts) if is_as_written else ())


def _code(file: File, node: ast.expr, text: str) -> Iterator[_Text]:
    if len(text) > _LONGEST or not _DOES.search(text) or _is_a_name(file, text):
        return
    call = file.parents.get(node)
    call = file.parents.get(call) if isinstance(call, ast.keyword) else call
    # Another text of the same call may import what this one uses.
    given = (*call.args, *(word.value for word in call.keywords)) if isinstance(call, ast.Call) else ()
    beside = (part.value for part in given if part is not node and isinstance(part, ast.Constant))
    before = [line for code in beside if isinstance(code, str) and "import" in code for line in code.split("\n")]
    yield _Text(node, (*before, *text.strip("\n").split("\n")))


def _is_a_name(file: File, text: str) -> bool:
    """Tell whether a text is nothing but a dotted name of what is imported, on which `strings` decides."""
    root, _, _ = text.partition(".")
    bound = [ref.node for ref in file.scopes.of(root) if ref.is_binding]
    return all(part.isidentifier() for part in text.split(".")) and all(node in file.imported for node in bound)


def _runs(text: _Text) -> bool:
    """Tell whether a text is code that does something."""
    try:
        tree = parse(_as_function(text, 0))
    except RewriteError:
        return False
    return any(isinstance(node, ast.Call | ast.Attribute | ast.alias) for node in ast.walk(tree))


def _as_function(text: _Text, number: int) -> str:
    margin = min((len(line) - len(line.lstrip()) for line in text.lines if line.strip()), default=0)
    cut = 0 if text.starts else margin
    return f"def __text{number}():\n" + "".join(f"{_MARGIN}{line[cut:]}\n" for line in (*text.lines, "pass"))


class _Placing:
    """Places what was found in the functions at the end, behind line `at`, where the texts stand in the file."""

    at: int
    may_change: bool

    def __init__(self, before: Source, source: Source, texts: Sequence[_Text]) -> None:
        self._before, self._source = before, source
        self._rows = [(text, number) for text in texts for number in range(-1, len(text.lines) + 1)]

    def placed(self, found: Found) -> Found:
        placed = Found()
        for change in found.changes:
            if self._source.line(change.at) > self.at:
                self._add(change, placed)
        for finding in found.findings:
            if finding.line > self.at:
                placed.findings.append(self._finding(finding))
        return placed

    def _add(self, change: Edit, placed: Found) -> None:
        line, column = self._source.place(change.at)
        text, number = self._rows[line - self.at - 1]
        is_one_line = line == self._source.line(change.start) == self._source.line(change.end)
        if self.may_change and text.starts and is_one_line and "\n" not in change.text:
            by = text.starts[number] - self._source.line_start(change.at) - len(_MARGIN)
            start, end, at = change.start + by, change.end + by, change.at + by
            placed.changes.append(replace(change, start=start, end=end, at=at, group=text.starts[0]))
        elif change.message:
            why = "made with --confidence review" if text.starts and not self.may_change else "change it by hand"
            placed.findings.append(
                self._finding(Finding(change.code, line, column, f"{change.message}; not rewritten: {why}"))
            )

    def _finding(self, finding: Finding) -> Finding:
        text, number = self._rows[finding.line - self.at - 1]
        source = self._before
        if text.starts and 0 <= number < len(text.starts):
            at = text.starts[number] + finding.column - 1 - len(_MARGIN)
            line = source.line(at)
            return replace(finding, line=line, column=at - source.line_start(at) + 1)
        column = source.column(text.node.lineno, text.node.col_offset)
        message = f"a text is code that runs this: {finding.message}"
        return Finding(finding.code, text.node.lineno, column, message, finding.confidence)
