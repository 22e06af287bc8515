"""Group uses by the imports that they share: a group is rewritten as a whole or not at all."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from compatkit.migration import Move
from compatkit.rewrite.edit.edit import Edit, Found
from compatkit.rewrite.edit.import_plan import Site
from compatkit.rewrite.file.file import File, root_of
from compatkit.rewrite.file.scopes import Scope
from compatkit.rewrite.file.tree import span, start_of
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.moved_from_imports import DependentChanges, change_imports
from compatkit.rewrite.rules.respell import ChangedUse, Spelled, Spelling


class UseGroups:
    """Settles which uses change, and with which imports."""

    def __init__(self, file: File, spelling: Spelling) -> None:
        self._file = file
        self._source = file.source
        self._spelling = spelling
        self._found = Found()

    def settle(self, uses: Sequence[ChangedUse], findings: Sequence[Finding]) -> Found:
        self._found.findings += findings
        going = [use for use in uses if not use.is_unchanged]
        for binding in dict.fromkeys(use.binding for use in going if use.binding):
            own = [use for use in going if use.binding == binding]
            if reason := self._doubt(binding, own):
                going = self._leave(going, binding, reason)
        groups = _groups(going, self._spelling)
        for statement, moves in self._statements(going).items():
            changed = self._import(statement, moves, groups)
            self._found.changes += changed or ()
            if changed is None:
                for use in list(moves.values()):
                    going = self._leave(going, use.binding, "the import that brings it could not be changed")
        self._found.changes += self._changes(going, groups)
        return self._found

    def _doubt(self, binding: tuple[str, Scope], own: Sequence[ChangedUse]) -> str:
        local, scope = binding
        if reason := self._spelling.doubt(local, scope):
            return reason
        meanings = {(use.spelled.old, use.spelled.new) for use in own if use.spelled}
        if len(meanings) > 1:
            return f"{local!r} would have to stand for two things"
        covered = {id(root_of(use.node)) for use in own}
        for reference in self._file.scopes.readers(local, scope):
            if id(reference.node) not in covered:
                return f"{local!r} is used in line {reference.line} in a way that stays as it is"
        return ""

    def _leave(self, going: list[ChangedUse], binding: tuple[str, Scope] | None, reason: str) -> list[ChangedUse]:
        own = [use for use in going if use.binding == binding]
        self._found.findings += [use.finding(self._source, reason) for use in own]
        return [use for use in going if use not in own]

    def _statements(
        self, going: Sequence[ChangedUse]
    ) -> dict[ast.Import | ast.ImportFrom, dict[ast.alias, ChangedUse]]:
        """Return the import statements that change, and for each of their aliases a use that needs it."""
        found: dict[ast.Import | ast.ImportFrom, dict[ast.alias, ChangedUse]] = {}
        for use in going:
            for bound in self._spelling.bindings_of(*use.binding) if use.binding else ():
                found.setdefault(bound.node, {}).setdefault(bound.alias, use)
        return found

    def _import(
        self, statement: ast.Import | ast.ImportFrom, uses: dict[ast.alias, ChangedUse], groups: dict[ChangedUse, int]
    ) -> list[Edit] | None:
        if isinstance(statement, ast.Import):
            return [self._plain_import(alias, use, groups[use]) for alias, use in uses.items()]
        moves = tuple(_move(uses[alias]) if alias in uses else None for alias in statement.names)
        dependent = DependentChanges({statement: groups[next(iter(uses.values()))]}, needed=list(uses))
        planned = change_imports(self._file, [Site(statement, moves)], dependent)
        return None if planned.findings or not planned.changes else planned.changes

    def _plain_import(self, alias: ast.alias, use: ChangedUse, group: int) -> Edit:
        start, end = span(self._source, alias)
        text = f"{_move(use).new} as {alias.asname}"
        message = f"import {alias.name} as {alias.asname} -> {text}"
        return Edit(start, end, text, use.code, start, message, binds_the_same=True, group=group)

    def _changes(self, going: Sequence[ChangedUse], groups: dict[ChangedUse, int]) -> Iterator[Edit]:
        edits = [(edit, use) for use in going for edit in use.edits]
        # An insertion stands in front of what begins there, and an outer edit comes before the inner ones.
        edits.sort(key=lambda pair: (pair[0].start, pair[0].end > pair[0].start, -pair[0].end))
        said: set[ChangedUse] = set()
        at = 0
        while at < len(edits):
            edit, use = edits[at]
            inner = [pair for pair in edits[at + 1 :] if edit.is_kept and pair[0].end <= edit.end]
            message = "" if use in said else use.message
            said.add(use)
            others = [other for _, other in inner if other not in said]
            said.update(others)
            message = "; ".join(filter(None, [message, *dict.fromkeys(other.message for other in others)]))
            text = self._text(edit, [inner_edit for inner_edit, _ in inner])
            place = start_of(self._source, use.node)
            yield Edit(edit.start, edit.end, text, use.code, place, message, binds_the_same=True, group=groups[use])
            at += 1 + len(inner)

    def _text(self, edit: Edit, inner: Sequence[Edit]) -> str:
        if not edit.is_kept:
            return edit.text
        pieces, at = [edit.text], edit.start
        while inner:
            first, *rest = inner
            below = [other for other in rest if first.is_kept and other.end <= first.end]
            pieces += [self._source.text[at : first.start], self._text(first, below)]
            at, inner = first.end, rest[len(below) :]
        return "".join([*pieces, self._source.text[at : edit.end]])


def _groups(uses: Sequence[ChangedUse], spelling: Spelling) -> dict[ChangedUse, int]:
    """Number the uses; those that share an import statement, or lie in one another, have one number."""
    parents: dict[object, object] = {}

    def find(key: object) -> object:
        while key in parents:
            key = parents[key]
        return key

    def unite(one: object, other: object) -> None:
        if (first := find(one)) is not (second := find(other)) and first != second:
            parents[first] = second

    for use in uses:
        for bound in spelling.bindings_of(*use.binding) if use.binding else ():
            unite(use, bound.node)
    kept = [(edit, use) for use in uses for edit in use.edits if edit.is_kept]
    for edit, use in kept:
        for other in uses:
            if other is not use and any(
                edit.start <= other_edit.start and other_edit.end <= edit.end for other_edit in other.edits
            ):
                unite(use, other)
    numbers: dict[object, int] = {}
    return {use: numbers.setdefault(find(use), len(numbers) + 1) for use in uses}


def _move(use: ChangedUse) -> Move:
    spelled = use.spelled or Spelled()
    return Move(use.code, spelled.old, spelled.new)
