"""Rewrite from-imports of moved names, and report those that are left to a person."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from compatkit.migration import Move
from compatkit.rewrite.edit.edit import Edit, Found
from compatkit.rewrite.edit.import_plan import Name, Plan, Site, plan
from compatkit.rewrite.edit.splice import lines_of, replacements
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import local_name, read_imports
from compatkit.rewrite.file.readers import reader_of
from compatkit.rewrite.file.tree import parse, start_of
from compatkit.rewrite.outcome import Finding, RewriteError
from compatkit.rewrite.rules.moved_names import Doubt, doubt, doubt_of


@dataclass(frozen=True, slots=True)
class DependentChanges:
    """The other changes that imports are made together with.

    Attributes:
        groups: by statement, the group of its changes and of those that depend on it.
        needed: the aliases on which other changes depend.
        renamed: the aliases that come under their new names.
    """

    groups: Mapping[ast.stmt, int] = field(default_factory=dict)
    needed: Collection[ast.alias] = ()
    renamed: Collection[ast.alias] = ()


def change_imports(file: File, sites: list[Site], dependent: DependentChanges = DependentChanges()) -> Found:
    """Plan every site; one on which other changes depend is of their group.

    A name that must stay is reported, and does not keep the others from going.
    """
    found = Found()
    for site in sites:
        group = dependent.groups.get(site.node, 0)
        going = _without_doubtful(file, site, found)
        if going is None:
            continue
        staying = {alias for alias, _ in site.moved} - {alias for alias, _ in going.moved}
        if any(alias in dependent.needed for alias in staying):
            reason: Doubt = ("another name of this statement has to stay, and uses depend on it", "review")
            found.findings += [_left(file, site, (move, reason)) for _, move in going.moved]
            continue
        made = _change(file, going, dependent)
        if isinstance(made, Finding):
            found.findings.append(made)
        else:
            found.changes += [replace(edit, group=group) for edit in made]
    return found


def _without_doubtful(file: File, site: Site, found: Found) -> Site | None:
    """Return the site without the names that are left to a person, and report these; None where none goes."""
    if reason := doubt(site):
        found.findings.append(_left(file, site, (site.moved[0][1], reason)))
        return None
    doubts = {alias: reason for alias, move in site.moved if (reason := doubt_of(file, site, (alias, move)))}
    said: set[str] = set()
    for alias, move in site.moved:
        reason = doubts.get(alias)
        if reason and reason[0] not in said:
            said.add(reason[0])
            found.findings.append(_left(file, site, (move, reason)))
    every = zip(site.node.names, site.moves, strict=True)
    moves = tuple(None if alias in doubts else move for alias, move in every)
    return Site(site.node, moves) if any(moves) else None


def _left(file: File, site: Site, left: tuple[Move, Doubt]) -> Finding:
    move, (text, confidence) = left
    found = file.finding(site.node, move.code, f"{move.old} is not rewritten here: {text}")
    return replace(found, confidence=confidence)


def _change(file: File, site: Site, dependent: DependentChanges) -> list[Edit] | Finding:
    code = site.moved[0][1].code
    bound = {
        alias: alias.asname or (move.new_name if alias in dependent.renamed else alias.name)
        for alias, move in site.moved
    }
    builtin = (alias for alias, move in site.moved if bound[alias] == move.new_name and _is_builtin(file, alias, move))
    needless = {*_imported_above(file, site, bound), *builtin}
    planned = plan(site, file.home, dependent.renamed, needless)
    if not planned.written and (lines := lines_of(file, site.node)):
        return [Edit(*lines, "", code, start_of(file.source, site.node), _message(site, planned))]
    replaced = replacements(file.source, site, planned) if planned.written else None
    if replaced is None and needless:
        # What needs no import may have a comment, or be all that a block has.
        needless.clear()
        planned = plan(site, file.home, dependent.renamed)
        replaced = replacements(file.source, site, planned)
    if replaced is None:
        message = f"{site.moved[0][1].old} is not rewritten here: the statement's comments or layout would be lost"
        return file.finding(site.node, code, message)
    _require_planned([edit.text for edit in replaced], planned)
    place = code, start_of(file.source, site.node)
    is_same = not dependent.renamed and not needless
    first, *rest = replaced
    # The first one says it all.
    made = [Edit(first.start, first.end, first.text, *place, _message(site, planned), binds_the_same=is_same)]
    return [*made, *(Edit(piece.start, piece.end, piece.text, *place, binds_the_same=is_same) for piece in rest)]


def _imported_above(file: File, site: Site, bound: Mapping[ast.alias, str]) -> Iterator[ast.alias]:
    """Yield what a statement above, at the top of the file as this one, binds by the same name to the same thing."""
    own, top = site.node, file.tree.body
    # Of the statements alone: for most files, that spares a look at all nodes.
    others = list(read_imports(file.import_statements, file.home))
    for alias, move in site.moved:
        local = bound[alias]
        same = [imported for imported in others if (imported.local, imported.meaning) == (local, move.new)]
        if len(same) != 1 or own not in top or same[0].node not in top[: top.index(own)]:
            continue
        names = (local, local_name(alias))
        if {ref.node for name in names for ref in file.scopes.of(name) if ref.is_binding} == {alias, same[0].alias}:
            yield alias


def _is_builtin(file: File, alias: ast.alias, move: Move) -> bool:
    """Tell whether a name is a builtin now, and nobody reads what the import binds but its scope."""
    if move.new_module != "builtins" or alias.asname or file.has_star:
        return False
    scope = file.scope_of(alias)
    references = (ref for name in (move.new_name, local_name(alias)) for ref in file.scopes.of(name))
    # A `nonlocal` needs a scope around it that binds the name.
    bound = (ref.node for ref in references if ref.is_binding or isinstance(ref.node, ast.Nonlocal))
    return scope is not None and not reader_of(file, local_name(alias), scope) and all(node is alias for node in bound)


def _require_planned(texts: list[str], planned: Plan) -> None:
    """Refuse texts that say something else than what was planned: they were regenerated by other code."""
    try:
        statements = [item for text in texts for item in parse(textwrap.dedent(_unified(text))).body]
    except RewriteError as error:
        raise RewriteError.unsafe(error.what) from error
    said = [
        (item.level, item.module or "", alias.name, alias.asname)
        if isinstance(item, ast.ImportFrom)
        else (0, "", alias.name, alias.asname)
        for item in statements
        if isinstance(item, ast.Import | ast.ImportFrom)
        for alias in item.names
    ]
    if said != [(name.target.level, name.target.module, name.name, name.asname) for name in planned.written]:
        raise RewriteError.unsafe("the import that came out is not the one that was planned")
    if len(statements) != sum(isinstance(item, ast.Import | ast.ImportFrom) for item in statements):
        raise RewriteError.unsafe("something other than imports came out")


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")


def _message(site: Site, planned: Plan) -> str:
    moved = [name for name in (*planned.kept, *planned.split) if site.moves[name.index] is not None]
    return "; ".join(_describe(site, name) for name in moved)


def _describe(site: Site, name: Name) -> str:
    before = "." * site.node.level + (site.node.module or "")
    move = site.moves[name.index]
    if move and name.is_there:
        new = move.new
        what = f"{name.name}, a builtin" if new.startswith("builtins.") else f"{new}, which is imported already"
        return f"{before}.{site.node.names[name.index].name} -> {what}"
    alias = f" as {name.asname}" if name.asname else ""
    new = name.name if name.target.is_bare else f"{name.target}.{name.name}"
    return f"{before}.{site.node.names[name.index].name} -> {new}{alias}"
