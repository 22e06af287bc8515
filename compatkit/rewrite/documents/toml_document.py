"""Rewrite TOML files: values that are exactly an old dotted name, entry points among them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from compatkit.budget import load_toml
from compatkit.migration.lines import find_pairs
from compatkit.rewrite.documents.configs.changed_keys import find_in_config
from compatkit.rewrite.documents.configs.pairs import Pair, Span, as_literal, renamed_keys, with_keys
from compatkit.rewrite.documents.document_text import DocumentError, Request, TextFound, apply_edits
from compatkit.rewrite.documents.scalars import Scalar, judge_scalars

_TOKEN = re.compile(
    r"#[^\r\n]*"
    r'|"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}'
    r'|"(?:[^"\\\r\n]|\\.)*"|\'[^\'\r\n]*\''
    r"|[\[\]{}=,\n]|[^\s\[\]{}=,#\"']+",
    re.DOTALL,
)
_KEY_FOLLOWS = re.compile(r"[ \t]*[=.]")


def toml_pairs(text: str) -> Iterator[Pair]:
    """Yield the pairs of a text that is known to be TOML; of a table, too, each pair that stands in it."""
    for found in find_pairs(text):
        spelled = text[slice(*found.value)]
        is_collection = spelled[:1] in ("[", "{")
        literal = None if is_collection else as_literal(tomllib.loads(f"value = {spelled}")["value"])
        yield Pair(
            found.path,
            _plain(text, found.key, found.path[-1]),
            _inside(spelled, found.value, literal),
            literal,
            at=found.key[0],
        )


def _plain(text: str, place: Span, name: object) -> Span | None:
    start, end = place
    for within in ((start, end), (start + 1, end - 1)):
        if text[slice(*within)] == name:
            return within
    return None


def _inside(spelled: str, place: Span, literal: tuple[object] | None) -> Span | None:
    if literal is None or spelled[:1] not in ("'", '"') or spelled[1:-1] != literal[0]:
        return None
    return place[0] + 1, place[1] - 1


def find_in_toml(text: str, request: Request) -> TextFound:
    """Find the strings of a TOML text that name old code. Raises `DocumentError` for what is no TOML."""
    document = _load(text)
    noted = judge_scalars(list(_scalars(text)), request)
    pairs = list(toml_pairs(text)) if request.calling else []
    noted.add_beside(find_in_config(text, pairs, request))
    if noted.edits:
        keys = {pair.key[0] for pair in pairs if pair.key}
        changes = [(text[edit.start : edit.end], edit.text) for edit in noted.edits if edit.start not in keys]
        expected = with_keys(document, renamed_keys(pairs, noted.edits))
        if not _differ_by(expected, _load(apply_edits(text, noted.edits)), changes):
            raise DocumentError.changed_more("TOML")
    return noted


def _load(text: str) -> dict[str, object]:
    try:
        # tomllib takes a lone carriage return for an error, as TOML does; `open` would have unified the newlines.
        return load_toml(text, parse_float=str)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line, column = (int(place[1]), int(place[2])) if place else (0, 0)
        reason = re.sub(r" \(at .*\)$", "", str(error))
        raise DocumentError.broken("TOML", reason, line=line, column=column) from error


def _scalars(text: str) -> Iterator[Scalar]:
    """Yield the strings on one line of a text that is known to be TOML."""
    in_value, key, header = False, "", ""
    # The key of each bracket that is open.
    opened: list[str] = []
    at_start = True
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token == "\n" and not opened:
            in_value, at_start = False, True
            continue
        if at_start and token == "[":
            header = text[match.end() : text.find("]", match.end())]
        at_start = at_start and token == "\n"
        if token == "=":
            in_value = True
        elif token in "[{":
            opened.append(key)
        elif token in "]}":
            key = opened.pop()
        elif not in_value or _KEY_FOLLOWS.match(text, match.end()):
            key = token.strip("\"'")
        if token[0] in "\"'" and not token.startswith(('"""', "'''")):
            is_key = not in_value or _KEY_FOLLOWS.match(text, match.end()) is not None
            fixed = "it is a key, which something else may look up" if is_key else ""
            path = (
                *re.split(r"[\s.\"'\[\]]+", header),
                *(part for dotted in (*opened, key) for part in dotted.split(".")),
            )
            yield Scalar(match.start() + 1, match.end() - 1, token[1:-1], path, fixed)


def _differ_by(before: object, after: object, changes: list[tuple[str, str]]) -> bool:
    """Tell whether two documents differ by exactly these changes of values."""
    left = sorted(changes)
    found: list[tuple[str, str]] = []
    pairs = [(before, after)]
    while pairs:
        match pairs.pop():
            case dict() as old, dict() as new if list(old) == list(new):
                pairs += zip(old.values(), new.values(), strict=True)
            case list() as old, list() as new if len(old) == len(new):
                pairs += zip(old, new, strict=True)
            case str() as old, str() as new if old != new:
                found.append((old, new))
            case old, new if type(old) is not type(new) or old != new:
                return False
    return sorted(found) == left
