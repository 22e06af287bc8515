"""Rewrite JSON files: values that are exactly an old dotted name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from compatkit.rewrite.documents.configs.changed_keys import find_in_config
from compatkit.rewrite.documents.configs.pairs import Pair, Path, as_literal, renamed_keys, with_keys
from compatkit.rewrite.documents.document_text import DocumentError, Request, TextFound, apply_edits
from compatkit.rewrite.documents.json_text import find_strings_of_json, parse_json_text
from compatkit.rewrite.documents.scalars import Scalar, judge_scalars

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


def find_in_json(text: str, request: Request) -> TextFound:
    """Find the strings of a JSON text that name old code. Raises `DocumentError` for what is no JSON."""
    document = parse_json_text(text)
    scalars = _scalars(text)
    noted = judge_scalars(scalars, request)
    pairs = list(json_pairs(text)) if request.calling else []
    noted.add_beside(find_in_config(text, pairs, request))
    changes = {edit.start: edit.text for edit in noted.edits}
    after = apply_edits(text, noted.edits)
    expected = with_keys(document, renamed_keys(pairs, noted.edits))
    if changes and (_shape(expected) != _shape(parse_json_text(after)) or _meant(scalars, changes) != _values(after)):
        raise DocumentError.changed_more("JSON")
    return noted


def _scalars(text: str) -> list[Scalar]:
    return [
        Scalar(
            string.start + 1,
            string.end - 1,
            string.value,
            string.path,
            "it is a key, which something else may look up" if string.is_key else _fixed(string.raw, string.value),
        )
        for string in find_strings_of_json(text)
    ]


def _fixed(raw: str, value: str) -> str:
    return "" if raw[1:-1] == value else "it is spelled with escapes"


def _meant(scalars: list[Scalar], changes: dict[int, str]) -> list[str]:
    return [changes.get(scalar.start, scalar.value) for scalar in scalars]


def _values(text: str) -> list[str]:
    return [scalar.value for scalar in _scalars(text)]


def _shape(document: object) -> list[object]:
    """Return everything but the strings, in order; a loop, because documents may be deep."""
    shape: list[object] = []
    stack = [document]
    while stack:
        match stack.pop():
            case dict() as table:
                shape.append(tuple(table))
                stack += table.values()
            case list() as items:
                shape.append(len(items))
                stack += items
            case str():
                shape.append(str)
            case other:
                shape.append(other)
    return shape
