"""Rewrite imports and uses of modules that move as a whole: `import a.b.c` with `a.b.c.N`, and `import a.b.c as x`.

From-imports are left to `change_imports`. All imports that bind one top-level package in a scope go together: a use
`a.b.c.N` needs its package whichever of them it came by.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

from compatkit.migration import Move
from compatkit.migration.renaming import Renaming, renaming_of
from compatkit.rewrite.edit.edit import Edit, Handled
from compatkit.rewrite.file.file import File, is_chosen_beside
from compatkit.rewrite.file.imports import Imported
from compatkit.rewrite.file.readers import outside_reader_of, reader_of
from compatkit.rewrite.file.scopes import Scope
from compatkit.rewrite.file.tree import dotted, span
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.run_plan import RunPlan


@dataclass(frozen=True, slots=True)
class _Use:
    """The longest dotted name that begins with a package; `move` is declared for the module in which it lies."""

    node: ast.expr
    move: Move | None

    @property
    def name(self) -> str:
        return dotted(self.node)


def change_whole_modules(file: File, run: RunPlan) -> Handled:
    """Plan the plain imports of modules that move as a whole; what is not certain is left out, and so reported."""
    done = Handled()
    renaming = renaming_of(run.moves)
    if not renaming.modules:
        return done
    taken_apart = {move.old_module for move in Move.symbols(run.moves)}
    groups: dict[tuple[str, Scope], list[tuple[Imported, Move]]] = {}
    for imported in file.imports:
        move = renaming.whole(imported.name) if isinstance(imported.node, ast.Import) else None
        if move is None:
            continue
        if imported.is_plain:
            scope = file.scope_of(imported.alias)
            assert scope is not None
            groups.setdefault((imported.local, scope), []).append((imported, move))
        elif not _doubt_of_import(file, imported, move) and (
            imported.name not in taken_apart or _goes_whole(file, renaming, imported)
        ):
            text = f"{move.new} as {imported.alias.asname}"
            said = f"import {move.old} as {imported.alias.asname} -> {text}"
            done.changes.append(_change(file, imported.alias, (text, move, said)))
            done.handled.add(imported.alias)
    for number, ((root, scope), moving) in enumerate(groups.items(), start=len(file.nodes)):
        package = _Package(file, renaming, (root, scope, moving))
        if any(imported.name in taken_apart for imported, _ in moving):
            continue
        if reason := package.doubt():
            done.findings += package.findings(reason)
            done.handled |= {imported.alias for imported, _ in moving}
        else:
            done.changes += [replace(change, group=number) for change in package.changes()]
            done.handled |= package.handled()
    return done


def _doubt_of_import(file: File, imported: Imported, move: Move) -> str:
    """Say why an import cannot simply name the new module, as far as it can be seen from the import alone."""
    if file.home.name == move.new:
        return "this is the new home"
    if missing := file.neighbours.absence_of(move.new):
        return missing
    rivals = [other for other in file.imports if other.name == move.new and other.local == imported.local]
    if any(other.alias.name == move.new for other in file.imports) or rivals:
        # Where the new module is imported too, a `try` may choose between the two.
        return "the new home is imported here as well"
    return ""


def _goes_whole(file: File, renaming: Renaming, imported: Imported) -> bool:
    """Tell whether all that is read of a module by its local name goes along with it, and nobody reads it unseen.

    Other names of it have homes of their own, and the local name is to stand for one module.
    """
    scope, move = file.scope_of(imported.alias), renaming.whole(imported.name)
    if move is None or scope is None or file.certain_imports(imported.local, scope) != [imported]:
        return False
    if f"{imported.local}." in file.type_comments:
        return False
    for reference in file.scopes.readers(imported.local, scope):
        node = reference.node
        if not isinstance(node, ast.Name):
            return False
        chain: ast.expr = node
        while isinstance(above := file.parents.get(chain), ast.Attribute):
            chain = above
        # Alone, it may be asked for anything.
        if not isinstance(chain, ast.Attribute) or not isinstance(chain.ctx, ast.Load):
            return False
        name = imported.name + dotted(chain).removeprefix(imported.local)
        if renaming.apply(name) != move.new + name.removeprefix(move.old):
            return False
    return not reader_of(file, imported.local, scope)


class _Package:
    """One top-level package, by the name that plain imports give it in a scope; it changes as a whole or not at all."""

    def __init__(self, file: File, renaming: Renaming, package: tuple[str, Scope, list[tuple[Imported, Move]]]) -> None:
        self._file = file
        self._renaming = renaming
        self._root, self._scope, self._moving = package
        self._readers = file.scopes.readers(self._root, self._scope)
        self._uses = [self._use(ref.node) for ref in self._readers if isinstance(ref.node, ast.Name)]

    def _use(self, name: ast.Name) -> _Use:
        node: ast.expr = name
        while isinstance(parent := self._file.parents.get(node), ast.Attribute):
            node = parent
        return _Use(node, self._renaming.around(dotted(node)))

    def doubt(self) -> str:
        """Say why the imports and uses stay as they are, or nothing."""
        file = self._file
        imports = file.certain_imports(self._root, self._scope)
        if not imports or not all(imported.is_plain for imported in imports):
            return "its name is bound by something else as well, or may be"
        for imported, move in self._moving:
            if reason := _doubt_of_import(file, imported, move):
                return reason
        roots = {_root(move.new) for _, move in self._moving}
        for root in roots - {self._root}:
            if not (file.is_free(root, self._scope) or file.brings(root, self._scope)):
                return f"{root!r} stands for something else here"
        resting = [imported.name for imported in imports if not self._renaming.whole(imported.name)]
        if reason := self._doubt_of_uses(resting):
            return reason
        gone = [ref for ref in file.scopes.bindings(self._root, self._scope) if ref.is_del]
        if gone and self._root not in roots:
            return f"line {gone[0].line} deletes it"
        ask = reader_of if self._root not in roots and not resting else outside_reader_of
        return ask(file, self._root, self._scope)

    def _doubt_of_uses(self, resting: Sequence[str]) -> str:
        old = [f"{move.old}." for _, move in self._moving]
        texts = [str(ref.node.value) for ref in self._readers if isinstance(ref.node, ast.Constant)]
        if any(name in text for text in (*texts, self._file.type_comments) for name in old):
            return "an annotation reads it"
        for reference in self._readers:
            if not isinstance(reference.node, ast.Name | ast.Constant):
                return f"line {reference.line} may bind it anew"
        for use in self._uses:
            if reason := self._doubt_of_use(use, resting):
                return reason
        return ""

    def _doubt_of_use(self, use: _Use, resting: Sequence[str]) -> str:
        line = use.node.lineno
        if use.move is None:
            # Whatever holds the old module may be asked for it in ways that are not seen.
            leads_to_old = any(f"{move.old}.".startswith(f"{use.name}.") for _, move in self._moving)
            if leads_to_old or not any(_meet(use.name, name) for name in resting):
                return f"line {line} uses it in a way that is not followed"
            return ""
        part = _part(use.node, use.move.old)
        if not isinstance(getattr(part, "ctx", None), ast.Load):
            return f"line {line} sets it, which every other file sees"
        if self._file.is_hidden_at(use.node, _root(use.move.new), self._scope):
            return f"{_root(use.move.new)!r} stands for something else in line {line}"
        if is_chosen_beside(self._file, use.node, self._file.mentions(use.move.new)):
            return f"another branch beside line {line} uses the new home; keep this one for the old"
        if _root(use.move.new) not in {_root(move.new) for _, move in self._moving}:
            return f"line {line} needs {use.move.new}, which is not imported here"
        return ""

    def findings(self, reason: str) -> list[Finding]:
        said = [
            (imported, move, f"imports {move.old}, which is {move.new} now, and stays, with its uses: {reason}")
            for imported, move in self._moving
        ]
        return [self._file.finding(imported.alias, move.code, message) for imported, move, message in said]

    def changes(self) -> list[Edit]:
        made = []
        for imported, move in self._moving:
            made.append(
                _change(self._file, imported.alias, (move.new, move, f"import {move.old} -> import {move.new}"))
            )
        for use in self._uses:
            if use.move:
                said = f"{use.name} -> {use.move.new}{use.name[len(use.move.old) :]}"
                part = _part(use.node, use.move.old)
                made.append(_change(self._file, part, (use.move.new, use.move, said)))
        return made

    def handled(self) -> set[ast.AST]:
        inside = {part for use in self._uses if use.move for part in ast.walk(use.node)}
        return inside | {imported.alias for imported, _ in self._moving}


def _meet(one: str, other: str) -> bool:
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def _part(node: ast.expr, name: str) -> ast.expr:
    """Return the part of a dotted name that is `name`."""
    while isinstance(node, ast.Attribute) and dotted(node) != name:
        node = node.value
    return node


def _root(name: str) -> str:
    return name.partition(".")[0]


def _change(file: File, node: ast.expr | ast.alias, edit: tuple[str, Move, str]) -> Edit:
    text, move, message = edit
    start, end = span(file.source, node)
    return Edit(start, end, text, move.code, start, message)
