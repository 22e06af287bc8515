"""What a run wants of one file: the moves, the migrations, the options, and what the rules before have made."""

from __future__ import annotations

from dataclasses import dataclass, field

from compatkit.migration import Migration, Move
from compatkit.rewrite.edit.edit import Change
from compatkit.rewrite.options import Options


@dataclass(slots=True)
class RunPlan:
    """All that a rule gets besides the file.

    Attributes:
        moves: declared moves; `reexports` follow from facades, and count for imports only.
        migrations: those by whose records and arguments values are followed.
        calling: those that changed an interface.
        loads: functions and keys that load what a string names, as the migrations declare.
        made: the changes of the rules so far; a later rule gives way to them.
        moving: old names of which every import in the file is being replaced.
    """

    moves: tuple[Move, ...] = ()
    reexports: tuple[Move, ...] = ()
    migrations: tuple[Migration, ...] = ()
    options: Options = field(default_factory=Options)
    calling: tuple[Migration, ...] = ()
    loads: frozenset[str] = frozenset()
    made: list[Change] = field(default_factory=list)
    moving: frozenset[str] = frozenset()

    @property
    def every_move(self) -> tuple[Move, ...]:
        # The same tuple, where it can be, because of one it is known what follows from it.
        return (*self.moves, *self.reexports) if self.reexports else self.moves
