"""Decide how to rewrite a value or key of a configuration that as a whole names old code."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from compatkit.migration import Confidence
from compatkit.rewrite.documents.document_text import Request, TextFinding, TextFound
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.rules.strings.changed_names import ChangedNames
from compatkit.rewrite.rules.strings.old_names import TextSpelling
from compatkit.rewrite.rules.strings.string_takers import loads_below

_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
# A mapping with more values that may be names is no description of one class.
_MOST = 6
_PARTS = (2, 3)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A whole value at `start` to `end` of the text, which is spelled there as it is, without quotes.

    `path` is the keys that lead to it. `fixed` says why it must not be changed, where something is known.
    """

    start: int
    end: int
    value: str
    path: Sequence[str | int] = ()
    fixed: str = ""


def judge_scalars(scalars: Sequence[Scalar], request: Request) -> TextFound:
    """Edit the values where the request allows it and they are certain; else report them."""
    names = request.names
    values = {scalar.value for scalar in scalars}
    changed = ChangedNames(request.calling)
    noted = TextFound()
    for scalar in scalars:
        spelling = names.read(scalar.value)
        if spelling is None and _is_value(scalar) and (found := changed.read(scalar.value)):
            if found.is_call and scalar.path[-1] in ("_target_", "class_path"):
                # It is judged with its arguments.
                continue
            message = f"names {found.name}: {found.say}"
            noted.findings.append(TextFinding(scalar.start, scalar.end, found.code, message))
        if spelling is None or (spelling.names_home and "." not in scalar.value):
            # A single word is the name of much else.
            continue
        move = spelling.move
        message = f"names {scalar.value}; {move.new} is the new home"
        by_hand = (move.why or "the declaration leaves this to a person") if move.confidence == "manual" else ""
        doubt = scalar.fixed or spelling.doubt or by_hand or _doubt(scalar, spelling, values, request.loads)
        if doubt or not request.may_review:
            said = f": {doubt}" if doubt else f": write {spelling.new}"
            confidence: Confidence = "manual" if move.confidence == "manual" else "review"
            noted.findings.append(TextFinding(scalar.start, scalar.end, move.code, message + said, confidence))
        else:
            change = f"{scalar.value} -> {spelling.new}"
            noted.edits.append(Edit(scalar.start, scalar.end, spelling.new, move.code, scalar.start, change))
    noted.findings += _split_names(scalars, request)
    return noted


def _split_names(scalars: Sequence[Scalar], request: Request) -> Iterator[TextFinding]:
    """Yield a finding for each mapping whose values together are an old name: `{"module": "a.b", "class": "N"}`."""
    mappings: dict[tuple[str | int, ...], list[Scalar]] = defaultdict(list)
    for scalar in scalars:
        if scalar.path and isinstance(scalar.path[-1], str) and scalar.value != scalar.path[-1]:
            mappings[tuple(scalar.path[:-1])].append(scalar)
    names, changed = request.names, ChangedNames(request.calling)
    for values in mappings.values():
        parts = [part for part in values if _DOTTED.fullmatch(part.value)]
        if len(parts) > _MOST:
            continue
        for chosen in (some for size in _PARTS for some in permutations(parts, size)):
            dotted = ".".join(part.value for part in chosen)
            spelling, owner, last = names.read(dotted), changed.read(dotted), chosen[-1]
            if spelling and spelling.is_symbol and spelling.move.old == dotted:
                message = f"names {dotted} in parts: {spelling.move.new} is the new home"
                yield TextFinding(last.start, last.end, spelling.move.code, message)
            elif owner and owner.name == dotted:
                yield TextFinding(last.start, last.end, owner.code, f"names {dotted} in parts: {owner.say}")


def _is_value(scalar: Scalar) -> bool:
    """Tell whether it is the value of a key, or one of its values."""
    return not scalar.fixed and any(isinstance(key, str) for key in scalar.path)


def _doubt(scalar: Scalar, spelling: TextSpelling, values: set[str], declared: frozenset[str]) -> str:
    if loads_below(scalar.path, declared):
        return ""
    if spelling.new in values:
        return "the file names the new home too, and may be about the change"
    # As entry points and servers spell what they load; nothing is logged so.
    is_loaded = ":" in scalar.value
    return "" if is_loaded else f"nothing here shows that it is loaded as code; if it is, write {spelling.new}"
