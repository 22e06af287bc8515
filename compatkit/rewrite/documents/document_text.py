"""Define the text of a document, the request to rewrite it, and its findings, all by character offset."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from compatkit.migration import Confidence, FlagChange, Migration, Move
from compatkit.options import Options
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.outcome import RewriteError
from compatkit.rewrite.rules.strings.old_names import Names, old_names_of
from compatkit.rewrite.run_plan import Engine


class DocumentError(RewriteError):
    """A document that cannot be read as what its name says, or a rewrite that did not pass its own check."""

    @classmethod
    def broken(cls, kind: str, reason: str, *, line: int = 0, column: int = 0) -> DocumentError:
        hint = "correct the file, or change the old names in it by hand"
        return cls(f"This is not valid {kind}: {reason}", hint=hint, code="CK901", line=line, column=column)

    @classmethod
    def too_large(cls, kind: str, reason: str) -> DocumentError:
        hint = "change the old names in it by hand"
        return cls(f"This {kind} is not read: {reason}", hint=hint, code="CK901")

    @classmethod
    def changed_more(cls, kind: str) -> DocumentError:
        """The rewrite was made, checked, and thrown away."""
        reason = f"The rewrite did not pass its own check: something else in the {kind} changed"
        hint = "change the old names in it by hand, and please report the file as a bug"
        return cls(reason, hint=hint, code="CK902")


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
    `own_options` those that programs of the project define themselves; `engine` rewrites the code in a document,
    and `unspelled` is what no file of the project spells of what that may hand on.
    """

    moves: tuple[Move, ...]
    migrations: tuple[Migration, ...] = ()
    options: Options = DEFAULTS
    calling: tuple[Migration, ...] = ()
    loads: frozenset[str] = frozenset()
    flags: tuple[FlagChange, ...] = ()
    own_options: frozenset[str] = frozenset()
    engine: Engine | None = None
    unspelled: frozenset[str] = frozenset()

    @property
    def names(self) -> Names:
        return old_names_of(self.moves)

    @property
    def code(self) -> str:
        """The code under which to say what concerns the document as a whole."""
        codes = [move.code for move in self.moves]
        for migration in self.calling:
            codes += [row.code for row in migration.calls]
            codes += [row.code for row in migration.members]
            codes += [row.code for row in migration.removed]
        return codes[0] if codes else "CK901"

    @property
    def may_review(self) -> bool:
        return self.options.confidence == "review"


@dataclass(frozen=True, slots=True)
class TextFinding:
    """A place that is only reported; mentions of old code up to `end` need not be reported again."""

    at: int
    end: int
    code: str
    message: str
    confidence: Confidence = "review"


@dataclass(slots=True)
class TextFound:
    """The edits and findings for one text; `read` are parts of which all is said, because they were understood."""

    edits: list[Edit] = field(default_factory=list)
    findings: list[TextFinding] = field(default_factory=list)
    read: list[tuple[int, int]] = field(default_factory=list)

    def demote(self, why: str) -> None:
        """Only report what would have been changed."""
        for edit in self.edits:
            end = max(edit.end, edit.at)
            self.findings.append(TextFinding(edit.at, end, edit.code, f"{edit.message}; {why}"))
        self.edits.clear()

    def add_beside(self, other: TextFound) -> None:
        """Add what does not change a place that is changed already, such as a class that also moves."""
        taken = {edit.start for edit in self.edits}
        self.edits += [edit for edit in other.edits if edit.start not in taken]
        self.findings += other.findings

    def add(self, other: TextFound) -> None:
        self.edits += other.edits
        self.findings += other.findings
        self.read += other.read


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with all edits made. They must not overlap."""
    pieces, at = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        pieces += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*pieces, text[at:]])


def line_spans(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int, str]]:
    """Return the lines between two offsets: where each begins, where it ends, and the newline behind it."""
    end = len(text) if end is None else end
    lines = []
    for newline in NEWLINE.finditer(text, start, end):
        lines.append((start, newline.start(), newline.group()))
        start = newline.end()
    if start < end:
        lines.append((start, end, ""))
    return lines


def decode_document(data: bytes) -> Source:
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
