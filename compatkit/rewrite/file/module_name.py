"""The dotted name of a file, by which relative imports are resolved."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileModule:
    """The dotted name under which a file is imported; empty where that is unknown."""

    name: str
    is_package: bool

    def base(self, level: int) -> str | None:
        """Return the package that `level` dots stand for, or None where there is no such package."""
        parts = self.name.split(".") if self.name else []
        drop = level - 1 if self.is_package else level
        if len(parts) <= drop:
            return None
        return ".".join(parts[: len(parts) - drop])

    def resolve(self, node: ast.ImportFrom) -> str | None:
        """Return the absolute name of the module that a statement imports from."""
        if node.level == 0:
            return node.module
        base = self.base(node.level)
        if base is None or node.module is None:
            return base
        return f"{base}.{node.module}"
