"""Find what imports bind, and the dotted name of a file, from which relative imports start."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from compatkit.rewrite.file.tree import Nodes, nodes_of


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


def local_name(alias: ast.alias) -> str:
    """Return the name that an alias of a from-import binds."""
    return alias.asname or alias.name


def bound_by(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    """Return the name that an alias binds: of `import a.b`, that of the top-level package."""
    return local_name(alias) if isinstance(node, ast.ImportFrom) else alias.asname or alias.name.partition(".")[0]


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """One alias of an import statement; `name` is the dotted name that it asks for, or nothing if that is unknown."""

    node: ast.Import | ast.ImportFrom
    alias: ast.alias
    name: str

    @property
    def local(self) -> str:
        return bound_by(self.node, self.alias)

    @property
    def is_plain(self) -> bool:
        """True for `import a.b`, which binds the name of a top-level package."""
        return isinstance(self.node, ast.Import) and not self.alias.asname

    @property
    def meaning(self) -> str:
        """The dotted name that the local name stands for."""
        return self.local if self.is_plain else self.name


def read_imports(nodes: Nodes, home: FileModule) -> Iterator[Imported]:
    """Yield every alias of every import, in whichever scope."""
    for node in nodes_of(nodes, ast.Import, ast.ImportFrom):
        module = home.resolve(node) if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            if isinstance(node, ast.Import):
                yield Imported(node, alias, alias.name)
            else:
                yield Imported(node, alias, f"{module}.{alias.name}" if module else "")
