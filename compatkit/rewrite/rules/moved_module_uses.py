"""Rewrite moved names that are used through their module, or through a package above it: `a.b.c.N`, `x.c.N`.

The uses are pointed to the new home, and the import with them. Where the old module is used for something else as
well, its import stays, and one of the new home is added. All that is decided by the local name in its scope: what
else binds it, who reads it, and who may read it besides.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from compatkit.migration import Move
from compatkit.migration.renaming import Renaming, renaming_of
from compatkit.rewrite.file.file import File, is_chosen_beside
from compatkit.rewrite.file.imports import Imported
from compatkit.rewrite.file.scopes import Reference, Scope
from compatkit.rewrite.file.tree import dotted, span
from compatkit.rewrite.rules.module_use_edits import Binding, ModuleChanges, ModuleUse, ModuleUseEdits
from compatkit.rewrite.run_plan import RunPlan


def change_modules(file: File, run: RunPlan) -> ModuleChanges:
    """Plan all that goes through an old module, local name by local name."""
    done = ModuleChanges()
    renaming = renaming_of(run.moves)
    planned = {binding: ModuleUseEdits(file, run, binding) for binding in _bindings(file, run, done)}
    reasons = {binding: binding.reason or _reason(change) for binding, change in planned.items()}
    # By whichever name one patches a module, it is patched by all of them.
    stuck = {use.move.old_home for binding, reason in reasons.items() if reason for use in binding.uses}
    for number, (binding, change) in enumerate(planned.items(), start=1):
        reason = reasons[binding]
        if not reason and any(use.move.old_home in stuck for use in binding.uses):
            reason = "another name for the same module stays"
        if reason:
            done.leave(file, binding, reason)
            continue
        before = len(done.changes)
        if binding.uses:
            change.plan(done)
        done.group(binding, number, before)
        _settle(binding, renaming, done)
    return done


def _reason(change: ModuleUseEdits) -> str:
    """Return why a change is not possible, or nothing."""
    return change.plan(ModuleChanges()) if change.is_any else ""


def _bindings(file: File, run: RunPlan, done: ModuleChanges) -> Iterator[Binding]:
    renaming = renaming_of(run.moves)
    for local, scope in _locals(file, _packages_of(run.moves)):
        imports = file.certain_imports(local, scope)
        if not imports or len({imported.meaning for imported in imports}) > 1:
            continue
        reading = _Reading(file, imports, (renaming, done))
        uses, others = reading.read(file.scopes.readers(local, scope))
        yield Binding(local, scope, imports, uses, others, reading.reason)


def _packages_of(moves: tuple[Move, ...]) -> frozenset[str]:
    """Return every module, and every package above one, through which a moved name can be reached."""
    every = {move.old_home for move in moves}
    parts = [home.split(".") for home in every]
    return frozenset(".".join(part[:size]) for part in parts for size in range(1, len(part) + 1))


def _locals(file: File, packages: frozenset[str]) -> Iterator[tuple[str, Scope]]:
    found: dict[tuple[str, Scope], None] = {}
    for imported in file.imports:
        if imported.meaning in packages and (scope := file.scope_of(imported.alias)) is not None:
            found[imported.local, scope] = None
    return iter(found)


class _Reading:
    """Reads what goes through one local name; `reason` says why nothing of it may change."""

    def __init__(self, file: File, imports: list[Imported], context: tuple[Renaming, ModuleChanges]) -> None:
        renaming, self._done = context
        self._file = file
        self._renaming = renaming
        self._meaning = imports[0].meaning
        # Modules that are imported by their own name, and move as a whole, are another rule's.
        self._whole = any(imported.is_plain and renaming.of(imported.name) for imported in imports)
        self.reason = ""

    def read(self, readers: Sequence[Reference]) -> tuple[list[ModuleUse], list[str]]:
        uses: list[ModuleUse] = []
        others: list[str] = []
        if readers and self._is_old(self._file.type_comments, readers[0].name):
            self.reason = "a type comment reads it"
        for reference in readers:
            match reference.node:
                case ast.Name() as name:
                    use = self._use(name)
                    uses += [use] if use else []
                    # All of a module at once is the module.
                    chain = dotted(self._chain(name)).partition(".__dict__")[0]
                    others += [] if use else [self._meaning + chain[len(name.id) :]]
                case ast.Constant(value=str(text)):
                    others += [self._meaning]
                    if self._is_old(text, reference.name):
                        self.reason = self.reason or f"the annotation in line {reference.line} reads it"
                case _:
                    others += [self._meaning]
        return uses, others

    def _is_old(self, text: str, local: str) -> bool:
        """Tell whether a text that is read as code reads something of an old home."""
        written_out = re.sub(rf"(?<![\w.]){re.escape(local)}\.", f"{self._meaning}.", text)
        return any(f"{home}." in written_out for home in self._renaming.homes)

    def _chain(self, name: ast.expr) -> ast.expr:
        while isinstance(parent := self._file.parents.get(name), ast.Attribute):
            name = parent
        return name

    def _use(self, name: ast.Name) -> ModuleUse | None:
        """Return the moved name that is read by way of a local name, if it surely is one."""
        node: ast.expr = name
        chain = self._chain(name)
        while isinstance(parent := self._file.parents.get(node), ast.Attribute):
            node = parent
            meaning = self._meaning + dotted(node)[len(name.id) :]
            if move := self._renaming.declared(meaning):
                return self._judged(parent, move, dotted(chain))
        return None

    def _judged(self, node: ast.Attribute, move: Move, chain: str) -> ModuleUse | None:
        if self._whole and self._renaming.is_whole(move.old):
            return None
        if not isinstance(node.ctx, ast.Load):
            self.reason = self.reason or f"line {node.lineno} sets {move.old}, which every other file sees"
            return None
        if move.confidence != "safe":
            return None
        start, end = span(self._file.source, node)
        if not self._file.source.text[start:end].endswith(node.attr):
            # In an f-string over several lines, nothing tells the place before Python 3.12.
            return None
        if is_chosen_beside(self._file, node, self._file.mentions(move.new)):
            message = f"another branch uses {move.new}, the new home; keep this branch for the old one"
            self._done.findings.append(self._file.finding(node, move.code, message))
            self._done.handled.update(ast.walk(node))
            return None
        return ModuleUse(node, move, chain)


def _settle(binding: Binding, renaming: Renaming, done: ModuleChanges) -> None:
    """Note the imports that serve nothing, or names only, that did not move."""
    for imported in binding.imports:
        module = imported.name
        if renaming.whole(module):
            continue
        served = [other for other in binding.others if other.startswith(f"{module}.")]
        is_plainly_held = any(f"{module}.".startswith(f"{other}.") for other in binding.others)
        is_settled = all(renaming.declared(other) is None for other in _prefixes(served))
        if (served or binding.uses) and is_settled and not is_plainly_held:
            done.handled.add(imported.alias)


def _prefixes(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        parts = name.split(".")
        yield from (".".join(parts[:size]) for size in range(1, len(parts) + 1))
