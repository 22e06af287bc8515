"""Dicts that are spread in a call (`f(**options)`): written out in the same scope, they are arguments of the call."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.tree import read_quoted, span
from compatkit.rewrite.rules.calls.edits import Editor, Layout, lay_out, lay_out_dict, literal_of
from compatkit.rewrite.rules.calls.plan import PlanItem, Planned, Spread


def spreads_of(file: File, call: ast.Call) -> Mapping[ast.keyword, Spread]:
    """Return the dicts that a call spreads and whose only use that is; none where a key is given twice."""
    found = {word: spread for word in call.keywords if word.arg is None and (spread := _spread(file, word.value))}
    names = [word.arg for word in call.keywords if word.arg]
    names += [name for spread in found.values() for name, _ in spread.pairs]
    return found if len(set(names)) == len(names) else {}


def _spread(file: File, value: ast.expr) -> Spread | None:
    if isinstance(value, ast.Name):
        reference = file.reference(value)
        home = file.scope_of(value)
        # Another file may read what a module binds.
        if reference is None or home is None or reference.scope is not home or home.kind != "function":
            return None
        bindings, readers = file.scopes.bindings(value.id, home), file.scopes.readers(value.id, home)
        statement = file.parents.get(bindings[0].node) if len(bindings) == 1 == len(readers) else None
        if not (isinstance(statement, ast.Assign) and statement.targets == [bindings[0].node]):
            return None
        value = statement.value
    match value:
        case ast.Dict(keys=keys, values=values):
            names = [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
            pairs = tuple(zip(names, values, strict=False))
            return Spread(value, pairs) if len(names) == len(keys) and all(map(str.isidentifier, names)) else None
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=words) if not file.is_bound("dict"):
            pairs = tuple((word.arg, word.value) for word in words if word.arg)
            return Spread(value, pairs) if len(pairs) == len(words) else None
    return None


def edit_spreads(file: File, planned: Planned) -> list[Edit] | str:
    """Return the edits of what is spread, or why there are none."""
    edits: list[Edit] = []
    for node in {item.within: None for item in planned.items if item.within}:
        assert isinstance(node, ast.Dict | ast.Call)
        layout = lay_out(file.source, node) if isinstance(node, ast.Call) else lay_out_dict(file.source, node)
        if layout is None or file.in_fstring(node):
            return "the dict that is spread is not laid out as was expected"
        items = [item for item in planned.items if item.within is node]
        editor = (
            Editor(file.source, layout, items) if isinstance(node, ast.Call) else _Pairs(file, (layout, node), items)
        )
        edits += editor.edits()
        if editor.problem:
            return editor.problem
    return edits


class _Pairs(Editor):
    """Edits the pairs of a display: a name is the text of a key there."""

    def __init__(self, file: File, display: tuple[Layout, ast.Dict], items: list[PlanItem]) -> None:
        super().__init__(file.source, display[0], items)
        self._file, self._keys = file, display[1].keys

    def _change(self, item: PlanItem, before: object) -> Iterator[Edit]:  # noqa: ARG002 - what is new goes to the call
        key = self._keys[item.index or 0]
        literal = read_quoted(self._file.source, key) if isinstance(key, ast.Constant) else None
        if literal is None or not isinstance(key, ast.Constant):
            self.problem = "a key of the dict that is spread is not spelled plainly"
            return
        if item.name and item.name != key.value:
            yield Edit(literal.start, literal.end, item.name)
        if item.value is not None:
            assert isinstance(item.node, ast.expr)
            yield Edit(*span(self._file.source, item.node), literal_of(item, self._quote))
