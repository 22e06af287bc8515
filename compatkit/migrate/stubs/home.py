"""The source of a new home, read by `ast` and never imported: what binds its names, and what a stub must import."""

from __future__ import annotations

import ast
import builtins
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from compatkit.rewrite.file.imports import FileModule, bound_by, local_name

_Import = ast.Import | ast.ImportFrom


@dataclass(frozen=True, slots=True)
class StubHome:
    """A parsed module, and every node that binds a name at its top level, in the order of the text."""

    module: FileModule
    tree: ast.Module
    bound: Mapping[str, list[ast.AST]]

    @classmethod
    def of(cls, module: FileModule, tree: ast.Module) -> StubHome:
        bound: dict[str, list[ast.AST]] = {}
        for name, node in _bindings(tree):
            bound.setdefault(name, []).append(node)
        return cls(module, tree, bound)

    def dotted(self, node: ast.expr) -> str:
        """Return the dotted name that an expression stands for, as far as imports tell."""
        if isinstance(node, ast.Attribute):
            return f"{self.dotted(node.value)}.{node.attr}"
        if not isinstance(node, ast.Name):
            return ""
        for statement in self.bound.get(node.id, []):
            for alias in statement.names if isinstance(statement, _Import) else []:
                if local_name(alias) == node.id:
                    prefix = f"{self.module.resolve(statement)}." if isinstance(statement, ast.ImportFrom) else ""
                    return prefix + alias.name
        return node.id

    def imports_for(self, name: str) -> tuple[str, ...] | None:
        """Return what a stub must import to mean by `name` what this module means: nothing for a builtin.

        None where that is not certain.
        """
        bound = self.bound.get(name, [])
        imports = [node for node in bound if isinstance(node, _Import)]
        if not bound:
            return () if hasattr(builtins, name) and "*" not in self.bound else None
        if not imports:
            return (import_line(self.module.name, name, name),)
        lines = {line for node in imports for line in self._lines_of(node, name)}
        # `import a.b` and `import a.c` bind one name together; any other two are alternatives.
        is_one = len(lines) == 1 or (bool(lines) and all(line.startswith(f"import {name}.") for line in lines))
        return tuple(sorted(lines)) if is_one and len(imports) == len(bound) else None

    def _lines_of(self, node: _Import, name: str) -> Iterator[str]:
        for alias in node.names:
            if isinstance(node, ast.Import):
                if bound_by(node, alias) == name:
                    yield f"import {alias.name}" + (f" as {alias.asname}" if alias.asname else "")
            elif local_name(alias) == name and (module := self.module.resolve(node)):
                yield import_line(module, alias.name, name)


def import_line(module: str, name: str, local: str) -> str:
    """Write the import of one name."""
    return f"from {module} import {name}" + (f" as {local}" if local != name else "")


def _bindings(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Yield each name with what binds it, in conditions and loops too, but not inside functions and classes."""
    # A queue, not a recursion: deep expressions are no trouble.
    nodes = deque(ast.iter_child_nodes(tree))
    while nodes:
        node = nodes.popleft()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node
            case ast.ImportFrom() | ast.Import():
                yield from ((bound_by(node, alias), node) for alias in node.names)
            case ast.Name(ctx=ast.Store()):
                yield node.id, node
            case ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                pass
            case _:
                nodes.extend(ast.iter_child_nodes(node))
