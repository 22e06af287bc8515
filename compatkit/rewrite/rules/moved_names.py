"""Find the from-imports of moved names, absolute and relative, and say which of them are left to a person."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from compatkit.migration import Confidence, Move
from compatkit.migration.renaming import renaming_of
from compatkit.rewrite.edit.import_plan import Site
from compatkit.rewrite.file.file import File, is_chosen_beside
from compatkit.rewrite.file.imports import bound_by, local_name

Doubt = tuple[str, Confidence]


def find_sites(
    file: File, moves: tuple[Move, ...], modules: Mapping[ast.alias, Move] = MappingProxyType({})
) -> list[Site]:
    """Return the from-imports of moved names, in the order of the text; `modules` are aliases that move as such."""
    renaming = renaming_of(moves)
    sites = []
    for node in file.import_statements:
        if isinstance(node, ast.ImportFrom):
            module = file.home.resolve(node) or ""
            found = tuple(modules.get(alias) or renaming.of_import(module, alias.name) for alias in node.names)
            if any(found):
                sites.append(Site(node, found))
    return sorted(sites, key=lambda site: (site.node.lineno, site.node.col_offset))


def doubt(site: Site) -> Doubt | None:
    """Say why this import as a whole must not be rewritten, or None where it is certain."""
    names = Counter(local_name(alias) for alias in site.node.names)
    if twice := sorted(name for name, count in names.items() if count > 1):
        return f"this statement binds {twice[0]!r} twice; which one counts depends on the order", "review"
    return None


def doubt_of(file: File, site: Site, moved: tuple[ast.alias, Move]) -> Doubt | None:
    """Say why one name of an import must not be rewritten, or None where it is certain."""
    alias, move = moved
    if move.confidence != "safe":
        return move.why or f"the move of {move.old} asks for a person's eye", move.confidence
    if not move.new_module and alias.name == "*":
        return f"a from-import cannot bring {move.new}", "review"
    if move.new_module and move.new_module == file.home.name:
        return "the new home itself depends on the old one; to rewrite this would make it import itself", "review"
    if missing := file.neighbours.absence_of(move.new):
        return f"nothing is pointed at what is not there: {missing}", "review"
    if _is_fallback(file, site.node, moved):
        return f"another branch binds {local_name(alias)!r} from the new home; keep the branch for it", "review"
    return None


def _is_fallback(file: File, node: ast.ImportFrom, moved: tuple[ast.alias, Move]) -> bool:
    """Tell whether a `try` or an `if` chooses between the old and the new home for one local name.

    Such code handles the absence of v2 on purpose; with both branches alike, it would no longer.
    """
    rivals: list[ast.AST] = [other for other in file.import_statements if _binds_new(file, other, moved)]
    rivals += [asked for asked in file.mentions(moved[1].new) if isinstance(asked, ast.Call)]
    return bool(rivals) and is_chosen_beside(file, node, rivals)


def _binds_new(file: File, node: ast.AST, moved: tuple[ast.alias, Move]) -> bool:
    local, move = local_name(moved[0]), moved[1]
    if isinstance(node, ast.Import):
        return any(alias.name == move.new and bound_by(node, alias) == local for alias in node.names)
    if not isinstance(node, ast.ImportFrom) or file.home.resolve(node) != move.new_module:
        return False
    return any(alias.name == move.new_name and local_name(alias) == local for alias in node.names)
