"""An explanation as plain text, as Markdown, and as an object for JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compatkit.equivalence.explain import Explanation
from compatkit.report.markdown_text import prose
from compatkit.report.migrate_text import printable

_MOST = 12  # lines of one clue


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    """Yield where the runs began to part, then every clue, in the order in which a training depends on them."""
    yield printable(f"Where they part: {explanation.began}")
    for clue in explanation.telling:
        yield f"  {clue.aspect}: {clue.state.value}"
        yield from (printable(f"    {line}") for line in _first(clue.lines))


def explanation_markdown(explanation: Explanation) -> Iterator[str]:
    """Yield the same as Markdown; nothing in it is markup."""
    yield from ["", f"#### Where they part: {prose(explanation.began)}", ""]
    for clue in explanation.telling:
        yield f"- {clue.aspect}: {clue.state.value}"
        yield from (f"  - {prose(line)}" for line in _first(clue.lines))


def explanation_object(explanation: Explanation) -> dict[str, Any]:
    """Return the explanation as an object that JSON can hold."""
    clues = [
        {"aspect": clue.aspect, "state": clue.state.value, "lines": list(clue.lines)} for clue in explanation.clues
    ]
    return {"began": explanation.began, "clues": clues}


def _first(lines: tuple[str, ...]) -> Iterator[str]:
    yield from lines[:_MOST]
    if len(lines) > _MOST:
        yield f"and {len(lines) - _MOST} more"
