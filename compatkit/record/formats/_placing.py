"""Place values at epochs, say why, and take from the caller what a history alone does not say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass
class Placing:
    """What is stated about one history, and what its reader says of it.

    Attributes:
        validated: the epochs in which columns that are shorter than the others were measured.
        counts_from: what the history calls its first epoch, 0 or 1.
        reader: the reader that knew the history; empty where none did.
        reasons: why the values of a name stand in the epochs in which they stand.
    """

    validated: Sequence[int] | None = None
    counts_from: int | None = None
    reader: str = ""
    reasons: dict[str, str] = field(default_factory=dict)

    def because(self, name: str, reason: str) -> None:
        self.reasons.setdefault(name, reason)


_current: ContextVar[Placing] = ContextVar("compatkit_placing")


def placing() -> Placing:
    """Return what is stated about the history that is being read."""
    return _current.get(None) or Placing()


@contextmanager
def placed_by(stated: Placing) -> Iterator[None]:
    """Read one history with what is stated about it."""
    token = _current.set(stated)
    try:
        yield
    finally:
        _current.reset(token)
