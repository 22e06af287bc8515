"""What a document must say after its keys were renamed, to be set against what it does say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compatkit.rewrite.documents.configs.pairs import Pair, Path
from compatkit.rewrite.edit.edit import Edit


def renamed_keys(pairs: Iterable[Pair], drafts: Iterable[Edit]) -> Mapping[Path, str]:
    """Return the new name of each key that a draft renames, by its path."""
    new = {draft.start: draft.text for draft in drafts}
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
