"""Find the history in a returned value: `.result.history`, `[1]`, `["history"]`; a path, not an expression."""

from __future__ import annotations

import re

from compatkit.migration.value import Value, value

_STEP = re.compile(
    r"""
    \.(?P<attribute>[^\W\d]\w*)         # .history
    | \[(?P<index>-?\d+)\]              # [1], [-1]
    | \[(?P<quote>["'])(?P<key>[^"'\[\]]+)(?P=quote)\]   # ["history"]
    """,
    re.VERBOSE,
)


@value
class Attribute(Value):
    """An attribute of the value before."""

    name: str


@value
class Item(Value):
    """An element of the value before, by position or by key."""

    key: int | str


@value
class Each(Value):
    """Every element of the value before."""


Step = Attribute | Item
RecordStep = Attribute | Item | Each
_EACH = "[*]"


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


def parse_records(text: str) -> tuple[RecordStep, ...] | None:
    """Return the steps of a path to records, in which `[*]` stands for each element; None for a broken path.

    >>> parse_records('["history"][*]')
    (Item(key='history'), Each())
    """
    steps: list[RecordStep] = []
    for number, part in enumerate(text.split(_EACH)):
        if number:
            steps.append(Each())
        if (found := parse_shape(part)) is None:
            return None
        steps += found
    return tuple(steps)
