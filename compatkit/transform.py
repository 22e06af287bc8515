"""The interface for a migration's `transform.py`: this module, and LibCST.

A migration that declares `[transform]` has, beside its `migration.toml`, a `transform.py` with one function:

    def transform(file: SourceFile) -> libcst.Module:
        return file.tree.visit(MyTransformer(file))

It is called once for each file that contains one of the declared words, after the tables of all migrations have done
their part, so that it meets new names where they could be brought. It returns the tree, changed or not; it reads no
other file, and remembers nothing between two files. What it changes is made with `--confidence review`, unless
`[transform]` says `confidence = "safe"`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import libcst as cst
from libcst.metadata import CodePosition, CodeRange, MetadataWrapper, PositionProvider, QualifiedNameProvider

__all__ = ["Report", "SourceFile"]


@dataclass(frozen=True, slots=True)
class Report:
    """A place for a person to look at; `line` and `column` count from 1."""

    line: int
    column: int
    message: str


class SourceFile:
    """One Python file, with what is known of it.

    Attributes:
        tree: the file, as LibCST has parsed it; to be visited, not to be changed in place.
        module: the dotted name under which it is imported, empty where that is not known.
        is_package: True for an `__init__.py`.
        reports: what `report` was told.
    """

    def __init__(
        self,
        text: str,
        *,
        module: str = "",
        is_package: bool = False,
        is_ignored_line: Callable[[int], bool] = lambda _: False,
    ) -> None:
        self._wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        self._is_ignored_line = is_ignored_line
        self.tree = self._wrapper.module
        self.module = module
        self.is_package = is_package
        self.reports: list[Report] = []

    def names(self, node: cst.CSTNode) -> frozenset[str]:
        """Return every dotted name that a node of `tree` may stand for; act only where all that there are agree."""
        return frozenset(qualified.name for qualified in self.metadata(QualifiedNameProvider, node) or ())

    def line(self, node: cst.CSTNode) -> int:
        """Return the line, from 1, on which a node of `tree` begins."""
        return self._start(node).line

    def is_ignored(self, node: cst.CSTNode) -> bool:
        """Tell whether the line on which a node begins says `# compatkit: ignore`."""
        return self._is_ignored_line(self.line(node))

    def report(self, node: cst.CSTNode, message: str) -> None:
        """Report a place that is left to a person: a node of `tree`, and what to do."""
        start = self._start(node)
        self.reports.append(Report(start.line, start.column + 1, message))

    def metadata(self, provider: type[Any], node: cst.CSTNode) -> Any:
        """Return what one of LibCST's metadata providers says of a node of `tree`; None where it says nothing."""
        found = self._wrapper.resolve(provider).get(node)
        # Some providers compute on demand.
        return found() if callable(found) else found

    def _start(self, node: cst.CSTNode) -> CodePosition:
        place: CodeRange = self.metadata(PositionProvider, node)
        return place.start
