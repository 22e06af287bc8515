"""Where something stood before a text was changed."""

from __future__ import annotations

from collections.abc import Sequence

from compatkit.rewrite.edit.edit import Change
from compatkit.rewrite.file.text import Source


class PlacesBefore:
    """Leads from lines and columns of a text, counted from 1, back to those of the text that it was made of."""

    def __init__(self, before: Source, changes: Sequence[Change], after: Source) -> None:
        self._before, self._changes, self._after = before, changes, after

    def of(self, line: int, column: int) -> tuple[int, int]:
        """Return the place before; of what a change brought, that is where the change begins."""
        offset = self._offset(self._after.starts[line - 1] + column - 1)
        return self._before.line(offset), offset - self._before.line_start(offset) + 1

    def _offset(self, offset: int) -> int:
        shift = 0
        for change in self._changes:
            start = change.start + shift
            if offset < start:
                break
            if offset < start + len(change.text):
                return change.start
            shift += len(change.text) - (change.end - change.start)
        return offset - shift
