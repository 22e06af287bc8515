"""The evidence for where two runs part: values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """What two runs say of one aspect. Where one says nothing, it is unknown, and not the same."""

    SAME = "same"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Clue:
    """One aspect of how two runs were made, such as "environment", and a line for each thing to be said of it."""

    aspect: str
    state: State
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """The clues, in the order in which a training depends on them, and where the runs began to part."""

    clues: tuple[Clue, ...]
    began: str
