"""Turn the plan of one call into edits of its text: unchanged arguments and their comments are not touched.

A dict that is spread in the call (`f(**options)`) and written out in the same scope holds arguments of the call. It is
over 300 lines, since its pairs are edited as arguments are.
"""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import read_quoted, span
from compatkit.rewrite.rules.calls.plan import PlanItem, Planned

_GAP = re.compile(r"[\s\\]*,?[\s\\]*")
_INDENT = re.compile(r"(?:\r\n|\r|\n)[ \t\f]*\Z")
# Inside parentheses even a comment may stand between a name and its sign.
_KEYWORD = re.compile(r"([^\W\d]\w*)(?:[\s\\]|#[^\r\n]*)*+=(?!=)")
# No argument is indented by more.
_WIDEST = 200


def edit_call(source: Source, call: ast.Call, planned: Planned) -> list[Edit] | str:
    """Return the edits inside the parentheses, in order, or why there are none."""
    layout = lay_out(source, call)
    if layout is None:
        return "its parentheses are not where they were looked for"
    editor = Editor(source, layout, [item for item in planned.items if item.within is None])
    first = call.args[0] if call.args else None
    if isinstance(first, ast.GeneratorExp) and source.offset(first.lineno, first.col_offset) < layout.opening:
        return "its generator would need parentheses of its own"
    edits = list(editor.edits())
    return editor.problem or sorted(edits, key=lambda edit: (edit.start, edit.end))


def written(items: Sequence[PlanItem], quote: str = '"') -> str:
    """Return new arguments as text."""
    return ", ".join(
        f"{item.name}={literal_of(item, quote)}" if item.name else literal_of(item, quote) for item in items
    )


class Editor:
    """Edits what stands between parentheses or braces."""

    def __init__(self, source: Source, layout: Layout, items: Sequence[PlanItem]) -> None:
        self._text = source.text
        self._layout = layout
        self._old = [item for item in items if item.index is not None]
        self._new = [item for item in items if item.index is None and not item.is_dropped]
        inside = self._text[layout.opening : layout.closing]
        self._quote = "'" if "'" in inside and '"' not in inside else '"'
        self.problem = ""

    def edits(self) -> Iterator[Edit]:
        front = [item for item in self._new if item.name is None]
        at_end = [item for item in self._new if item.name is not None and item.before not in self._old]
        kept = [item for item in self._old if not item.is_dropped]
        yield from self._in_front(front)
        for item in self._old:
            if not item.is_dropped:
                yield from self._change(item, [new for new in self._new if new.before is item])
        yield from self._removals()
        if not kept and (rest := [item for item in self._new if item.name is not None]):
            yield Edit(self._layout.opening, self._layout.opening, (", " if front else "") + self._written(rest))
        elif at_end:
            yield self._append(at_end, kept[-1])

    def _in_front(self, items: Sequence[PlanItem]) -> Iterator[Edit]:
        if not items:
            return
        text = self._written(items)
        if not self._layout.spans or all(item.is_dropped for item in self._old):
            yield Edit(self._layout.opening, self._layout.opening, text)
            return
        start = self._layout.spans[0].start
        yield Edit(start, start, f"{text},{self._break_before(start) or ' '}")

    def _change(self, item: PlanItem, before: Sequence[PlanItem]) -> Iterator[Edit]:
        span = self._span(item)
        text = self._text[span.start : span.end]
        if isinstance(item.node, ast.Starred) or (item.name or "").startswith("**"):
            return
        was_named = _KEYWORD.match(text)
        added = f"{self._written(before)},{self._break_before(span.start) or ' '}" if before else ""
        if item.value is not None:
            head = f"{item.name}=" if item.name else ""
            yield Edit(span.start, span.end, added + head + literal_of(item, self._quote))
        elif was_named is not None:
            if was_named[1] != item.name or added:
                yield Edit(span.start, span.start + len(was_named[1]), added + (item.name or ""))
        elif item.name is not None:
            if isinstance(item.node, ast.NamedExpr) and not text.startswith("("):
                self.problem = "an assignment among its arguments would need parentheses"
            yield Edit(span.start, span.end, f"{added}{item.name}=", is_kept=True)
        elif added:
            yield Edit(span.start, span.start, added)

    def _removals(self) -> Iterator[Edit]:
        """Yield what takes away arguments with their commas; those behind the last one that stays go at once."""
        gone = [item.index or 0 for item in self._old if item.is_dropped]
        last_kept = max((item.index or 0 for item in self._old if not item.is_dropped), default=-1)
        spans = self._layout.spans
        for index in gone:
            if index < last_kept:
                yield self._removal(spans[index].start, spans[index + 1].start, [spans[index]])
        if tail := [spans[index] for index in gone if index > last_kept]:
            start = spans[last_kept].end if last_kept >= 0 else tail[0].start
            end = tail[-1].end if last_kept >= 0 else tail[-1].comma or tail[-1].end
            yield self._removal(start, end, tail)

    def _removal(self, start: int, end: int, gone: Sequence[Span]) -> Edit:
        at = start
        for part in (*gone, Span(end, end)):
            # Between arguments there is a comma and nothing else, or a comment would go, too.
            if not _GAP.fullmatch(self._text[at : part.start]):
                self.problem = "a comment would be lost"
            at = part.end
        return Edit(start, end, "")

    def _append(self, items: Sequence[PlanItem], last: PlanItem) -> Edit:
        end = self._span(last).end
        comma = self._span(last).comma
        rest = self._text[(comma or end) : self._layout.closing]
        # A comment behind the last argument stays with it.
        gap = " " if "#" in rest else self._break_before(self._span(last).start) or " "
        return Edit(end, end, f",{gap}{self._written(items)}")

    def _break_before(self, start: int) -> str:
        """Return the line break and the indentation before an argument that begins a line."""
        indent = _INDENT.search(self._text[max(0, start - _WIDEST) : start])
        return indent.group() if indent else ""

    def _span(self, item: PlanItem) -> Span:
        return self._layout.spans[item.index or 0]

    def _written(self, items: Sequence[PlanItem]) -> str:
        return written(items, self._quote)


def literal_of(item: PlanItem, quote: str) -> str:
    value = item.value[0] if item.value else None
    text = repr(value)
    if isinstance(value, str) and quote == '"' and '"' not in text:
        return f'"{text[1:-1]}"'
    return text


_OPENING = re.compile(r"[ \t\f]*\(")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_SKIPPED = frozenset(
    {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER, tokenize.COMMENT}
)


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` of one argument; `comma` is where its comma ends, if it has one."""

    start: int
    end: int
    comma: int | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The arguments of a call in the order of the text; `opening` is where the parenthesis has been opened."""

    opening: int
    closing: int
    spans: tuple[Span, ...]


def lay_out(source: Source, call: ast.Call) -> Layout | None:
    """Return where the arguments stand, or None where that is not clear."""
    func = call.func
    opening = _OPENING.match(source.text, source.offset(func.end_lineno or 0, func.end_col_offset or 0))
    end = source.offset(call.end_lineno or 0, call.end_col_offset or 0)
    if opening is None or source.text[end - 1] != ")":
        return None
    start = opening.end() - 1
    try:
        spans = tuple(_spans(source.text[start:end], start))
    except (tokenize.TokenError, SyntaxError, IndexError):
        return None
    if len(spans) != len(call.args) + len(call.keywords):
        return None
    return Layout(start + 1, end - 1, spans)


def lay_out_dict(source: Source, node: ast.Dict) -> Layout | None:
    """Return where the pairs of a display stand, or None where that is not clear."""
    start, end = span(source, node)
    try:
        spans = tuple(_spans(source.text[start:end], start))
    except (tokenize.TokenError, SyntaxError, IndexError):
        return None
    return Layout(start + 1, end - 1, spans) if len(spans) == len(node.keys) else None


def _spans(text: str, offset: int) -> Iterator[Span]:
    # A carriage return alone ends a line to Python, but not to `tokenize`; the places stay the same.
    lines = [f"{line[:-1]}\n" if line.endswith("\r") else line for line in _LINE.findall(text)]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    depth = 0
    first: int | None = None
    last = 0
    for token in tokenize.generate_tokens(iter([*lines, ""]).__next__):
        if token.type in _SKIPPED:
            continue
        start, end = (offset + starts[row - 1] + column for row, column in (token.start, token.end))
        if token.type == tokenize.OP and token.string in "([{":
            depth += 1
            if depth == 1:
                continue
        if token.type == tokenize.OP and token.string in ")]}":
            depth -= 1
            if not depth:
                break
        if depth == 1 and token.type == tokenize.OP and token.string == ",":
            if first is not None:
                yield Span(first, last, end)
            first = None
            continue
        first, last = (start if first is None else first), end
    if first is not None:
        yield Span(first, last)


def edit_spreads(file: File, planned: Planned) -> list[Edit] | str:
    """Return the edits of what is spread, or why there are none."""
    edits: list[Edit] = []
    for node in {item.within: None for item in planned.items if item.within}:
        assert isinstance(node, ast.Dict | ast.Call)
        layout = lay_out(file.source, node) if isinstance(node, ast.Call) else lay_out_dict(file.source, node)
        if layout is None or file.in_fstring(node):
            return "the dict that is spread is not laid out as was expected"
        items = [item for item in planned.items if item.within is node]
        editor = (
            Editor(file.source, layout, items) if isinstance(node, ast.Call) else _Pairs(file, (layout, node), items)
        )
        edits += editor.edits()
        if editor.problem:
            return editor.problem
    return edits


class _Pairs(Editor):
    """Edits the pairs of a display: a name is the text of a key there."""

    def __init__(self, file: File, display: tuple[Layout, ast.Dict], items: list[PlanItem]) -> None:
        super().__init__(file.source, display[0], items)
        self._file, self._keys = file, display[1].keys

    def _change(self, item: PlanItem, before: object) -> Iterator[Edit]:  # noqa: ARG002 - what is new goes to the call
        key = self._keys[item.index or 0]
        literal = read_quoted(self._file.source, key) if isinstance(key, ast.Constant) else None
        if literal is None or not isinstance(key, ast.Constant):
            self.problem = "a key of the dict that is spread is not spelled plainly"
            return
        if item.name and item.name != key.value:
            yield Edit(literal.start, literal.end, item.name)
        if item.value is not None:
            assert isinstance(item.node, ast.expr)
            yield Edit(*span(self._file.source, item.node), literal_of(item, self._quote))
