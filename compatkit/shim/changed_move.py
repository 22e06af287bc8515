"""A move of something that is called otherwise at its new home."""

from __future__ import annotations

from collections.abc import Callable

from compatkit.migration import Move
from compatkit.migration.value import value


def _as_it_is(value: object) -> object:
    return value


@value
class ChangedMove(Move):
    """`adapt` makes, of what is found at the new home, what is called as v1 was."""

    adapt: Callable[[object], object] = _as_it_is
