"""Names that are gone: each import and each dotted use is reported with what the migration says of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compatkit.migration import Removal
from compatkit.rewrite.file.file import File
from compatkit.rewrite.flow.values import Named
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.facts import CallFacts


def find_removed(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for each place that names what is gone; of a name that a from-import brings, the import."""
    file, index = facts.file, facts.index
    if not index.removals:
        return
    for imported in file.imports:
        name = imported.name.removesuffix(".*")
        if removal := index.around(name):
            yield _finding(file, imported.alias, (name, removal))
    for expression, value in facts.trace.names.items():
        for one in value.each() if isinstance(value, Named) else ():
            removal = index.removals.get(one.name)
            if removal and not _is_told(file, expression, one.name):
                yield _finding(file, expression, (one.name, removal))


def _is_told(file: File, expression: ast.expr, name: str) -> bool:
    """Tell whether an import that brings a name tells of it, or a text with the name of its module."""
    if isinstance(expression, ast.Name):
        return bool(file.meanings(expression))
    texts = (part.value for part in ast.walk(expression) if isinstance(part, ast.Constant))
    return any(isinstance(text, str) and name.startswith(text) for text in texts)


def _finding(file: File, node: ast.alias | ast.expr, gone: tuple[str, Removal]) -> Finding:
    name, removal = gone
    column = file.source.column(node.lineno, node.col_offset)
    return Finding(removal.code, node.lineno, column, f"{name} is gone: {removal.say}", "manual")
