"""JSON: values that are exactly an old dotted name."""

from __future__ import annotations

from compatkit.rewrite.documents.configs.expected import renamed_keys, with_keys
from compatkit.rewrite.documents.configs.find import find_in_config
from compatkit.rewrite.documents.configs.json_pairs import json_pairs
from compatkit.rewrite.documents.errors import DocumentError
from compatkit.rewrite.documents.json_text import find_strings_of_json, load_json
from compatkit.rewrite.documents.scalars import Scalar, judge_scalars
from compatkit.rewrite.documents.sheet import Request, Sheet, apply


def find_in_json(text: str, request: Request) -> Sheet:
    """Find the strings of a JSON text that name old code. Raises `DocumentError` for what is no JSON."""
    document = load_json(text)
    scalars = _scalars(text)
    sheet = judge_scalars(scalars, request)
    pairs = list(json_pairs(text)) if request.calling else []
    sheet.add_beside(find_in_config(text, pairs, request))
    changes = {draft.start: draft.text for draft in sheet.drafts}
    after = apply(text, sheet.drafts)
    expected = with_keys(document, renamed_keys(pairs, sheet.drafts))
    if changes and (_shape(expected) != _shape(load_json(after)) or _meant(scalars, changes) != _values(after)):
        raise DocumentError.changed_more("JSON")
    return sheet


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
