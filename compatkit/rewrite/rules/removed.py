"""Names that are gone: each import and each dotted use is reported with what the migration says of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compatkit.migration import Removal
from compatkit.rewrite.file.module_name import FileModule
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import Nodes
from compatkit.rewrite.flow.trace import Trace
from compatkit.rewrite.flow.values import Named
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.index import Index


def find_removed(source: Source, nodes: Nodes, home: FileModule, trace: Trace, index: Index) -> Iterator[Finding]:
    """Yield a finding for each place that names what is gone; of a name that a from-import brings, the import."""
    if not index.removals:
        return
    for node in nodes:
        for alias, name in _imported(node, home):
            if removal := index.around(name):
                yield _finding(source, alias, name, removal)
    for expression, value in trace.names.items():
        removal = index.removals.get(value.name) if isinstance(value, Named) else None
        if removal and isinstance(value, Named) and isinstance(expression, ast.Attribute):
            yield _finding(source, expression, value.name, removal)


def _imported(node: ast.AST, home: FileModule) -> Iterator[tuple[ast.alias, str]]:
    if isinstance(node, ast.Import):
        yield from ((alias, alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and (module := home.resolve(node)):
        for alias in node.names:
            yield alias, module if alias.name == "*" else f"{module}.{alias.name}"


def _finding(source: Source, node: ast.alias | ast.expr, name: str, removal: Removal) -> Finding:
    column = source.column(node.lineno, node.col_offset)
    return Finding(removal.code, node.lineno, column, f"{name} is gone: {removal.say}", "manual")
