"""The plan of a run for one file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from compatkit.migration import FlagChange, Migration, Move
from compatkit.migration.calling import CHANGED_ARGUMENTS
from compatkit.migration.value import cached_by_identity
from compatkit.options import Options
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.neighbours import Neighbours
from compatkit.rewrite.outcome import REVIEW, Finding, Outcome

if TYPE_CHECKING:
    from compatkit.rewrite.edit.edit import Edit


@cached_by_identity
def consented(moves: tuple[Move, ...]) -> tuple[Move, ...]:
    """Return the moves with those made as well that are made with --confidence review."""
    if all(move.confidence != "review" for move in moves):
        return moves
    return tuple(replace(move, confidence="safe") if move.confidence == "review" else move for move in moves)


def with_advice(
    findings: Iterable[Finding], migrations: Iterable[Migration], moves: Iterable[Move] = ()
) -> tuple[Finding, ...]:
    """Return findings that say what the row in question says to do, or why it changed."""
    found = tuple(findings)
    if not found:
        return found
    advice = {move.code: move.why for move in moves}
    for migration in migrations:
        advice |= _advice_of(migration)
    return tuple(_advised(finding, advice.get(finding.code, "")) for finding in found)


def _advised(finding: Finding, advice: str) -> Finding:
    is_of_many = CHANGED_ARGUMENTS in finding.message
    if not advice or advice == REVIEW or advice in finding.message or is_of_many:
        return finding
    return replace(finding, message=f"{finding.message} ({advice})")


@cached_by_identity
def _advice_of(migration: Migration) -> dict[str, str]:
    found: dict[str, str] = {}
    for _, row in migration.rows():
        # Rows that one stands for share a code: where each has advice of its own, its finding says it.
        found[row.code] = row.advice if found.get(row.code, row.advice) == row.advice else ""
    return found


# What rewrites a source by tables alone: handed down to the code in documents, and in docstrings.
Engine: TypeAlias = Callable[
    [bytes, FileModule, tuple[Move, ...], tuple[Migration, ...], Options, tuple[Move, ...], Neighbours], Outcome
]


@dataclass(slots=True)
class RunPlan:
    """All that a rule gets besides the file.

    Attributes:
        moves: declared moves; `reexports` follow from facades, and count for imports only.
        migrations: those by whose records and arguments values are followed.
        calling: those that changed an interface.
        loads: functions and keys that load what a string names, as the migrations declare.
        flags: options of command lines that the file spells, and that are called otherwise.
        made: the changes of the rules so far; a later rule gives way to them.
        moving: old names of which every import in the file is being replaced.
        engine: rewrites code that a text of the file holds.
    """

    moves: tuple[Move, ...] = ()
    reexports: tuple[Move, ...] = ()
    migrations: tuple[Migration, ...] = ()
    options: Options = field(default_factory=Options)
    calling: tuple[Migration, ...] = ()
    loads: frozenset[str] = frozenset()
    flags: tuple[FlagChange, ...] = ()
    made: list[Edit] = field(default_factory=list)
    moving: frozenset[str] = frozenset()
    engine: Engine | None = None

    @property
    def every_move(self) -> tuple[Move, ...]:
        # The same tuple, where it can be, because of one it is known what follows from it.
        return (*self.moves, *self.reexports) if self.reexports else self.moves
