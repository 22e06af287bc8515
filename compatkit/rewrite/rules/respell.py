"""Rewrite one use of a changed name, together with the import that must change with it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.file.file import File, root_of
from compatkit.rewrite.file.imports import Imported
from compatkit.rewrite.file.readers import exported, reader_of
from compatkit.rewrite.file.scopes import Scope
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import dotted, span
from compatkit.rewrite.outcome import Finding


@dataclass(frozen=True, slots=True)
class Spelled:
    """The edit of a use, if it needs one; and the local name whose import must change, with its old and new meaning."""

    edit: Edit | None = None
    local: str = ""
    scope: Scope | None = None
    old: str = ""
    new: str = ""


@dataclass(eq=False, slots=True)
class ChangedUse:
    """A use of `node`, the name; `is_unchanged` if it stays as it is, and the import that it needs with it."""

    node: ast.expr
    code: str
    message: str
    edits: list[Edit] = field(default_factory=list)
    spelled: Spelled | None = None
    is_unchanged: bool = False

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


class Spelling:
    """Spells new names by the imports of one file; `loaded` are modules that come with their top-level package."""

    def __init__(self, file: File, loaded: set[str]) -> None:
        self._file = file
        self._loaded = loaded

    def spell(self, node: ast.expr, old: str, new: str) -> Spelled | str:
        """Return how `node`, which stands for `old`, comes to stand for `new`; or why it cannot."""
        if missing := self._file.neighbours.absence_of(new):
            return missing
        written = dotted(node)
        local, *rest = written.split(".")
        bindings = self.bindings(node)
        start, end = span(self._file.source, node)
        if not written or self._file.source.text[start:end] != written:
            return "it is not written as one dotted name"
        root = ".".join(old.split(".")[: len(old.split(".")) - len(rest)])
        if not bindings or any(bound.meaning != root for bound in bindings):
            return "it is used under another name here"
        scope = self._file.scope_of(bindings[0].alias)
        if not rest:
            return Spelled(local=local, scope=scope, old=old, new=new)
        if new.startswith(f"{root}.") and self._is_loaded(new, root, bindings):
            return Spelled(Edit(start, end, local + new[len(root) :]))
        parts = new.split(".")
        if root.startswith(f"{(home := new.rpartition('.')[0])}."):
            # A name for a part of a package is none for the package: `import torch as F` would mislead.
            text = self._by_other_import(node, new)
            return Spelled(Edit(start, end, text)) if text else f"no import above surely brings {home}; add one"
        if len(parts) <= len(rest) or any(bound.is_plain for bound in bindings):
            return f"{new} cannot be reached through {root}"
        text = ".".join([local, *parts[len(parts) - len(rest) :]])
        target = ".".join(parts[: len(parts) - len(rest)])
        edit = Edit(start, end, text) if text != written else None
        return Spelled(edit, local, scope, root, target)

    def bindings(self, node: ast.expr) -> list[Imported]:
        """Return the imports that bind the name that a dotted name begins with."""
        root = root_of(node)
        scope = self._file.scope_of(root) if root is not None else None
        return self.bindings_of(root.id, scope) if root is not None and scope is not None else []

    def bindings_of(self, local: str, scope: Scope) -> list[Imported]:
        found = (self._file.imported.get(ref.node) for ref in self._file.scopes.bindings(local, scope))
        return [imported for imported in found if imported]

    def doubt(self, local: str, scope: Scope) -> str:
        """Say why the import of a local name must not change, or nothing."""
        file = self._file
        if not file.certain_imports(local, scope):
            return f"{local!r} is bound by something else, too"
        if scope is file.scopes.module and (
            local in exported(file) or file.home.is_package or file.neighbours.may_be_taken(local)
        ):
            return f"other files may import {local!r} from here, and call it as before"
        return reader_of(file, local, scope)

    def _by_other_import(self, node: ast.expr, new: str) -> str:
        """Return how `new` is read by an import that stands above `node` in the module; nothing if none surely is."""
        file, module = self._file, self._file.scopes.module
        home, _, name = new.rpartition(".")
        for imported in file.imports:
            if imported.name != home or imported.node not in file.tree.body or imported.node.lineno > node.lineno:
                continue
            bound = {found.meaning for found in file.certain_imports(imported.local, module)}
            if bound == {imported.meaning} and not file.is_hidden_at(node, imported.local, module):
                return new if imported.is_plain else f"{imported.local}.{name}"
        return ""

    def _is_loaded(self, new: str, root: str, bindings: list[Imported]) -> bool:
        module = new.rpartition(".")[0]
        return module == root or module in self._loaded or any(bound.name == module for bound in bindings)
