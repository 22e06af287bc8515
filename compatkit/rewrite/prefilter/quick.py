"""The very first look at a file's bytes: a few searches that nearly every file of a tree fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from compatkit.migration import Move
from compatkit.rewrite.prefilter.words import FEW, is_utf16, relative_words, wanted_of


@dataclass(frozen=True, slots=True)
class Quick:
    """What a file must have to be worth a closer look: one of `words` anywhere, or one of `relative` in an import.

    A file below a folder whose path has one of `folders` in it is looked at in any case.
    """

    words: frozenset[bytes] = frozenset()
    folders: frozenset[str] = frozenset()
    relative: frozenset[bytes] = frozenset()
    always: bool = False

    @classmethod
    def any_of(cls, parts: Iterable[Quick]) -> Quick:
        """Return what lets through all that one of the parts does."""
        every = list(parts)
        words = frozenset[bytes]().union(*(part.words for part in every))
        # Where a word is, so is each part of it.
        needed = frozenset(word for word in words if not any(other in word for other in words if other != word))
        return cls(
            needed,
            frozenset[str]().union(*(part.folders for part in every)),
            frozenset[bytes]().union(*(part.relative for part in every)),
            any(part.always for part in every) or len(needed) > FEW,
        )

    def may_matter(self, source: bytes, path: str) -> bool:
        # Loops, not generators: this runs once for each file of a tree.
        for word in self.words:
            if word in source:
                return True
        for folder in self.folders:
            if folder in path:
                return True
        if self.relative and not self.relative.isdisjoint(relative_words(source)):
            return True
        return self.always or is_utf16(source)


def quick_of(moves: tuple[Move, ...]) -> Quick:
    """Return what a file must have that uses one of these moves.

    Few homes are searched for as they are. With many, the packages that hold them are: whatever does not name its
    package reaches a home by a relative import.
    """
    wanted = wanted_of(moves)
    if len(wanted.words) <= FEW:
        return Quick(wanted.homes, wanted.folders)
    return Quick(wanted.tops, relative=wanted.words)
