"""Split the text of a call's arguments without losing a comment, and join it again in nested form."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

_KEYWORD = re.compile(r"(?P<name>[^\W\d]\w*)\s*=(?!=)\s*")
_SKIPPED = frozenset({tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER})


@dataclass(frozen=True, slots=True)
class Piece:
    """One argument as written, with the comments on the lines above it and behind it; or a call of nested pieces."""

    text: str
    above: tuple[str, ...] = ()
    behind: str = ""
    inner: tuple[Piece, ...] | None = None

    @property
    def is_simple(self) -> bool:
        """True for what fits on one line: no comment, and no line break of its own."""
        inner = self.inner or ()
        return not (self.above or self.behind or "\n" in self.text) and all(piece.is_simple for piece in inner)

    @property
    def value(self) -> str | None:
        """The value of an argument that is passed by name."""
        found = _KEYWORD.match(self.text)
        return self.text[found.end() :] if found else None

    def called(self, name: str, value: str) -> Piece:
        return replace(self, text=f"{name}={value}")


@dataclass(frozen=True, slots=True)
class Pieces:
    """All arguments of a call; `head` is the comment behind its opening parenthesis, `foot` those at the end."""

    items: tuple[Piece, ...]
    head: str = ""
    foot: tuple[str, ...] = ()


def take_apart(text: str) -> Pieces | None:
    """Split `(…)`, with `\\n` newlines, at its own commas. Returns None where a comment has no clear place."""
    try:
        return _Splitter(text).split()
    except (tokenize.TokenError, SyntaxError, IndexError):
        return None


@dataclass(frozen=True, slots=True)
class Room:
    """The line on which `(…)` is written: its indent, how much stands before and after, and how wide it may be."""

    indent: str
    before: int
    after: int
    width: int
    one_line: bool


def put_together(pieces: Pieces, room: Room) -> str:
    """Write `(…)`, on one line where there is room."""
    flat = f"({', '.join(_flat(piece) for piece in pieces.items)})"
    is_simple = not (pieces.head or pieces.foot) and all(piece.is_simple for piece in pieces.items)
    if room.one_line and is_simple and room.before + len(flat) + room.after <= room.width:
        return flat
    inner = _deeper(room.indent)
    lines = [f"(  {pieces.head}" if pieces.head else "("]
    for piece in pieces.items:
        lines += _lines(piece, inner, room.width)
    lines += [f"{inner}{comment}" for comment in pieces.foot]
    return "\n".join([*lines, f"{room.indent})"])


def _deeper(indent: str) -> str:
    return indent + ("\t" if "\t" in indent else "    ")


def _flat(piece: Piece) -> str:
    if piece.inner is None:
        return piece.text
    return f"{piece.text}({', '.join(_flat(inner) for inner in piece.inner)})"


def _lines(piece: Piece, indent: str, width: int) -> Iterator[str]:
    yield from (indent + comment for comment in piece.above)
    if piece.inner is None or (piece.is_simple and len(indent) + len(_flat(piece)) < width):
        yield f"{indent}{_flat(piece)},{_behind(piece)}"
        return
    yield f"{indent}{piece.text}("
    for inner in piece.inner:
        yield from _lines(inner, _deeper(indent), width)
    yield f"{indent}),{_behind(piece)}"


def _behind(piece: Piece) -> str:
    return f"  {piece.behind}" if piece.behind else ""


class _Splitter:
    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._items: list[Piece] = []
        self._head = ""
        self._above: list[str] = []
        self._pending: list[str] = []
        self._span: tuple[int, int] | None = None
        self._last_row = 1
        self._is_clear = True

    def split(self) -> Pieces | None:
        tokens = [t for t in tokenize.generate_tokens(io.StringIO(self._text).readline) if t.type not in _SKIPPED]
        depth = 0
        for token in tokens:
            if token.type == tokenize.OP and token.string in "([{":
                depth += 1
                if depth == 1:
                    continue
            if token.type == tokenize.OP and token.string in ")]}":
                depth -= 1
                if depth == 0:
                    break
            self._take(token, depth)
        self._close()
        foot = tuple(self._above)
        return Pieces(tuple(self._items), self._head, foot) if self._is_clear else None

    def _take(self, token: tokenize.TokenInfo, depth: int) -> None:
        start, end = (self._starts[row - 1] + column for row, column in (token.start, token.end))
        if token.type == tokenize.COMMENT and depth == 1:
            self._comment(token)
        elif token.type == tokenize.OP and token.string == "," and depth == 1:
            self._close()
            self._last_row = token.start[0]
        else:
            self._span = (self._span[0] if self._span else start, end)
            self._pending.clear()
            self._last_row = token.end[0]

    def _comment(self, token: tokenize.TokenInfo) -> None:
        is_on_line = token.start[0] == self._last_row
        if self._span is not None:
            self._pending.append(token.string if is_on_line else "\n" + token.string)
        elif not is_on_line:
            self._above.append(token.string)
        elif not self._items:
            self._head = token.string
        elif self._items[-1].behind:
            self._is_clear = False
        else:
            self._items[-1] = replace(self._items[-1], behind=token.string)

    def _close(self) -> None:
        """End an argument, at its comma or at the end."""
        if self._span is None:
            return
        start, end = self._span
        behind = [comment for comment in self._pending if not comment.startswith("\n")]
        below = [comment[1:] for comment in self._pending if comment.startswith("\n")]
        text = self._text[start:end]
        self._items.append(Piece(text, tuple(self._above), "".join(behind)))
        self._span, self._above, self._pending = None, below, []


def nested(settings: Sequence[tuple[str, str, Piece]], classes: dict[str, str], prefix: str = "") -> tuple[Piece, ...]:
    """Return the arguments of a configuration: `settings` are dotted paths, values and the pieces that they were.

    `classes` are the local names of the sections' classes, by dotted path. Settings of one section come together,
    where its first one stands.
    """
    made: list[Piece] = []
    done: set[str] = set()
    for path, value, piece in settings:
        if not path.startswith(prefix):
            continue
        name, _, rest = path[len(prefix) :].partition(".")
        if not rest:
            made.append(piece.called(name, value))
        elif name not in done:
            done.add(name)
            section = f"{prefix}{name}"
            made.append(Piece(f"{name}={classes[section]}", inner=nested(settings, classes, f"{section}.")))
    return tuple(made)
