"""How a name that moved is spelled at its place, and which import must change with it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from compatkit.rewrite.file.bindings import bound_names
from compatkit.rewrite.file.module_name import FileModule
from compatkit.rewrite.file.neighbours import Surroundings
from compatkit.rewrite.file.parse import local_name
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import Nodes, dotted, span
from compatkit.rewrite.rules.calls.edits import TextEdit


@dataclass(frozen=True, slots=True)
class Bound:
    """One alias of an import statement, and the dotted name that it binds."""

    node: ast.Import | ast.ImportFrom
    alias: ast.alias
    name: str


@dataclass(frozen=True, slots=True)
class Spelled:
    """The edit of a use, if it needs one; and the local name whose import must change, with its old and new meaning."""

    edit: TextEdit | None = None
    local: str = ""
    old: str = ""
    new: str = ""


class Spelling:
    """Knows the imports of one file."""

    def __init__(self, source: Source, nodes: Nodes, home: FileModule, loaded: set[str]) -> None:
        self._source = source
        self._loaded = loaded
        self._counts = bound_names(nodes)
        self._bound: dict[str, list[Bound]] = {}
        for local, bound in _bindings(nodes, home):
            self._bound.setdefault(local, []).append(bound)
        self._names: dict[str, list[ast.Name]] = {}
        for node in nodes:
            if isinstance(node, ast.Name):
                self._names.setdefault(node.id, []).append(node)
        self._exported = frozenset(_exported(nodes))
        self._is_package = home.is_package

    def spell(self, node: ast.expr, old: str, new: str) -> Spelled | str:
        """Return how `node`, which stands for `old`, comes to stand for `new`; or why it cannot."""
        written = dotted(node)
        local, *rest = written.split(".")
        bindings = self._bound.get(local, [])
        start, end = span(self._source, node)
        if not written or self._source.text[start:end] != written:
            return "it is not written as one dotted name"
        root = ".".join(old.split(".")[: len(old.split(".")) - len(rest)])
        if not bindings or any(_meaning(bound, local) != root for bound in bindings):
            return "it is used under another name here"
        if not rest:
            return Spelled(local=local, old=old, new=new)
        if new.startswith(f"{root}.") and self._is_loaded(new, root, bindings):
            return Spelled(TextEdit(start, end, local + new[len(root) :]))
        parts = new.split(".")
        if len(parts) <= len(rest) or any(_is_plain(bound) for bound in bindings):
            return f"{new} cannot be reached through {root}"
        text = ".".join([local, *parts[len(parts) - len(rest) :]])
        target = ".".join(parts[: len(parts) - len(rest)])
        edit = TextEdit(start, end, text) if text != written else None
        return Spelled(edit, local, root, target)

    def resolve(self, node: ast.expr) -> str:
        """Return the dotted name that an expression surely stands for, or nothing."""
        local, *rest = dotted(node).split(".")
        bindings = self._bound.get(local, [])
        meanings = {_meaning(bound, local) for bound in bindings}
        if len(meanings) != 1 or self._counts[local] != self._times(local):
            return ""
        return ".".join([*meanings, *rest])

    def bindings(self, local: str) -> list[Bound]:
        return self._bound.get(local, [])

    def names(self, local: str) -> list[ast.Name]:
        """Return every place where a local name is read."""
        return self._names.get(local, [])

    def doubt(self, local: str, surroundings: Surroundings) -> str:
        """Say why the import of a local name must not change, or nothing."""
        if self._counts[local] != self._times(local):
            return f"{local!r} is bound by something else, too"
        if local in self._exported or self._is_package or surroundings.may_be_taken(local):
            return f"other files may import {local!r} from here, and call it as before"
        return ""

    def _times(self, local: str) -> int:
        """Return how often imports bind a name; any number of `import a.b`, `import a.c` counts once."""
        bindings = self._bound[local]
        plain = sum(map(_is_plain, bindings))
        return len(bindings) - plain + bool(plain)

    def _is_loaded(self, new: str, root: str, bindings: list[Bound]) -> bool:
        module = new.rpartition(".")[0]
        return module == root or module in self._loaded or any(bound.alias.name == module for bound in bindings)


def _bindings(nodes: Nodes, home: FileModule) -> Iterator[tuple[str, Bound]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], Bound(node, alias, alias.name)
        elif isinstance(node, ast.ImportFrom) and (module := home.resolve(node)):
            for alias in node.names:
                yield local_name(alias), Bound(node, alias, f"{module}.{alias.name}")


def _meaning(bound: Bound, local: str) -> str:
    return local if _is_plain(bound) else bound.name


def _is_plain(bound: Bound) -> bool:
    """True for `import a.b`, which binds the name of a top-level package."""
    return isinstance(bound.node, ast.Import) and not bound.alias.asname


def _exported(nodes: Nodes) -> Iterator[str]:
    """Yield the names in `__all__`, however it comes about."""
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")]) | ast.AugAssign(target=ast.Name(id="__all__")):
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield part.value
