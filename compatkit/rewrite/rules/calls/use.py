"""One place where a changed name is used: how its text changes, or why it does not."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import dotted
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.edits import TextEdit
from compatkit.rewrite.rules.respell import Spelled


@dataclass(eq=False, slots=True)
class Use:
    """A use of `node`, the name; `is_open` if it stays as it is, and the import that it needs with it."""

    node: ast.expr
    code: str
    message: str
    edits: list[TextEdit] = field(default_factory=list)
    spelled: Spelled | None = None
    is_open: bool = False

    @property
    def root(self) -> str:
        """The local name that this use begins with."""
        return dotted(self.node).partition(".")[0]

    @property
    def local(self) -> str:
        """The local name whose import has to change for this use, if there is one."""
        return self.spelled.local if self.spelled else ""

    def finding(self, source: Source, reason: str) -> Finding:
        column = source.column(self.node.lineno, self.node.col_offset)
        return Finding(self.code, self.node.lineno, column, f"{self.message}; not rewritten: {reason}")
