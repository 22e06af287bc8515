"""Find moved names that a module re-exports: a facade imports them, and other files import them from there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from compatkit.migration import Move
from compatkit.rewrite.edit.edit import Found
from compatkit.rewrite.edit.import_plan import Site
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule, local_name
from compatkit.rewrite.outcome import RewriteError
from compatkit.rewrite.rules.moved_names import doubt, doubt_of, find_sites
from compatkit.rewrite.run_plan import RunPlan

# Nothing but spaces and continued lines can stand between them.
_AS_ITSELF = re.compile(rb"\b(\w+)(?:\s|\\)+as(?:\s|\\)+\1\b")


def find_reexports(source: bytes, home: FileModule, moves: tuple[Move, ...]) -> tuple[Move, ...]:
    """Return, for each moved name that a module certainly hands on, its move from there to the new home.

    A name is handed on by a package's `__init__`, by `__all__`, or by `import N as N`; elsewhere an import is a
    module's own affair. It is certain where a single statement, at the module's top level, binds the name. A facade
    that was migrated before counts as well.
    """
    if not home.name:
        return ()
    try:
        file = File.of(source, home)
    except RewriteError:
        # It is told when the file itself has its turn.
        return ()
    done = [Move(move.code, move.new, move.new) for move in moves]
    sites = [site for site in find_sites(file, (*moves, *done)) if site.node in file.tree.body]
    module = file.scopes.module
    if not sites or file.has_star or len(file.scopes.bindings("__all__", module)) > 1:
        return ()
    listed = _listed(file.tree)
    found = {}
    for site in sites:
        for alias, move in _certain(file, site):
            local = local_name(alias)
            is_old = move.old != move.new or local in _old_names(moves, move.new)
            is_handed_on = home.is_package or local in listed or alias.asname == alias.name
            is_single = len(file.scopes.bindings(local, module)) == 1
            if is_old and is_handed_on and is_single and not local.startswith("__"):
                old = f"{home.name}.{local}"
                found[old] = Move(move.code, old, move.new)
    return tuple(found.values())


def may_reexport(source: bytes, *, is_package: bool) -> bool:
    """Tell whether a module may hand on a name in one of these ways; if not, it need not be parsed."""
    return is_package or b"__all__" in source or _AS_ITSELF.search(source) is not None


def find_named(file: File, run: RunPlan) -> Found:
    """Report each string that is a facade's name, such as the target of a mock.patch.

    It is kept: what looks the name up in the facade still finds it there, but importers have gone past the facade.
    """
    by_name = {move.old: move for move in run.reexports}
    found = Found()
    for node in file.nodes.of(ast.Constant) if by_name else ():
        if isinstance(node.value, str) and (move := by_name.get(node.value)):
            message = f"a string names {move.old}; what imports this name gets it from {move.new_module} now"
            found.findings.append(file.finding(node, move.code, message))
    return found


def _certain(file: File, site: Site) -> Iterator[tuple[ast.alias, Move]]:
    is_doubtful = doubt(site) or any(doubt_of(file, site, (alias, move)) for alias, move in site.moved)
    if not is_doubtful or all(move.old == move.new for _, move in site.moved):
        yield from site.moved


def _old_names(moves: tuple[Move, ...], new: str) -> set[str]:
    return {move.old_name for move in moves if move.new == new}


def _listed(tree: ast.Module) -> set[str]:
    """Return the names in a plain `__all__`."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.List | ast.Tuple):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
                values = [item.value for item in node.value.elts if isinstance(item, ast.Constant)]
                return {value for value in values if isinstance(value, str)}
    return set()
