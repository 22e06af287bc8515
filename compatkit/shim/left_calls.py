"""Tell of calls that are made as they are written, though v1 meant something else by them, or v2 refuses them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from types import FrameType, FunctionType
from typing import NamedTuple

from compatkit.migration import CallChange
from compatkit.shim.mapped_call import map_arguments, rows_about
from compatkit.shim.warning import warn_changed, warn_left


class LeftRows(NamedTuple):
    """The rows of a callable that its calls are not changed by.

    `other` are those by which v1 meant something else; code that means v2's may give the same, so where the name moved
    they hold only once its `old` module was imported. `refused` asks for a person, and v2 may refuse the call.
    """

    other: tuple[CallChange, ...] = ()
    refused: tuple[CallChange, ...] = ()
    old: str = ""

    def of(self, function: object, fitting: Sequence[CallChange]) -> LeftRows:
        """Return those of them that are about this very callable: v2's, and no row `fitting` it."""
        plain = function.__func__ if isinstance(function, staticmethod | classmethod) else function
        if not isinstance(plain, FunctionType):
            return LeftRows()
        needed = {
            name
            for name, found in inspect.signature(plain).parameters.items()
            if found.default is found.empty and found.kind in (found.POSITIONAL_OR_KEYWORD, found.KEYWORD_ONLY)
        }
        refused = [row for row in self.refused if needed & {*row.lacks, *(setting.name for setting in row.add)}]
        other = [row for row in self.other if row not in fitting]
        return LeftRows(tuple(other), tuple(refused), self.old)

    def tell_meaning(
        self, name: str, args: Sequence[object], kwargs: Mapping[str, object], caller: FrameType | None
    ) -> None:
        """Warn of a call that is made, and meant something else in v1."""
        if not self.other or (self.old and self.old not in sys.modules):
            return
        if mapped := map_arguments(self.other, args, kwargs):
            told = f"it runs with v2's meaning; v1's is had by {'; '.join(mapped.steps)}"
            warn_changed(mapped.code, name, [told], caller)

    def tell_refused(
        self, name: str, args: Sequence[object], kwargs: Mapping[str, object], caller: FrameType | None
    ) -> None:
        """Warn of a call that v2 refused, with what a person has to do."""
        for row, reason in rows_about(self.refused, args, kwargs):
            warn_left(row.code, name, reason, caller)
