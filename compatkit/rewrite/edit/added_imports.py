"""The imports that rewritten calls need, each next to the import of what is called."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property

from compatkit.rewrite.edit.edit import Change
from compatkit.rewrite.file.module_name import FileModule
from compatkit.rewrite.file.parse import local_name
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import Nodes, nodes_of

WIDTH = 88
_REST_OF_LINE = re.compile(r"[ \t\f]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")


class Imports:
    """Knows which names a file has, and gathers those that are missing. Nothing is added to a name that is taken."""

    def __init__(self, source: Source, tree: ast.Module, nodes: Nodes, home: FileModule) -> None:
        self._source = source
        self._home = home
        self._missing: dict[ast.stmt, dict[str, tuple[str, int, int]]] = {}
        self._nodes = nodes
        self._top = tree.body

    # Most files have no call that needs an import.
    @cached_property
    def _bound(self) -> dict[str, set[str]]:
        return _bindings(self._nodes, self._home)

    @cached_property
    def _taken(self) -> frozenset[str]:
        return frozenset(_taken(self._nodes, self._home))

    @cached_property
    def _blocks(self) -> dict[int, list[ast.stmt]]:
        return {id(item): block for block in _blocks(self._nodes) for item in block}

    def local(self, name: str, origin: ast.stmt, line: int) -> str | None:
        """Return what the dotted `name` is called at `line`, or would be after an import beside `origin`."""
        for block in (self._blocks.get(id(origin), []), self._top):
            for node in block:
                if isinstance(node, ast.ImportFrom) and node.lineno < line:
                    for alias in node.names:
                        is_it = f"{self._home.resolve(node)}.{alias.name}" == name
                        if is_it and local_name(alias) not in self._taken and len(self._bound[local_name(alias)]) == 1:
                            return local_name(alias)
        last = name.rpartition(".")[2]
        is_free = last not in self._taken and self._bound.get(last, {name}) == {name}
        return last if is_free else None

    def need(self, names: Iterable[str], origin: ast.stmt, call: ast.Call, code: str) -> None:
        """Have the dotted `names` imported next to `origin`, unless they are there."""
        for name in names:
            if not self._is_there(name, origin, call.lineno):
                column = self._source.column(call.lineno, call.col_offset)
                self._missing.setdefault(origin, {}).setdefault(name, (code, call.lineno, column))

    def changes(self, group: int) -> Iterator[Change]:
        for origin, names in self._missing.items():
            code, line, column = min(names.values(), key=lambda place: place[1:])
            statements = list(_statements(sorted(names)))
            yield replace(self._insert(origin, statements, code, line, column), group=group)

    def _is_there(self, name: str, origin: ast.stmt, line: int) -> bool:
        for block in (self._blocks.get(id(origin), []), self._top):
            for node in block:
                if isinstance(node, ast.ImportFrom) and node.lineno < line:
                    module = self._home.resolve(node)
                    if any(f"{module}.{alias.name}" == name for alias in node.names):
                        return True
        return False

    def _insert(self, origin: ast.stmt, statements: list[str], code: str, line: int, column: int) -> Change:
        source = self._source
        start = source.offset(origin.lineno, origin.col_offset)
        end = source.offset(origin.end_lineno or origin.lineno, origin.end_col_offset or 0)
        line_start = source.line_start(start)
        indent = source.text[line_start:start].rpartition("\f")[2]
        continues = source.text[:line_start].rstrip("\r\n").endswith("\\")
        rest = _REST_OF_LINE.match(source.text, end)
        message = f"needed by the call: {'; '.join(statements)}"
        if indent.strip() or continues or rest is None:
            return Change(end, end, "".join(f"; {s}" for s in statements), code, line, column, message)
        newline = source.newline_at(end)
        text = "".join(f"{newline}{indent}{_wrapped(s, indent, newline)}" for s in statements)
        return Change(rest.end(), rest.end(), text, code, line, column, message)


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


def _bindings(nodes: Nodes, home: FileModule) -> dict[str, set[str]]:
    """Return, for each name that a from-import binds, the dotted names that it may stand for."""
    bound: dict[str, set[str]] = {}
    for node in nodes_of(nodes, ast.ImportFrom):
        module = home.resolve(node)
        for alias in node.names:
            bound.setdefault(local_name(alias), set()).add(f"{module}.{alias.name}")
    return bound


def _taken(nodes: Nodes, home: FileModule) -> Iterator[str]:
    """Yield every name that a file binds by other means, or uses without having bound it."""
    imported = _bindings(nodes, home)
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                if name not in imported:
                    yield name
            case ast.Name(id=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import():
                yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from names
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.MatchMapping(rest=str(name)):
                yield name


def _blocks(nodes: Nodes) -> Iterator[list[ast.stmt]]:
    for node in nodes:
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield block
