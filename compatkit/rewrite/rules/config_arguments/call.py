"""Write the text of one call from its plan; the calls among its arguments are already rewritten."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import ClassVar

from compatkit.rewrite.edit.added_imports import WIDTH
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import start_of
from compatkit.rewrite.rules.config_arguments.layout import Piece, Pieces, Room, nested, put_together, take_apart
from compatkit.rewrite.rules.config_arguments.plan import ArgumentPlan, Callable, CallSite, GivenArguments

_OPENING = re.compile(r"[ \t\f]*\(")
_INDENT = re.compile(r"[ \t\f]*")


@dataclass(slots=True)
class Calling:
    """The changes of calls so far, none inside another."""

    source: Source
    changes: list[Edit] = field(default_factory=list)

    # A call and the imports that it needs are made together or not at all.
    group: ClassVar[int] = 1

    def span(self, call: ast.Call) -> tuple[int, int] | None:
        """Return where the arguments begin and end, parentheses included."""
        source, func = self.source, call.func
        assert func.end_lineno is not None
        assert func.end_col_offset is not None
        assert call.end_lineno is not None
        assert call.end_col_offset is not None
        opening = _OPENING.match(source.text, source.offset(func.end_lineno, func.end_col_offset))
        end = source.offset(call.end_lineno, call.end_col_offset)
        return (opening.end() - 1, end) if opening and source.text[end - 1] == ")" else None

    def text(self, start: int, end: int) -> str:
        """Return a part of the text with the changes inside it."""
        parts, at = [], start
        for change in sorted(self._inside(start, end), key=lambda change: change.start):
            parts += [self.source.text[at : change.start], change.text]
            at = change.end
        return "".join([*parts, self.source.text[at:end]])

    def replace(self, change: Edit) -> None:
        inner = self._inside(change.start, change.end)
        self.changes = [*(other for other in self.changes if other not in inner), change]

    def _inside(self, start: int, end: int) -> list[Edit]:
        return [change for change in self.changes if start <= change.start and change.end <= end]


def write_call(calling: Calling, site: CallSite, plan: ArgumentPlan) -> list[str] | str:
    """Put the call's change among those of `calling`, and return the dotted names that it needs, or why it is not."""
    call = site.call
    if (span := calling.span(call)) is None:
        return "its parentheses are not where they were looked for"
    before = _unified(calling.text(*span))
    pieces = take_apart(before)
    if pieces is None or len(pieces.items) != len(call.args) + len(call.keywords):
        return "its comments or layout would be lost"
    if plan.preset and any(_has_comment(pieces.items[item.index]) for item in plan.dropped):
        plan = ArgumentPlan(plan.config, _in_order(*plan.dropped, *plan.settings), plan.kept, names=plan.names)
    needed = [] if plan.preset else [plan.config.name, *_section_names(plan)]
    if taken := [name for name in needed if plan.names.get(name) is None]:
        return f"the name {taken[0].rpartition('.')[2]} is taken in this file"
    made = _preset(plan, pieces) if plan.preset else _config(plan, pieces)
    if made is None:
        return "its arguments are not written as expected"
    text = put_together(made, _room(calling.source, span, is_flat="\n" not in before))
    text = text.replace("\n", calling.source.newline_at(span[0]))
    at = start_of(calling.source, call)
    calling.replace(Edit(*span, text, site.code, at, _message(site.subject, plan), group=Calling.group))
    return needed


def _section_names(plan: ArgumentPlan) -> list[str]:
    return [section.of for section in plan.config.sections if section.path in plan.sections]


def _preset(plan: ArgumentPlan, pieces: Pieces) -> Pieces | None:
    quote = "'" if any("'" in piece.text and '"' not in piece.text for piece in pieces.items) else '"'
    items = [Piece(f"{plan.config.preset_argument}={quote}{plan.preset}{quote}")]
    for given in _in_order(*plan.settings, *plan.kept):
        piece = pieces.items[given.index]
        if given.row is not None:
            value = _value(piece, given)
            if value is None:
                return None
            piece = piece.called(given.row.v1, value)
        items.append(piece)
    return Pieces(tuple(items), pieces.head, pieces.foot)


def _config(plan: ArgumentPlan, pieces: Pieces) -> Pieces | None:
    settings: list[tuple[str, str, Piece]] = []
    for given in plan.settings:
        piece = pieces.items[given.index]
        value = _value(piece, given)
        if value is None or given.row is None:
            return None
        settings.append((given.row.v2, value, piece))
    sections = [section for section in plan.config.sections if section.path in plan.sections]
    inner = nested(settings, {section.path: plan.names.get(section.of) or "" for section in sections})
    config = Piece(f"{plan.config.argument}={plan.names[plan.config.name] or ''}", inner=inner)
    return Pieces((config, *(pieces.items[item.index] for item in plan.kept)), pieces.head, pieces.foot)


def _value(piece: Piece, given: GivenArguments) -> str | None:
    return piece.value if given.by_name else piece.text


def _in_order(*given: GivenArguments) -> tuple[GivenArguments, ...]:
    return tuple(sorted(given, key=lambda item: item.index))


def _has_comment(piece: Piece) -> bool:
    return bool(piece.above or piece.behind or "#" in piece.text)


def _room(source: Source, span: tuple[int, int], *, is_flat: bool) -> Room:
    start, end = span
    line_start, line_end = source.line_start(start), source.line_end(end)
    line = source.text[line_start : source.line_end(start)]
    indent = _INDENT.match(line)
    shown = indent.group().rpartition("\f")[2] if indent else ""
    return Room(shown, start - line_start, line_end - end, max(WIDTH, len(line)), is_flat)


def _message(subject: Callable, plan: ArgumentPlan) -> str:
    if plan.preset:
        return f"{subject.name}: preset {plan.preset!r}"
    return "; ".join(f"{given.row.v1} -> {given.row.v2}" for given in plan.settings if given.row)


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
