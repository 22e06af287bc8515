"""A small migration of made-up names, and short ways to apply it."""

from __future__ import annotations

from compatkit.migration import Move
from compatkit.rewrite import Outcome, Rewritten, Unchanged, rewrite_source

MOVE = Move("CK101", "shop.core.old_home.Old", "shop.core.new_home.New")
SECOND = Move("CK102", "shop.core.old_home.Second", "shop.parts.second.Second")
MOVES = (MOVE, SECOND)


def outcome_of(source: str | bytes, *, module: str = "shop.app", is_package: bool = False) -> Outcome:
    data = source.encode() if isinstance(source, str) else source
    return rewrite_source(data, module=module, is_package=is_package, moves=MOVES)


def rewritten(source: str | bytes, *, module: str = "shop.app", is_package: bool = False) -> str:
    outcome = outcome_of(source, module=module, is_package=is_package)
    assert isinstance(outcome, Rewritten), outcome
    return outcome.source.decode()


def messages(source: str | bytes, *, module: str = "shop.app") -> list[str]:
    """Return what is reported, as `line:column message`."""
    outcome = outcome_of(source, module=module)
    assert isinstance(outcome, Rewritten | Unchanged), outcome
    return [f"{item.line}:{item.column} {item.message}" for item in outcome.findings]
