"""A verdict, and a matrix of verdicts, as plain text."""

from __future__ import annotations

from collections.abc import Iterator

from compatkit.equivalence.matrix import Cell, Matrix
from compatkit.equivalence.verdict import Verdict


def verdict_lines(verdict: Verdict) -> Iterator[str]:
    """Yield the verdict first, then what decided it, what is allowed and why, and what was compared."""
    yield f"Verdict: {'equivalent' if verdict.is_equivalent else 'different'}"
    yield f"  compared: {_compared(verdict)}"
    yield from _deciding(verdict)
    reasons: dict[str, list[str]] = {}
    for entry in verdict.allowed:
        reasons.setdefault(entry.by.why, []).append(f"{entry.difference.kind.value} {entry.difference.name}")
    for why, names in reasons.items():
        yield f"  allowed, {why}: {', '.join(names)}"
    for note in verdict.notes:
        yield f"  note: {note}"


def matrix_lines(matrix: Matrix) -> Iterator[str]:
    """Yield a table, rows orchestrators and columns trainers, then every cell that is not equivalent."""
    yield str(matrix.scenario)
    trainers = list(dict.fromkeys(cell.trainer for cell in matrix.cells))
    orchestrators = list(dict.fromkeys(cell.orchestrator for cell in matrix.cells))
    words = {(cell.orchestrator, cell.trainer): _word(cell, is_first=cell is matrix.cells[0]) for cell in matrix.cells}
    rows = [["", *trainers], *([name, *(words[name, trainer] for trainer in trainers)] for name in orchestrators)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
    for cell in matrix.cells:
        yield from _details(cell)


def _details(cell: Cell) -> Iterator[str]:
    title = f"{cell.trainer} on {cell.orchestrator}"
    if cell.failure:
        yield f"  {title} failed: {cell.failure}"
    elif cell.verdict is not None and not cell.verdict.is_equivalent:
        yield f"  {title} is different:"
        yield from ("  " + line for line in _deciding(cell.verdict))


def _word(cell: Cell, *, is_first: bool) -> str:
    if cell.failure:
        return "failed"
    if cell.verdict is None:
        return "baseline" if is_first else "not compared"
    return "equivalent" if cell.verdict.is_equivalent else "different"


def _deciding(verdict: Verdict) -> Iterator[str]:
    for difference in verdict.deciding:
        yield f"  {difference}"


def _compared(verdict: Verdict) -> str:
    counts = ((count, what if count > 1 else what.removesuffix("s")) for what, count in verdict.compared.items())
    return ", ".join(f"{count} {what}" for count, what in counts if count) or "nothing"
