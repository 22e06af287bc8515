"""Where in a returned value the history lies: `.result.history`, `[1]`, `["history"]`; a path, not an expression."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STEP = re.compile(
    r"""
    \.(?P<attribute>[^\W\d]\w*)         # .history
    | \[(?P<index>-?\d+)\]              # [1], [-1]
    | \[(?P<quote>["'])(?P<key>[^"'\[\]]+)(?P=quote)\]   # ["history"]
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of the value before."""

    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """An element of the value before, by position or by key."""

    key: int | str


Step = Attribute | Item


def parse_shape(text: str) -> tuple[Step, ...] | None:
    """Return the steps of a path, none for the empty path, which is the value itself; None for a broken path."""
    steps: list[Step] = []
    position = 0
    while position < len(text):
        if (found := _STEP.match(text, position)) is None:
            return None
        if name := found["attribute"]:
            steps.append(Attribute(name))
        else:
            steps.append(Item(found["key"] or int(found["index"])))
        position = found.end()
    return tuple(steps)
