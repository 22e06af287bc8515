"""Where the strings of a JSON text stand: the values come from the json module, which does not say where they were."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from compatkit.rewrite.documents.errors import DocumentError

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]', re.DOTALL)
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
# Deeper places are told apart by nobody.
_PATH = 8
_MOST_VALUES = 2_000_000
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class JsonString:
    """A string at `start` to `end`, its quotes included. `path` leads to it from the top, as far as it is kept."""

    start: int
    end: int
    raw: str
    path: Path
    is_key: bool

    @property
    def value(self) -> str:
        value: str = json.loads(self.raw)
        return value

    def offsets(self) -> list[int]:
        """Return where in the text each character of the value stands, and where the string closes."""
        inside = self.raw[1:-1]
        return [self.start + 1 + match.start() for match in _CHARACTER.finditer(inside)] + [self.end - 1]


def load_json(text: str, kind: str = "JSON") -> object:
    """Return what a text says, its numbers as they are spelled. Raises `DocumentError`."""
    if text.count(",") + text.count("[") + text.count("{") > _MOST_VALUES:
        # Some hundred bytes of memory for each.
        raise DocumentError.too_large(kind, "it holds too many values")
    try:
        return json.loads(text, parse_float=_spelled, parse_int=_spelled, parse_constant=_spelled)
    except json.JSONDecodeError as error:
        raise DocumentError.broken(kind, error.msg, line=error.lineno, column=error.colno) from error
    except RecursionError as error:
        raise DocumentError.too_deep(kind) from error


def find_strings_of_json(text: str) -> Iterator[JsonString]:
    """Yield all strings of a text that is known to be JSON. No recursion: any depth will do."""
    path: list[str | int] = []
    is_object: list[bool] = []
    expects_key = False
    for match in _TOKEN.finditer(text):
        token = match.group()
        match token:
            case "{" | "[":
                is_object.append(token == "{")
                path.append("" if token == "{" else 0)
                expects_key = token == "{"
            case "}" | "]":
                is_object.pop()
                path.pop()
                expects_key = False
            case ",":
                expects_key = is_object[-1]
                last = path[-1]
                if isinstance(last, int):
                    path[-1] = last + 1
            case ":":
                expects_key = False
            case _:
                if expects_key:
                    path[-1] = json.loads(token)
                yield JsonString(match.start(), match.end(), token, tuple(path[:_PATH]), expects_key)


def encode(value: str, *, ascii_only: bool) -> str:
    """Return a value as it stands between quotes."""
    return json.dumps(value, ensure_ascii=ascii_only)[1:-1]


def _spelled(number: str) -> tuple[str]:
    return (number,)
