"""One place where a changed name is used: how its text changes, or why it does not."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.file.scopes import Scope
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.respell import Spelled


@dataclass(eq=False, slots=True)
class Use:
    """A use of `node`, the name; `is_open` if it stays as it is, and the import that it needs with it."""

    node: ast.expr
    code: str
    message: str
    edits: list[Edit] = field(default_factory=list)
    spelled: Spelled | None = None
    is_open: bool = False

    @property
    def local(self) -> str:
        """The local name whose import has to change for this use, if there is one."""
        return self.spelled.local if self.spelled else ""

    @property
    def binding(self) -> tuple[str, Scope] | None:
        """That name with the scope that binds it."""
        spelled = self.spelled
        return (spelled.local, spelled.scope) if spelled and spelled.local and spelled.scope else None

    def finding(self, source: Source, reason: str) -> Finding:
        column = source.column(self.node.lineno, self.node.col_offset)
        return Finding(self.code, self.node.lineno, column, f"{self.message}; not rewritten: {reason}")
