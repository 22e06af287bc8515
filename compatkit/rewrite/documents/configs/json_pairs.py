"""The pairs of a JSON text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from compatkit.rewrite.documents.configs.pairs import Pair, Path, as_literal

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)


def json_pairs(text: str) -> Iterator[Pair]:
    """Yield the pairs of a text that is known to be JSON. No recursion: any depth will do."""
    path: list[str | int] = []
    key: re.Match[str] | None = None
    previous = ""
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token == "," and isinstance(path[-1], int):
            path[-1] += 1
        elif token in "}]":
            path.pop()
        elif token == ":" or token == ",":
            pass
        elif previous != ":" and path and isinstance(path[-1], str) and token[0] == '"':
            key, path[-1] = match, json.loads(token)
        else:
            if key is not None:
                yield _pair(key, match, tuple(path))
                key = None
            if token in "{[":
                path.append("" if token == "{" else 0)
        previous = token


def _pair(key: re.Match[str], value: re.Match[str], path: Path) -> Pair:
    token = value.group()
    found = as_literal(json.loads(token)) if token not in "{[" else None
    is_text = token[0] == '"' and found is not None and token[1:-1] == found[0]
    return Pair(
        path,
        (key.start() + 1, key.end() - 1) if key.group()[1:-1] == path[-1] else None,
        (value.start() + 1, value.end() - 1) if is_text else None,
        found,
        at=key.start() + 1,
    )
