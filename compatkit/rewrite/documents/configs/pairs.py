"""Read a configuration in any language as the pairs of its mappings, each with its position in the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from compatkit.rewrite.edit.edit import Edit

# Keys, and the numbers of the elements of lists, from 0.
Path: TypeAlias = tuple[str | int, ...]
Span: TypeAlias = tuple[int, int]

# What is put together when the configuration is read, by Hydra or by a template, is no literal.
_REFERENCE = re.compile(r"\$\{|\{\{|\{%")
# Takes in all pairs of another mapping.
MERGE = "<<"


@dataclass(frozen=True, slots=True)
class Pair:
    """A key of a mapping, and its value.

    `key` and `value` are where they stand, without quotes, or None where they are not spelled as they are, or, of a
    value, where it is no string. `literal`, in a tuple, is the value, if it is written out here. `is_shared` tells that
    another place of the file takes in the mapping.
    """

    path: Path
    key: Span | None
    value: Span | None = None
    literal: tuple[object] | None = None
    is_shared: bool = False
    at: int = 0

    @property
    def name(self) -> str:
        return str(self.path[-1])

    @property
    def text(self) -> str:
        """The value, if it is a string."""
        return self.literal[0] if self.literal and isinstance(self.literal[0], str) else ""


@dataclass(frozen=True, slots=True)
class ConfigMappings:
    """One document of a configuration file: its mappings, by the path that leads to them."""

    text: str
    mappings: Mapping[Path, list[Pair]] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str, pairs: Iterable[Pair]) -> ConfigMappings:
        mappings: dict[Path, list[Pair]] = {}
        for pair in pairs:
            mappings.setdefault(pair.path[:-1], []).append(pair)
        return cls(text, mappings)

    def pairs_at(self, path: str) -> Iterator[Pair]:
        """Yield the pairs at a dotted path from the top, in which a `*` stands for one part."""
        parts = path.split(".")
        for pairs in self.mappings.values():
            yield from (pair for pair in pairs if _fits(pair.path, parts))

    def mappings_at(self, path: str) -> Iterator[Path]:
        """Yield the mappings at a dotted path."""
        parts = path.split(".")
        yield from (found for found in self.mappings if _fits(found, parts))

    def has(self, path: str) -> bool:
        """Tell whether there is anything at a dotted path; a table of TOML need not have a pair of its own."""
        count = path.count(".") + 1
        return any(self.pairs_at(path)) or any(_fits(found[:count], path.split(".")) for found in self.mappings)

    def refers_to(self, name: str) -> bool:
        """Tell whether `${…}` somewhere in the text may read the value of a key."""
        return re.search(rf"\$\{{[^}}]*\b{re.escape(name)}\b[^}}]*\}}", self.text) is not None


def as_literal(value: object) -> tuple[object] | None:
    """Return a scalar in a tuple, unless it is read from elsewhere."""
    if isinstance(value, str):
        return None if _REFERENCE.search(value) else (value,)
    return (value,) if value is None or isinstance(value, bool | int | float) else None


def _fits(path: Path, parts: list[str]) -> bool:
    return len(path) == len(parts) and all(part in ("*", step) for step, part in zip(path, parts, strict=True))


def renamed_keys(pairs: Iterable[Pair], edits: Iterable[Edit]) -> Mapping[Path, str]:
    """Return the new name of each key that an edit renames, by its path."""
    new = {edit.start: edit.text for edit in edits}
    return {pair.path: new[pair.key[0]] for pair in pairs if pair.key and pair.key[0] in new}


def with_keys(document: object, renamed: Mapping[Path, str]) -> object:
    """Return a document in which these keys have other names, and are where they were.

    >>> with_keys({"a": [{"b": 1}]}, {("a", 0, "b"): "c"})
    {'a': [{'c': 1}]}
    """
    if not renamed:
        return document
    return _with_keys(document, (), renamed)


def _with_keys(document: object, path: Path, renamed: Mapping[Path, str]) -> object:
    if isinstance(document, dict):
        return {
            renamed.get((*path, key), key): _with_keys(value, (*path, key), renamed) for key, value in document.items()
        }
    if isinstance(document, list):
        return [_with_keys(value, (*path, number), renamed) for number, value in enumerate(document)]
    return document
