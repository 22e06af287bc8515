"""What other files tell of the one that is being rewritten; gathered by whoever can see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compatkit.rewrite.file.star_exports import StarNames


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Facts about one file from those around it.

    Attributes:
        stars: modules of which the file imports `*`, with what that brings; a module that is not here is unknown.
        taken: old names that another file may import from this one; None where any may be.
    """

    stars: tuple[tuple[str, StarNames], ...] = ()
    taken: frozenset[str] | None = frozenset()

    def may_be_taken(self, name: str) -> bool:
        """Tell whether another file may import a name from this one."""
        return self.taken is None or name in self.taken


ALONE = Surroundings()
