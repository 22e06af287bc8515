"""Which mappings of a configuration are arguments, and of what: as Hydra, jsonargparse, or the migration says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from compatkit.migration import KeyChange, Migration
from compatkit.rewrite.documents.configs.pairs import MERGE, Config, Pair

# Hydra's own keys; of these, `_args_` are arguments by position.
_TARGET, _POSITIONAL, _PARTIAL = "_target_", "_args_", "_partial_"
_OF_HYDRA = frozenset({_TARGET, _POSITIONAL, _PARTIAL, "_recursive_", "_convert_", "_mode_"})
# jsonargparse's, which Lightning's command line uses.
_CLASS, _ARGUMENTS, _MORE_ARGUMENTS = "class_path", "init_args", "dict_kwargs"
MARKS = (_TARGET, _CLASS)


@dataclass(frozen=True, slots=True)
class Target:
    """A callable and the pairs that are its arguments; `named` is the pair that names it, if one does.

    `open_end` says why there may be more arguments than these.
    """

    of: str
    arguments: tuple[Pair, ...]
    at: int
    named: Pair | None = None
    open_end: str = ""


def find_targets(config: Config, migrations: Iterable[Migration]) -> Iterator[Target]:
    """Yield every mapping that is known to hold arguments."""
    for path, pairs in config.mappings.items():
        by_name = {pair.name: pair for pair in pairs}
        if len(by_name) < len(pairs):
            # A key that stands there twice: which of them counts is the reader's choice.
            continue
        if (named := by_name.get(_TARGET)) and named.text:
            arguments = tuple(pair for pair in pairs if pair.name not in _OF_HYDRA)
            yield Target(named.text, arguments, named.at, named, _open_end(by_name))
        elif (named := by_name.get(_CLASS)) and named.text:
            inner = config.mappings.get((*path, _ARGUMENTS), [])
            is_open = "`dict_kwargs` gives it more arguments" if _MORE_ARGUMENTS in by_name else ""
            yield Target(named.text, tuple(inner), named.at, named, is_open)
    for row in (row for migration in migrations for row in migration.keys if row.of):
        yield from _declared(config, row)


def is_meant(config: Config, row: KeyChange) -> bool:
    """Tell whether a file is one of those that a row is about."""
    return all(config.has(path) for path in row.beside)


def _declared(config: Config, row: KeyChange) -> Iterator[Target]:
    if not is_meant(config, row):
        return
    for path in config.mappings_at(row.v1):
        pairs = config.mappings[path]
        names = [pair.name for pair in pairs]
        # What names its callable itself is judged by that.
        if len(set(names)) == len(names) and not set(MARKS).intersection(names):
            yield Target(row.of, tuple(pairs), pairs[0].at)


def _open_end(by_name: dict[str, Pair]) -> str:
    if _POSITIONAL in by_name:
        return "it is given arguments by position"
    partial = by_name.get(_PARTIAL)
    return "`_partial_` may be given more arguments later" if partial and partial.literal != (False,) else ""


def is_merged(target: Target) -> bool:
    """Tell whether the pairs of another mapping belong to this one, or its own to another."""
    return any(pair.name == MERGE or pair.is_shared for pair in target.arguments)
