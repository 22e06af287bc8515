"""Modules that moved with all that is in them: which old modules there were, and where each is now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from compatkit.migrate.stubs.sources import Place, Sources
from compatkit.migration import Move


def moved_modules(moves: Iterable[Move], sources: Sources, findings: list[str]) -> dict[str, Place]:
    """Return each old module below those that moved as a whole, and its new home; what has none becomes a finding."""
    whole = sorted((move for move in moves if move.is_module), key=lambda move: move.old)
    found: dict[str, Place] = {}
    for move in whole:
        places = sources.find(move.new)
        if len(places) != 1:
            findings.append(without_home(move, move.new, places))
            continue
        for place in sources.below(places[0]):
            old = move.old + place.module.name[len(move.new) :]
            # Of several moves that fit, the longest decides.
            if max((each for each in whole if each.of(old)), key=lambda each: len(each.old)) == move:
                found[old] = place
    return found


def without_home(move: Move, home: str, places: Sequence[Place]) -> str:
    """Say that there is no stub, because the new home is not in one place."""
    which = f"in several places: {', '.join(map(str, places))}" if places else "nowhere in the paths given"
    return f"{move.code} {move.old} has no stub: {home} is {which}"
