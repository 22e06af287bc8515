"""Short ways to rewrite a document that names a class that moves."""

from __future__ import annotations

from compatkit.migration import Move
from compatkit.options import Options
from compatkit.rewrite import Finding, Rewritten, Unchanged
from compatkit.rewrite.rewrite_document import rewrite_document
from tests.shop.moves import MOVE, MOVES

OLD, NEW = MOVE.old, MOVE.new
REVIEW = Options(confidence="review")
SUFFIXES = (".cfg", ".ini", ".ipynb", ".json", ".md", ".rst", ".toml", ".yaml", ".yml")


def run(source: str | bytes, suffix: str, options: Options = REVIEW, moves: tuple[Move, ...] = MOVES) -> object:
    data = source.encode() if isinstance(source, str) else source
    return rewrite_document(data, suffix=suffix, moves=moves, options=options)


def result_of(source: bytes, suffix: str, options: Options = REVIEW) -> bytes:
    outcome = run(source, suffix, options)
    return outcome.source if isinstance(outcome, Rewritten) else source


def changed(source: str, suffix: str, options: Options = REVIEW) -> str:
    return result_of(source.encode(), suffix, options).decode()


def findings(
    source: str | bytes, suffix: str, options: Options = REVIEW, moves: tuple[Move, ...] = MOVES
) -> tuple[Finding, ...]:
    outcome = run(source, suffix, options, moves)
    assert isinstance(outcome, Rewritten | Unchanged), outcome
    return outcome.findings
