"""The pairs of a TOML text."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from compatkit.migration.lines import find_pairs
from compatkit.rewrite.documents.configs.pairs import Pair, Place, as_literal


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


def _plain(text: str, place: Place, name: object) -> Place | None:
    start, end = place
    for within in ((start, end), (start + 1, end - 1)):
        if text[slice(*within)] == name:
            return within
    return None


def _inside(spelled: str, place: Place, literal: tuple[object] | None) -> Place | None:
    if literal is None or spelled[:1] not in ("'", '"') or spelled[1:-1] != literal[0]:
        return None
    return place[0] + 1, place[1] - 1
