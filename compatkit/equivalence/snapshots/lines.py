"""JSON with one entry a line, so that a line-wise diff of two files shows what changed and nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping

from compatkit.equivalence.errors import EquivalenceError
from compatkit.safe_text import is_encodable

_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def text_line(text: str) -> str:
    """Return a text as JSON, readable in any script; what UTF-8 cannot write is escaped.

    Raises `EquivalenceError` for two halves of a character, one behind the other, which JSON reads as one.
    """
    if is_encodable(text):
        return json.dumps(text, ensure_ascii=False)
    line = json.dumps(text)
    if json.loads(line) != text:
        raise EquivalenceError.no_text(text)
    return line


def number_line(value: float) -> str:
    """Return a double as JSON that reads back to every bit; what JSON has no number for, as a text."""
    if math.isfinite(value):
        return repr(value)
    return f'"{"nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}"'


def read_number(said: float | str) -> float:
    """Return the double that `number_line` wrote. Raises `KeyError` for any other text."""
    return _NOT_FINITE[said] if isinstance(said, str) else float(said)


def object_lines(entries: Iterable[tuple[str, str]], depth: int) -> str:
    """Return a JSON object of entries that are JSON already, each on a line of its own."""
    return _block([f"{text_line(name)}: {value}" for name, value in entries], "{}", depth)


def array_lines(items: Iterable[str], depth: int) -> str:
    """Return a JSON array of items that are JSON already, each on a line of its own."""
    return _block(list(items), "[]", depth)


def texts_lines(texts: Mapping[str, str], depth: int) -> str:
    """Return texts by name, in the order of their names."""
    return object_lines(((name, text_line(text)) for name, text in sorted(texts.items())), depth)


def _block(items: list[str], brackets: str, depth: int) -> str:
    if not items:
        return brackets
    outer = " " * depth
    inner = f",\n{outer} ".join(items)
    return f"{brackets[0]}\n{outer} {inner}\n{outer}{brackets[1]}"
