"""Add the imports that rewritten calls need, each next to the import of the callable."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import Imported
from compatkit.rewrite.file.tree import start_of

WIDTH = 88
_REST_OF_LINE = re.compile(r"[ \t\f]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")


class AddedImports:
    """Gathers the imports that a file lacks. Nothing is added to a name that is taken."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._source = file.source
        self._missing: dict[ast.stmt, dict[str, tuple[str, int]]] = {}

    def local(self, name: str, origin: ast.stmt, line: int) -> str | None:
        """Return what the dotted `name` is called at `line`, or would be after an import beside `origin`."""
        for imported in self._near(origin, line):
            if imported.name == name and self._is_only(imported.local, name):
                return imported.local
        last = name.rpartition(".")[2]
        return last if self._is_only(last, name) else None

    def _is_only(self, local: str, name: str) -> bool:
        """Tell whether nothing in the file means, or binds, anything else by a name."""
        for ref in self._file.scopes.of(local):
            imported = self._file.imported.get(ref.node)
            if ref.is_binding and (imported is None or imported.is_plain or imported.meaning != name):
                return False
            if not ref.is_binding and self._file.scopes.resolve(ref) is None:
                return False
        return True

    def _near(self, origin: ast.stmt, line: int) -> Iterator[Imported]:
        """Yield the from-imports of the block of a statement, and of the top level, that stand above a line."""
        block = next((block for block in self._file.blocks if origin in block), [])
        for body in (block, self._file.tree.body):
            for node in body:
                if isinstance(node, ast.ImportFrom) and node.lineno < line:
                    yield from (self._file.imported[alias] for alias in node.names)

    def need(self, names: Iterable[str], origin: ast.stmt, call: ast.Call, code: str) -> None:
        """Have the dotted `names` imported next to `origin`, unless they are there."""
        for name in names:
            if not any(imported.name == name for imported in self._near(origin, call.lineno)):
                self._missing.setdefault(origin, {}).setdefault(name, (code, start_of(self._source, call)))

    def changes(self, group: int) -> Iterator[Edit]:
        for origin, names in self._missing.items():
            code, at = min(names.values(), key=lambda need: need[1])
            statements = list(_statements(sorted(names)))
            yield replace(self._insert(origin, statements, code, at), group=group)

    def _insert(self, origin: ast.stmt, statements: list[str], code: str, at: int) -> Edit:
        source = self._source
        start = source.offset(origin.lineno, origin.col_offset)
        end = source.offset(origin.end_lineno or origin.lineno, origin.end_col_offset or 0)
        line_start = source.line_start(start)
        indent = source.text[line_start:start].rpartition("\f")[2]
        continues = source.text[:line_start].rstrip("\r\n").endswith("\\")
        rest = _REST_OF_LINE.match(source.text, end)
        message = f"needed by the call: {'; '.join(statements)}"
        if indent.strip() or continues or rest is None:
            return Edit(end, end, "".join(f"; {s}" for s in statements), code, at, message)
        newline = source.newline_at(end)
        text = "".join(f"{newline}{indent}{_wrapped(s, indent, newline)}" for s in statements)
        return Edit(rest.end(), rest.end(), text, code, at, message)


def _statements(names: list[str]) -> Iterator[str]:
    modules = sorted({name.rpartition(".")[0] for name in names})
    for module in modules:
        wanted = [name.rpartition(".")[2] for name in names if name.rpartition(".")[0] == module]
        yield f"from {module} import {', '.join(wanted)}"


def _wrapped(statement: str, indent: str, newline: str) -> str:
    if len(indent) + len(statement) <= WIDTH:
        return statement
    unit = "\t" if "\t" in indent else "    "
    head, _, names = statement.partition(" import ")
    lines = [f"{indent}{unit}{name}," for name in names.split(", ")]
    return newline.join([f"{head} import (", *lines, f"{indent})"])
