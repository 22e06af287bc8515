"""Edit one local name of a module: its imports and all uses through it, together or not at all."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from compatkit.migration import Move
from compatkit.rewrite.edit.edit import Edit, Handled
from compatkit.rewrite.edit.splice import indentation, lines_of, stands_alone
from compatkit.rewrite.file.file import File, is_chosen_beside
from compatkit.rewrite.file.imports import Imported
from compatkit.rewrite.file.readers import outside_reader_of, reader_of
from compatkit.rewrite.file.scopes import Scope
from compatkit.rewrite.file.tree import dotted, span, start_of
from compatkit.rewrite.run_plan import RunPlan


@dataclass(frozen=True, slots=True)
class ModuleUse:
    """A moved name, or a module that moves, as it is read; `chain` is the longest dotted name around it."""

    node: ast.Attribute
    move: Move
    chain: str

    @property
    def target(self) -> str:
        """The module to import for it; nothing for a builtin."""
        if self.move.new_module == "builtins":
            return ""
        return self.move.new_home

    @property
    def brings_name(self) -> bool:
        """True for a name in the module to import, and not for that module itself."""
        return bool(self.target) and self.target == self.move.new_module

    @property
    def written(self) -> str:
        return self.move.new if self.target else self.move.new_name


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """A local name of one scope that nothing but imports of one thing bind, and what is read through it.

    `others` are the dotted names that stay, with their meaning spelled out; `reason` says why all does.
    """

    local: str
    scope: Scope
    imports: list[Imported]
    uses: list[ModuleUse]
    others: list[str]
    reason: str = ""

    @property
    def meaning(self) -> str:
        return self.imports[0].meaning

    @property
    def is_plain(self) -> bool:
        return all(imported.is_plain for imported in self.imports)

    @property
    def targets(self) -> list[str]:
        return sorted({use.target for use in self.uses} - {""})


@dataclass(slots=True)
class ModuleChanges(Handled):
    """The edits made so far, and the nodes that are dealt with.

    Attributes:
        from_imports: the module names among from-imports, and where they go; these are left to `change_imports`.
        uses: the moves that are made, with the group of each.
        groups: by import statement, the group of the changes that depend on it.
    """

    from_imports: dict[ast.alias, Move] = field(default_factory=dict)
    groups: dict[ast.stmt, int] = field(default_factory=dict)
    uses: list[tuple[Move, int]] = field(default_factory=list)

    def leave(self, file: File, binding: Binding, reason: str) -> None:
        """Report each import that has to stay because of this, where something moved is read through it."""
        for use in binding.uses[:1]:
            for imported in binding.imports:
                message = f"{imported.name} is imported here and stays, with its uses: {reason}"
                self.findings.append(file.finding(imported.alias, use.move.code, message))
                self.handled.add(imported.alias)

    def group(self, binding: Binding, number: int, planned: int) -> None:
        """Let the changes from `planned` on depend on the imports: without each other, either would be wrong."""
        joined = {self.groups[imported.node] for imported in binding.imports if imported.node in self.groups}
        group = min(joined, default=number)
        self.groups = {node: group if old_group in joined else old_group for node, old_group in self.groups.items()}
        if binding.uses:
            self.groups |= {imported.node: group for imported in binding.imports}
        self.changes = [replace(edit, group=group) if edit.group in joined else edit for edit in self.changes]
        self.changes[planned:] = [replace(change, group=group) for change in self.changes[planned:]]
        self.uses = [(move, group if old_group in joined else old_group) for move, old_group in self.uses]
        self.uses += [(use.move, group) for use in binding.uses]


class ModuleUseEdits:
    """The change of the imports and uses of one local name, all together."""

    def __init__(self, file: File, run: RunPlan, binding: Binding) -> None:
        self._file = file
        self._run = run
        self._binding = binding
        self._anchors = _anchors(binding)
        self._gone = [anchor for anchor in self._anchors if _gives_way(anchor, binding)]
        self._near = {use: self._near_name(use) for use in binding.uses}
        there = self._there()
        wanted = [use for use in binding.uses if use.target and not self._near[use] and use.target not in there]
        self._missing = sorted({use.target for use in wanted})
        self._wanted = wanted
        if any(self._near.values()) and not self._missing and len(self._gone) == len(binding.imports):
            # Uses that go on reading the local name need an import that binds it.
            self._gone = []

    @property
    def is_any(self) -> bool:
        return bool(self._binding.uses)

    def plan(self, done: ModuleChanges) -> str:
        """Plan all of it; return why it is not possible, or nothing."""
        binding, file = self._binding, self._file
        if file.home.name and file.home.name in {use.target for use in binding.uses}:
            return "this is the new home"
        if reason := self._other_branch() or self._missing_target():
            return reason
        old_homes = {use.move.old.rpartition(".")[0] for use in binding.uses}
        is_all = not binding.others and not binding.is_plain and old_homes == {binding.meaning}
        # A name for a part of a package is none for the package.
        is_up = any(binding.meaning.startswith(f"{target}.") for target in binding.targets)
        if is_all and not is_up and len(binding.targets) == 1 and all(use.brings_name for use in binding.uses):
            return self._redirect(done)
        return self._respell(done)

    def _other_branch(self) -> str:
        """Tell whether a `try` or an `if` imports the new home where this does not."""
        targets = {use.target for use in self._binding.uses}
        rivals = [
            imported.node for imported in self._file.imports if imported.name in targets or imported.meaning in targets
        ]
        if any(rivals and is_chosen_beside(self._file, anchor.node, rivals) for anchor in self._anchors):
            return "another branch imports the new home; keep this one for the old"
        return ""

    def _missing_target(self) -> str:
        absent = self._file.neighbours.absence_of
        return next((missing for use in self._binding.uses if (missing := absent(use.move.new))), "")

    def _redirect(self, done: ModuleChanges) -> str:
        """Let the same local name stand for the new module."""
        binding, file = self._binding, self._file
        if reason := reader_of(file, binding.local, binding.scope):
            return reason
        if len(binding.imports) > 1:
            return "it is imported in several places"
        (imported,), (target,) = binding.imports, binding.targets
        code, planned = binding.uses[0].move.code, len(done.changes)
        if imported.name == target:
            # Names of the module changed, and not its home.
            pass
        elif isinstance(imported.node, ast.ImportFrom):
            done.from_imports[imported.alias] = Move(code, imported.name, target)
        else:
            text = f"{target} as {binding.local}"
            message = f"import {imported.name} as {binding.local} -> {text}"
            done.changes.append(_at(file, imported.alias, (*span(file.source, imported.alias), text, code, message)))
        done.changes += [self._renamed(use) for use in binding.uses if use.move.new_name != use.move.old_name]
        # The same name is bound as before.
        done.changes[planned:] = [replace(edit, binds_the_same=True) for edit in done.changes[planned:]]
        done.handled |= {use.node for use in binding.uses} | {imported.alias}
        return ""

    def _respell(self, done: ModuleChanges) -> str:
        """Write the new home out at every use, and see to it that it is imported."""
        if reason := self._doubt():
            return reason
        edits: list[Edit] = []
        for anchor in self._anchors:
            edit = self._import(anchor)
            if edit is None:
                return "there is no room for another import, or it is one of several names"
            edits += edit
        done.changes += [*edits, *(self._written(use) for use in self._binding.uses)]
        done.handled |= {use.node for use in self._binding.uses}
        if not self._binding.others:
            done.handled |= {imported.alias for imported in self._gone}
        return ""

    def _near_name(self, use: ModuleUse) -> str:
        """Return how the new name is reached by the same local name, if its module is surely loaded by then."""
        binding, target = self._binding, use.target
        if not target or not f"{target}.".startswith(f"{binding.meaning}."):
            return ""
        staying = [imported.name for imported in binding.imports if imported.is_plain and imported not in self._gone]
        # `import a.b`, where `b` is empty now, does not go on serving what is in `a`.
        is_bound = not binding.is_plain or bool(staying) or any(imported.name == target for imported in binding.imports)
        is_loaded = (
            (target == binding.meaning and is_bound)
            or any(target in migration.loaded for migration in (*self._run.calling, *self._run.migrations))
            or any(name.startswith(f"{target}.") for name in binding.others)
            or any(f"{name}.".startswith(f"{target}.") for name in staying)
        )
        return binding.local + use.move.new[len(binding.meaning) :] if is_loaded else ""

    def _there(self) -> set[str]:
        """Return the modules that other imports of the same scope have brought by their own names."""
        body = getattr(self._binding.scope.node, "body", ())
        first = min((use.node.lineno for use in self._binding.uses), default=0)
        return {
            imported.name
            for imported in self._file.imports
            if imported.is_plain
            and imported not in self._gone
            and imported.node in body
            and imported.node.lineno < first
        }

    def _doubt(self) -> str:
        file, binding = self._file, self._binding
        roots = {target.partition(".")[0] for target in self._missing}
        for root in roots - ({binding.local} if binding.is_plain else set()):
            if not file.is_free(root, binding.scope) and not file.brings(root, binding.scope):
                return f"{root!r}, by which the new home would be imported, stands for something else here"
        for use in binding.uses:
            name = (self._near[use] or use.written).partition(".")[0]
            if not use.target and file.is_bound(name):
                return f"{name!r} is bound by something else here"
            if use.target and file.is_hidden_at(use.node, name, binding.scope):
                return f"{name!r} stands for something else in line {use.node.lineno}"
        is_gone = not binding.others and len(self._gone) == len(binding.imports) and binding.local not in roots
        ask = reader_of if is_gone else outside_reader_of
        # Where something else needs the old module, its import stays, and with it all that is not changed here.
        changed = {dotted(use.node).split(".")[1] for use in binding.uses}
        return ask(file, binding.local, binding.scope, changed if binding.others else None)

    def _import(self, imported: Imported) -> list[Edit] | None:
        """Import the new homes in place of the old one, or below it; None where there is no room."""
        node, alias, source = imported.node, imported.alias, self._file.source
        targets = self._targets_at(imported)
        code = self._binding.uses[0].move.code
        names = ", ".join(targets)
        if imported in self._gone:
            is_from = isinstance(node, ast.ImportFrom)
            if is_from and len(node.names) > 1:
                return None
            place = *span(source, node if is_from else alias), f"import {names}" if is_from else names
            # Where a name stays in its package, its uses say what changes.
            message = f"import {imported.name} -> import {names}" if names != imported.name else ""
            return [_at(self._file, alias, (*place, code, message))] if targets else self._removed(imported)
        if not targets:
            return []
        end = span(source, alias)[1]
        node_start, node_end = span(source, node)
        if not stands_alone(source, node_start, node_end):
            if isinstance(node, ast.ImportFrom):
                return None
            return [_at(self._file, alias, (end, end, f", {names}", code, f"import {names} added"))]
        opening = source.newline_at(node_end) + indentation(source, node_start)
        text = "".join(f"{opening}import {target}" for target in targets)
        at = source.line_end(node_end)
        return [_at(self._file, alias, (at, at, text, code, f"import {names} added"))]

    def _targets_at(self, imported: Imported) -> list[str]:
        """Return what to import beside an old home: what its own uses need; beside the first one, also the rest."""
        homes = {anchor.name for anchor in self._anchors}
        own = [use for use in self._wanted if use.move.old_home == imported.name]
        rest = [use for use in self._wanted if use.move.old_home not in homes] if imported is self._anchors[0] else []
        before = self._anchors[: self._anchors.index(imported)]
        same = {use.move.old_home for use in self._wanted for other in before if other.name == use.move.old_home} - {
            imported.name
        }
        taken = {use.target for use in self._wanted if use.move.old_home in same}
        return sorted({use.target for use in (*own, *rest)} - taken)

    def _removed(self, imported: Imported) -> list[Edit] | None:
        """Take an import away that serves nothing; None where nothing is left of a statement of several."""
        node, source = imported.node, self._file.source
        code = self._binding.uses[0].move.code
        message = f"import {imported.name} removed"
        if len(node.names) > 1:
            emptied = {move.old_home for move in self._run.moves if move.new_module == "builtins"}
            if all(other.name in emptied for other in self._file.imports if other.node is node):
                return None
            index = node.names.index(imported.alias)
            first, last = span(source, imported.alias)
            if index + 1 < len(node.names):
                last, _ = span(source, node.names[index + 1])
            else:
                _, first = span(source, node.names[index - 1])
            return [_at(self._file, imported.alias, (first, last, "", code, message))]
        lines = lines_of(self._file, node)
        place = (*lines, "") if lines else (*span(source, node), "pass")
        return [_at(self._file, imported.alias, (*place, code, message))]

    def _renamed(self, use: ModuleUse) -> Edit:
        _, end = span(self._file.source, use.node)
        message = f"{dotted(use.node)} -> {dotted(use.node.value)}.{use.move.new_name}"
        edit = (end - len(use.move.old_name), end, use.move.new_name, use.move.code, message)
        return _at(self._file, use.node, edit)

    def _written(self, use: ModuleUse) -> Edit:
        text = self._near[use] or use.written
        edit = (*span(self._file.source, use.node), text, use.move.code, f"{dotted(use.node)} -> {text}")
        return _at(self._file, use.node, edit)


def _anchors(binding: Binding) -> list[Imported]:
    """Return the imports beside which, or in whose place, new ones stand: those of the old homes, or else the first."""
    homes = {use.move.old_home for use in binding.uses}
    exact = [imported for imported in binding.imports if imported.name in homes]
    first = min(binding.imports, key=lambda found: (found.node.lineno, found.node.col_offset))
    return exact or [first]


def _serves_nothing(imported: Imported, binding: Binding) -> bool:
    """Tell whether nothing of what still is read needs this import: of a submodule, only what lies in it does."""
    rest = [other for other in binding.imports if other is not imported and other.name != imported.name]
    for other in binding.others:
        if f"{other}.".startswith(f"{imported.name}."):
            return False
        if not any(f"{other}.".startswith(f"{kept.name}.") for kept in rest):
            return False
    return True


def _gives_way(imported: Imported, binding: Binding) -> bool:
    """Tell whether nothing needs an import any more; that of a package above stays, if it is by another name."""
    is_home = imported.is_plain or imported.name in {use.move.old_home for use in binding.uses}
    return is_home and _serves_nothing(imported, binding)


def _at(file: File, node: ast.expr | ast.alias, edit: tuple[int, int, str, str, str]) -> Edit:
    start, end, text, code, message = edit
    return Edit(start, end, text, code, start_of(file.source, node), message)
