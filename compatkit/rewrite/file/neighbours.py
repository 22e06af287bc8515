"""Facts about one file that other files tell; gathered by whoever can see them."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compatkit.rewrite.file.star_exports import StarNames


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Facts about one file from those around it.

    Attributes:
        stars: modules of which the file imports `*`, with what that brings; a module that is not here is unknown.
        taken: old names that another file may import from this one; None where any may be.
        absent: new dotted names that are not there, each with what is missing, where their sources can be seen.
        read: local names of modules that another file reads from this one, each with the attribute that it reads behind
            it, where that is known; None where any may be.
    """

    stars: tuple[tuple[str, StarNames], ...] = ()
    taken: frozenset[str] | None = frozenset()
    read: frozenset[str] | None = frozenset()
    absent: tuple[tuple[str, str], ...] = ()

    def may_be_taken(self, name: str) -> bool:
        """Tell whether another file may import a moved name from this one."""
        return self.taken is None or name in self.taken

    def may_be_read(self, name: str, attributes: Set[str] | None = None) -> bool:
        """Tell whether another file may read the local name of a module from this one; of given `attributes` only."""
        if self.read is None:
            return True
        behind = [attribute for each in self.read for local, _, attribute in [each.partition(".")] if local == name]
        return any(not each or attributes is None or each in attributes for each in behind)

    def absence_of(self, new: str) -> str:
        """Say what is missing of a new name, or of the module that holds it, or nothing."""
        return next((what for name, what in self.absent if new == name or new.startswith(f"{name}.")), "")


ALONE = Neighbours()
