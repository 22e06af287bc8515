"""What becomes of a whole value, or key, of a configuration that names old code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compatkit.migration import Confidence
from compatkit.rewrite.documents.sheet import Draft, Remark, Request, Sheet
from compatkit.rewrite.rules.strings.old_names import Spelling

# Under these keys, values are loaded as code by whatever reads the file; nowhere are they the name of a thing.
_LOADED = ("_target_", "entry-points", "entry_points", "scripts", "gui-scripts", "pytest11")


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


def judge_scalars(scalars: Sequence[Scalar], request: Request) -> Sheet:
    """Draft the new values where the request allows it and they are certain; else remark on them."""
    names = request.names
    values = {scalar.value for scalar in scalars}
    sheet = Sheet()
    for scalar in scalars:
        spelling = names.read(scalar.value)
        if spelling is None or (spelling.is_module and "." not in scalar.value):
            # A single word is the name of much else.
            continue
        move = spelling.move
        message = f"names {scalar.value}; {move.new} is the new home"
        doubt = scalar.fixed or spelling.doubt or _doubt(scalar, spelling, values)
        if doubt or move.confidence == "manual" or not request.may_review:
            said = f": {doubt or move.why}" if doubt or move.confidence == "manual" else f": write {spelling.new}"
            confidence: Confidence = "manual" if move.confidence == "manual" else "review"
            sheet.remarks.append(Remark(scalar.start, scalar.end, move.code, message + said, confidence))
        else:
            change = f"{scalar.value} -> {spelling.new}"
            sheet.drafts.append(Draft(scalar.start, scalar.end, spelling.new, move.code, scalar.start, change))
    return sheet


def _doubt(scalar: Scalar, spelling: Spelling, values: set[str]) -> str:
    if spelling.new in values and not any(part in _LOADED for part in scalar.path):
        return "the file names the new home too, and may be about the change"
    return ""
