"""Moved names that are used through their module, or through a package above it: `a.b.c.N`, `x.N`, `x.c.N`.

The uses are pointed to the new home, and the import with them. Where the old module is used for something else as
well, its import stays, and one of the new home is added. All that is decided by the local name in its scope: what
else binds it, who reads it, and who may read it besides.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from compatkit.migration import Move
from compatkit.rewrite.edit.edit import Change
from compatkit.rewrite.edit.splice import indentation, stands_alone
from compatkit.rewrite.file.branches import is_chosen_beside
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import Imported
from compatkit.rewrite.file.readers import outside_reader_of, reader_of
from compatkit.rewrite.file.scopes import Reference, Scope
from compatkit.rewrite.file.tree import dotted, span
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.import_safety import finding
from compatkit.rewrite.rules.moved_names import Destinations, destinations_of
from compatkit.rewrite.run_plan import RunPlan


@dataclass(slots=True)
class ModuleChanges:
    """What is changed, and the nodes that are dealt with.

    Attributes:
        from_imports: the module names among from-imports, and where they go; these are left to `change_imports`.
        uses: the moves that are made, with the group of each.
        groups: by import statement, the group of the changes that depend on it.
    """

    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    handled: set[ast.AST] = field(default_factory=set)
    from_imports: dict[ast.alias, Move] = field(default_factory=dict)
    groups: dict[ast.stmt, int] = field(default_factory=dict)
    uses: list[tuple[Move, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Use:
    """A moved name, or a module that moves, as it is read; `chain` is the longest dotted name around it."""

    node: ast.Attribute
    move: Move
    chain: str

    @property
    def target(self) -> str:
        """The module to import for it; nothing for a builtin."""
        if self.move.new_module == "builtins":
            return ""
        return self.move.new if self.move.is_module else self.move.new_module

    @property
    def written(self) -> str:
        return self.move.new if self.target else self.move.new_name


@dataclass(frozen=True, slots=True, eq=False)
class _Binding:
    """A local name of one scope that nothing but imports of one thing bind, and what is read through it.

    `others` are the dotted names that stay, with their meaning spelled out; `reason` says why all does.
    """

    local: str
    scope: Scope
    imports: list[Imported]
    uses: list[Use]
    others: list[str]
    reason: str = ""

    @property
    def meaning(self) -> str:
        return self.imports[0].meaning

    @property
    def is_plain(self) -> bool:
        return all(each.is_plain for each in self.imports)

    @property
    def targets(self) -> list[str]:
        return sorted({use.target for use in self.uses} - {""})


def change_modules(file: File, run: RunPlan) -> ModuleChanges:
    """Plan all that goes through an old module, local name by local name."""
    done = ModuleChanges()
    destinations = destinations_of(run.moves)
    planned = {binding: _Change(file, run, binding) for binding in _bindings(file, run, done)}
    reasons = {binding: binding.reason or _reason(change) for binding, change in planned.items()}
    # By whichever name one patches a module, it is patched by all of them.
    stuck = {_home(use) for binding, reason in reasons.items() if reason for use in binding.uses}
    for number, (binding, change) in enumerate(planned.items(), start=1):
        reason = reasons[binding]
        if not reason and any(_home(use) in stuck for use in binding.uses):
            reason = "another name for the same module stays"
        if reason:
            _leave(file, binding, reason, done)
            continue
        before = len(done.changes)
        if binding.uses:
            change.plan(done)
        _group(binding, number, before, done)
        _settle(binding, destinations, done)
    return done


def _reason(change: _Change) -> str:
    """Return why a change is not possible, or nothing."""
    return change.plan(ModuleChanges()) if change.is_any else ""


def _bindings(file: File, run: RunPlan, done: ModuleChanges) -> Iterator[_Binding]:
    destinations = destinations_of(run.moves)
    for local, scope in _locals(file, _packages_of(run.moves)):
        imports = file.certain_imports(local, scope)
        if not imports or len({each.meaning for each in imports}) > 1:
            continue
        reading = _Reading(file, destinations, imports, done)
        uses, others = reading.read(file.scopes.readers(local, scope))
        yield _Binding(local, scope, imports, uses, others, reading.reason)


def _packages_of(moves: tuple[Move, ...]) -> frozenset[str]:
    """Return every module, and every package above one, through which a moved name can be reached."""
    every = {move.old_home if move.is_module else move.old_module for move in moves}
    parts = [home.split(".") for home in every]
    return frozenset(".".join(part[:size]) for part in parts for size in range(1, len(part) + 1))


def _locals(file: File, packages: frozenset[str]) -> Iterator[tuple[str, Scope]]:
    found: dict[tuple[str, Scope], None] = {}
    for each in file.imports:
        if each.meaning in packages and (scope := file.scope_of(each.alias)) is not None:
            found[each.local, scope] = None
    return iter(found)


class _Reading:
    """Reads what goes through one local name; `reason` says why nothing of it may change."""

    def __init__(self, file: File, destinations: Destinations, imports: list[Imported], done: ModuleChanges) -> None:
        self._file = file
        self._destinations = destinations
        self._meaning = imports[0].meaning
        # Modules that are imported by their own name, and move as a whole, are another rule's.
        self._whole = any(each.is_plain and destinations.of(each.name) for each in imports)
        self._done = done
        self.reason = ""

    def read(self, readers: Sequence[Reference]) -> tuple[list[Use], list[str]]:
        uses: list[Use] = []
        others: list[str] = []
        if readers and self._is_old(self._file.type_comments, readers[0].name):
            self.reason = "a type comment reads it"
        for reference in readers:
            match reference.node:
                case ast.Name() as name:
                    use = self._use(name)
                    uses += [use] if use else []
                    others += [] if use else [self._meaning + dotted(self._chain(name))[len(name.id) :]]
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
        return any(f"{home}." in written_out for home in self._destinations.homes)

    def _chain(self, name: ast.expr) -> ast.expr:
        while isinstance(parent := self._file.parents.get(name), ast.Attribute):
            name = parent
        return name

    def _use(self, name: ast.Name) -> Use | None:
        """Return the moved name that is read by way of a local name, if it surely is one."""
        node: ast.expr = name
        chain = self._chain(name)
        while isinstance(parent := self._file.parents.get(node), ast.Attribute):
            node = parent
            meaning = self._meaning + dotted(node)[len(name.id) :]
            if move := self._destinations.exact(meaning):
                return self._judged(parent, move, dotted(chain))
        return None

    def _judged(self, node: ast.Attribute, move: Move, chain: str) -> Use | None:
        if move.is_module and self._whole:
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
            self._done.findings.append(finding(self._file, node, move.code, message))
            self._done.handled.update(ast.walk(node))
            return None
        return Use(node, move, chain)


def _leave(file: File, binding: _Binding, reason: str, done: ModuleChanges) -> None:
    """Report each import that has to stay because of this, where something moved is read through it."""
    for use in binding.uses[:1]:
        for each in binding.imports:
            message = f"{each.name} is imported here and stays, with its uses: {reason}"
            done.findings.append(finding(file, each.alias, use.move.code, message))
            done.handled.add(each.alias)


def _group(binding: _Binding, number: int, planned: int, done: ModuleChanges) -> None:
    """Let the changes so far depend on the imports: without its uses, or they without it, either would be wrong."""
    joined = {done.groups[each.node] for each in binding.imports if each.node in done.groups}
    group = min(joined, default=number)
    done.groups = {node: group if each in joined else each for node, each in done.groups.items()}
    done.groups |= {each.node: group for each in binding.imports} if len(done.changes) > planned or binding.uses else {}
    done.changes = [replace(each, group=group) if each.group in joined else each for each in done.changes]
    done.changes[planned:] = [replace(change, group=group) for change in done.changes[planned:]]
    done.uses = [(move, group if each in joined else each) for move, each in done.uses]
    done.uses += [(use.move, group) for use in binding.uses]


def _settle(binding: _Binding, destinations: Destinations, done: ModuleChanges) -> None:
    """Note the imports that serve nothing, or names only, that did not move."""
    for each in binding.imports:
        module = each.name
        if destinations.moves_whole(module):
            continue
        served = [other for other in binding.others if other.startswith(f"{module}.")]
        is_plainly_held = any(f"{module}.".startswith(f"{other}.") for other in binding.others)
        is_settled = all(destinations.exact(other) is None for other in _prefixes(served))
        if (served or binding.uses) and is_settled and not is_plainly_held:
            done.handled.add(each.alias)


def _prefixes(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        parts = name.split(".")
        yield from (".".join(parts[:size]) for size in range(1, len(parts) + 1))


class _Change:
    """The change of the imports and uses of one local name, all together."""

    def __init__(self, file: File, run: RunPlan, binding: _Binding) -> None:
        self._file = file
        self._run = run
        self._binding = binding
        self._anchors = _anchors(binding)
        self._gone = [each for each in self._anchors if each.is_plain and _serves_nothing(each, binding)]
        self._near = {use: self._near_name(use) for use in binding.uses}
        there = self._there()
        wanted = [use for use in binding.uses if use.target and not self._near[use] and use.target not in there]
        self._missing = sorted({use.target for use in wanted})
        self._wanted = wanted

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
        if is_all and len(binding.targets) == 1 and all(use.target and not use.move.is_module for use in binding.uses):
            return self._redirect(done)
        return self._respell(done)

    def _other_branch(self) -> str:
        """Tell whether a `try` or an `if` imports the new home where this does not."""
        targets = {use.target for use in self._binding.uses}
        rivals = [each.node for each in self._file.imports if each.name in targets or each.meaning in targets]
        if any(rivals and is_chosen_beside(self._file, each.node, rivals) for each in self._anchors):
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
        code = binding.uses[0].move.code
        if isinstance(imported.node, ast.ImportFrom):
            done.from_imports[imported.alias] = Move(code, imported.name, target)
        else:
            text = f"{target} as {binding.local}"
            message = f"import {imported.name} as {binding.local} -> {text}"
            done.changes.append(_at(file, imported.alias, (*span(file.source, imported.alias), text), code, message))
        done.changes += [self._renamed(use) for use in binding.uses if use.move.new_name != use.move.old_name]
        done.handled |= {use.node for use in binding.uses} | {imported.alias}
        return ""

    def _respell(self, done: ModuleChanges) -> str:
        """Write the new home out at every use, and see to it that it is imported."""
        if reason := self._doubt():
            return reason
        edits: list[Change] = []
        for each in self._anchors:
            edit = self._import(each)
            if edit is None:
                return "there is no room for another import"
            edits += edit
        done.changes += [*edits, *(self._written(use) for use in self._binding.uses)]
        done.handled |= {use.node for use in self._binding.uses}
        if not self._binding.others:
            done.handled |= {each.alias for each in self._gone}
        return ""

    def _near_name(self, use: Use) -> str:
        """Return how the new name is reached by the same local name, if its module is surely loaded by then."""
        binding, target = self._binding, use.target
        if not target or not f"{target}.".startswith(f"{binding.meaning}."):
            return ""
        staying = [each.name for each in binding.imports if each.is_plain and each not in self._gone]
        is_loaded = (
            target == binding.meaning
            or any(target in each.loaded for each in (*self._run.calling, *self._run.migrations))
            or any(name.startswith(f"{target}.") for name in binding.others)
            or any(f"{name}.".startswith(f"{target}.") for name in staying)
        )
        return binding.local + use.move.new[len(binding.meaning) :] if is_loaded else ""

    def _there(self) -> set[str]:
        """Return the modules that other imports of the same scope have brought by their own names."""
        body = getattr(self._binding.scope.node, "body", ())
        first = min((use.node.lineno for use in self._binding.uses), default=0)
        return {
            each.name
            for each in self._file.imports
            if each.is_plain and each not in self._gone and each.node in body and each.node.lineno < first
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
        is_alias = not binding.is_plain and any(use.move.old_module == binding.meaning for use in binding.uses)
        is_gone = not binding.others and len(self._gone) == len(binding.imports) and binding.local not in roots
        ask = reader_of if is_alias or is_gone else outside_reader_of
        return ask(file, binding.local, binding.scope)

    def _import(self, imported: Imported) -> list[Change] | None:
        """Import the new homes in place of the old one, or below it; None where there is no room."""
        node, alias, source = imported.node, imported.alias, self._file.source
        targets = self._targets_at(imported)
        code = self._binding.uses[0].move.code
        names = ", ".join(targets)
        start, end = span(source, alias)
        if imported in self._gone:
            # Where a name stays in its package, its uses say what changes.
            message = f"import {imported.name} -> import {names}" if names != imported.name else ""
            return [_at(self._file, alias, (start, end, names), code, message)] if targets else self._removed(imported)
        if not targets:
            return []
        node_start, node_end = span(source, node)
        if not stands_alone(source, node_start, node_end):
            if isinstance(node, ast.ImportFrom):
                return None
            return [_at(self._file, alias, (end, end, f", {names}"), code, f"import {names} added")]
        opening = source.newline_at(node_end) + indentation(source, node_start)
        text = "".join(f"{opening}import {target}" for target in targets)
        at = source.line_end(node_end)
        return [_at(self._file, alias, (at, at, text), code, f"import {names} added")]

    def _targets_at(self, imported: Imported) -> list[str]:
        """Return what to import beside an old home: what its own uses need; beside the first one, also the rest."""
        homes = {each.name for each in self._anchors}
        own = [use for use in self._wanted if _home(use) == imported.name]
        rest = [use for use in self._wanted if _home(use) not in homes] if imported is self._anchors[0] else []
        before = self._anchors[: self._anchors.index(imported)]
        same = {_home(use) for use in self._wanted for each in before if each.name == _home(use)} - {imported.name}
        taken = {use.target for use in self._wanted if _home(use) in same}
        return sorted({use.target for use in (*own, *rest)} - taken)

    def _removed(self, imported: Imported) -> list[Change]:
        """Take an import away whose place another one has; where it is all that a block has, it stays."""
        node, source = imported.node, self._file.source
        start, end = span(source, node)
        block = next((block for block in self._file.blocks if node in block), [])
        code = self._binding.uses[0].move.code
        message = f"import {imported.name} removed"
        if len(node.names) > 1:
            index = node.names.index(imported.alias)
            first, last = span(source, imported.alias)
            if index + 1 < len(node.names):
                last, _ = span(source, node.names[index + 1])
            else:
                _, first = span(source, node.names[index - 1])
            return [_at(self._file, imported.alias, (first, last, ""), code, message)]
        if len(block) < 2 or not stands_alone(source, start, end):
            return []
        line_end = source.line_end(end)
        after = line_end + len(source.newline_at(end)) if line_end < len(source.text) else line_end
        return [_at(self._file, imported.alias, (source.line_start(start), after, ""), code, message)]

    def _renamed(self, use: Use) -> Change:
        _, end = span(self._file.source, use.node)
        message = f"{dotted(use.node)} -> {dotted(use.node.value)}.{use.move.new_name}"
        edit = (end - len(use.move.old_name), end, use.move.new_name)
        return _at(self._file, use.node, edit, use.move.code, message)

    def _written(self, use: Use) -> Change:
        text = self._near[use] or use.written
        edit = (*span(self._file.source, use.node), text)
        return _at(self._file, use.node, edit, use.move.code, f"{dotted(use.node)} -> {text}")


def _home(use: Use) -> str:
    return use.move.old if use.move.is_module else use.move.old.rpartition(".")[0]


def _anchors(binding: _Binding) -> list[Imported]:
    """Return the imports beside which, or in whose place, new ones stand: those of the old homes, or else the first."""
    homes = {_home(use) for use in binding.uses}
    exact = [each for each in binding.imports if each.name in homes]
    first = min(binding.imports, key=lambda each: (each.node.lineno, each.node.col_offset))
    return exact or [first]


def _serves_nothing(imported: Imported, binding: _Binding) -> bool:
    """Tell whether nothing of what still is read needs this import: of a submodule, only what lies in it does."""
    rest = [each for each in binding.imports if each is not imported and each.name != imported.name]
    for other in binding.others:
        if f"{other}.".startswith(f"{imported.name}."):
            return False
        if not any(f"{other}.".startswith(f"{each.name}.") for each in rest):
            return False
    return True


def _at(file: File, node: ast.expr | ast.alias, edit: tuple[int, int, str], code: str, message: str) -> Change:
    line, column = node.lineno, file.source.column(node.lineno, node.col_offset)
    return Change(*edit, code, line, column, message)
