"""A document's text, what is to be done to it, and what is to be said about it. Places are offsets of characters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from compatkit.migration import Confidence, FlagChange, Migration, Move
from compatkit.options import Options
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.outcome import RewriteError
from compatkit.rewrite.rules.strings.old_names import Names, names_of
from compatkit.rewrite.run_plan import Engine

DEFAULTS = Options()
# As for Python's own tokenizer: a form feed or U+2028 ends no line.
NEWLINE = re.compile(r"\r\n|\r|\n")

_BOM = b"\xef\xbb\xbf"
_NEWLINE_BYTES = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Request:
    """A request to rewrite a document: the declaration, and how far to go.

    `migrations` bring fields and arguments that are made modern, `calling` those whose changed interface may be used;
    `loads` are declared keys whose values are loaded as code; `flags` are options that the document spells,
    `own_options` those that programs of the project define themselves; `engine` rewrites the code in a document.
    """

    moves: tuple[Move, ...]
    migrations: tuple[Migration, ...] = ()
    options: Options = DEFAULTS
    calling: tuple[Migration, ...] = ()
    loads: frozenset[str] = frozenset()
    flags: tuple[FlagChange, ...] = ()
    own_options: frozenset[str] = frozenset()
    engine: Engine | None = None

    @property
    def names(self) -> Names:
        return names_of(self.moves)

    @property
    def code(self) -> str:
        """The code under which to say what concerns the document as a whole."""
        codes = [move.code for move in self.moves]
        for each in self.calling:
            codes += [row.code for row in each.calls]
            codes += [row.code for row in each.members]
            codes += [row.code for row in each.removed]
        return codes[0] if codes else "CK901"

    @property
    def may_review(self) -> bool:
        return self.options.confidence == "review"


@dataclass(frozen=True, slots=True)
class Remark:
    """A place that is only reported; mentions of old code up to `end` need not be reported again."""

    at: int
    end: int
    code: str
    message: str
    confidence: Confidence = "review"


@dataclass(slots=True)
class Sheet:
    """The drafts and remarks for one text; `read` are parts of which all is said, because they were understood."""

    drafts: list[Edit] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    read: list[tuple[int, int]] = field(default_factory=list)

    def demote(self, why: str) -> None:
        """Only report what would have been changed."""
        for draft in self.drafts:
            end = max(draft.end, draft.at)
            self.remarks.append(Remark(draft.at, end, draft.code, f"{draft.message}; {why}"))
        self.drafts.clear()

    def add_beside(self, other: Sheet) -> None:
        """Add what does not change a place that is changed already, such as a class that also moves."""
        taken = {draft.start for draft in self.drafts}
        self.drafts += [draft for draft in other.drafts if draft.start not in taken]
        self.remarks += other.remarks

    def add(self, other: Sheet) -> None:
        self.drafts += other.drafts
        self.remarks += other.remarks
        self.read += other.read


def apply(text: str, drafts: Iterable[Edit]) -> str:
    """Return the text with all drafts made. They must not overlap."""
    pieces, at = [], 0
    for draft in sorted(drafts, key=lambda draft: (draft.start, draft.end)):
        pieces += [text[at : draft.start], draft.text]
        at = draft.end
    return "".join([*pieces, text[at:]])


def split_lines(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int, str]]:
    """Return the lines between two offsets: where each begins, where it ends, and the newline behind it."""
    end = len(text) if end is None else end
    lines = []
    for newline in NEWLINE.finditer(text, start, end):
        lines.append((start, newline.start(), newline.group()))
        start = newline.end()
    if start < end:
        lines.append((start, end, ""))
    return lines


def read_document(data: bytes) -> Source:
    """Decode a document. What is not UTF-8 is read as Latin-1, which gives every byte a character and back."""
    bom = len(_BOM) if data.startswith(_BOM) else 0
    try:
        text, encoding = data[bom:].decode(), "utf-8"
    except UnicodeDecodeError:
        text, encoding = data[bom:].decode("latin-1"), "latin-1"
    starts = (0, *(newline.end() for newline in NEWLINE.finditer(text)))
    return Source(data, text, encoding, starts, (bom, *(found.end() for found in _NEWLINE_BYTES.finditer(data))))


def encode_document(source: Source, text: str) -> bytes:
    """Return the bytes of a changed text. Raises `RewriteError` for a new name that the encoding cannot spell."""
    bom = _BOM if source.data.startswith(_BOM) else b""
    try:
        return bom + text.encode(source.encoding)
    except UnicodeEncodeError as error:
        raise RewriteError.unplaceable(source.encoding, 0) from error
