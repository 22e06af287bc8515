"""Find the imports of a file that can bring the new name itself, and every reference that has to follow.

An import is renamed only if nothing but it can be meant by the name, at each place, before and after. All else keeps
the default, `N2 as N`, and is reported with the reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from compatkit.migration import Move
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.edit.import_plan import Site
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.readers import imports_itself, is_dynamic, line_naming, parameter_line, ranges_of
from compatkit.rewrite.file.scopes import Reference, Scope, Scopes
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.moved_names import doubt, doubt_of


@dataclass(slots=True)
class Renames:
    """The aliases that lose their `as`, what follows from that, and why others keep it.

    `groups` gives, by import statement, the group of its own change and of those that depend on it.
    """

    aliases: set[ast.alias] = field(default_factory=set)
    changes: list[Edit] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    groups: dict[ast.stmt, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Binding:
    """One name in one scope, with the imports of one move that bind it."""

    move: Move
    scope: Scope
    imports: tuple[tuple[Site, ast.alias], ...]

    @property
    def aliases(self) -> set[ast.alias]:
        return {alias for _, alias in self.imports}

    @property
    def old(self) -> str:
        return self.move.old_name

    @property
    def new(self) -> str:
        return self.move.new_name


def find_renames(file: File, sites: Iterable[Site]) -> Renames:
    """Plan the renames that the imports at `sites` allow."""
    candidates = list(_candidates(file, sites))
    done = Renames()
    accepted: list[_Binding] = []
    for group, binding in enumerate(_bindings(file, candidates), start=3 * len(file.nodes)):
        uses = _uses(file.scopes, binding)
        ranges = ranges_of(file, uses, binding.old)
        reason = _collision(file, binding, accepted) or _hidden_use(file, binding)
        if ranges is None:
            reason = reason or "one of its uses is spelled in a way that cannot be followed"
        elif line := _ignored_line(file, binding, ranges):
            reason = reason or f"line {line}, which is to be left alone, uses it"
        if reason or ranges is None:
            message = f"{binding.old} keeps its name here: {reason}"
            done.findings.append(file.finding(binding.imports[0][0].node, binding.move.code, message))
            continue
        accepted.append(binding)
        done.aliases |= {alias for _, alias in binding.imports}
        _group(done, [site.node for site, _ in binding.imports], group)
        done.changes += [replace(_change(binding, span), group=group) for span in ranges]
    return done


def _group(done: Renames, statements: list[ast.ImportFrom], group: int) -> None:
    """Let statements that share a name, and names that share a statement, change together."""
    joined = {done.groups[node] for node in statements if node in done.groups}
    done.groups = {node: group if old_group in joined else old_group for node, old_group in done.groups.items()}
    done.groups |= dict.fromkeys(statements, group)
    done.changes = [replace(change, group=group) if change.group in joined else change for change in done.changes]


def _candidates(file: File, sites: Iterable[Site]) -> Iterator[tuple[Site, ast.alias, Move]]:
    for site in sites:
        if doubt(site) is None:
            for alias, move in site.moved:
                is_other = alias.asname is None and alias.name not in ("*", move.new_name)
                if is_other and move.new_module and doubt_of(file, site, (alias, move)) is None:
                    yield site, alias, move


def _bindings(file: File, candidates: list[tuple[Site, ast.alias, Move]]) -> Iterator[_Binding]:
    """Put together the imports that bind the same name in the same scope."""
    grouped: dict[tuple[Scope | None, str, str], list[tuple[Site, ast.alias, Move]]] = {}
    for site, alias, move in candidates:
        grouped.setdefault((file.scope_of(alias), alias.name, move.new), []).append((site, alias, move))
    for (scope, _, _), members in grouped.items():
        assert scope is not None
        yield _Binding(members[0][2], scope, tuple((site, alias) for site, alias, _ in members))


def _collision(file: File, binding: _Binding, accepted: list[_Binding]) -> str | None:
    scopes, scope = file.scopes, binding.scope
    if scope.kind == "class":
        return "it is an attribute of a class, which others may read"
    if scope.kind == "module" and file.has_star:
        return f"a star import may bring {binding.new}, or bind {binding.old} anew"
    if any(_is_rival(binding, other) for other in accepted):
        return f"something else becomes {binding.new} here"
    for place in scopes.of(binding.old):
        if _is_rebound(scopes, place, binding):
            return f"line {place.line} binds it too"
    for place in scopes.of(binding.new):
        if _is_taken(scopes, place, binding.scope):
            return f"{binding.new} is taken by line {place.line}"
    for place in _uses(scopes, binding):
        between = scopes.passes(place, scope)
        if any(scopes.binds(passed, binding.new) or binding.new in passed.global_names for passed in between):
            return f"{binding.new} is taken around line {place.line}"
    return None


def _is_rival(one: _Binding, other: _Binding) -> bool:
    """Tell whether two names that become the same one could get into each other's way."""
    is_same = one.move.new == other.move.new and (one.old == other.old or one.scope is other.scope)
    return one.new == other.new and not is_same


def _is_rebound(scopes: Scopes, place: Reference, binding: _Binding) -> bool:
    """Tell whether the name is bound by something besides the imports, or may be within a class that also reads it."""
    if not place.is_binding or place.node in binding.aliases or place.is_del:
        return False
    if scopes.home(place.name, place.scope) is binding.scope:
        return True
    return scopes.may_read_outside(place, binding.scope)


def _is_taken(scopes: Scopes, place: Reference, scope: Scope) -> bool:
    """Tell whether the new name already stands for something where the binding would reach."""
    if place.is_binding and scopes.home(place.name, place.scope) is scope:
        # An import of the same from its new home, even: a use above the old import would no longer fail.
        return True
    if place.is_binding or not place.scope.is_below(scope):
        return False
    # A name that so far is looked up further outside would end here.
    # A class reads the outer name until it binds its own.
    is_class = place.scope.kind == "class"
    outer = scopes.outside(place.name, place.scope) if is_class else scopes.resolve(place)
    return outer is None or not outer.is_below(scope)


def _hidden_use(file: File, binding: _Binding) -> str | None:
    old = binding.old
    if old.startswith("__") or binding.new.startswith("__"):
        return "names with two underscores mean something else within a class"
    if is_dynamic(file):
        return "this file looks up names while it runs (globals, locals, eval, exec or its own module)"
    if line := line_naming(file, binding.move):
        return f"the text in line {line} may name it"
    if line := _ambiguous_line(file.scopes, binding):
        return f"the annotation in line {line} may mean one name or another of the same spelling"
    return _outside_use(file, old) if binding.scope is file.scopes.module else None


def _ambiguous_line(scopes: Scopes, binding: _Binding) -> int | None:
    """Return the line of an annotation that a type checker reads where it stands, and Python at the top."""
    for place in (*scopes.of(binding.old), *scopes.of(binding.new)):
        if place.node in scopes.late and scopes.resolve(place) not in (scopes.module, None):
            is_old = place.name == binding.old and scopes.binds(scopes.module, binding.old)
            if is_old or (place.name == binding.new and binding.scope is scopes.module):
                return place.line
    return None


def _outside_use(file: File, old: str) -> str | None:
    """Say who may read the name of a module from outside of its code."""
    if file.home.is_package:
        return "the package hands it on under this name"
    if file.neighbours.may_be_taken(old) or imports_itself(file):
        return "another file may import it from here"
    if file.neighbours.may_be_read(old):
        return "another file may list the names of this module"
    if line := parameter_line(file, old):
        return f"the parameter in line {line} may stand for it, as for a fixture"
    return None


def _ignored_line(file: File, binding: _Binding, ranges: list[tuple[int, int]]) -> int | None:
    lines = (file.source.line(start) for start, _ in ranges)
    return next((line for line in lines if file.ignored.holds(line, binding.move.code)), None)


def _uses(scopes: Scopes, binding: _Binding) -> list[Reference]:
    every = scopes.of(binding.old)
    return [ref for ref in every if ref.node not in binding.aliases and scopes.resolve(ref) is binding.scope]


def _change(binding: _Binding, place: tuple[int, int]) -> Edit:
    start, end = place
    # The import's own message says it all.
    return Edit(start, end, binding.new, binding.move.code, start)
