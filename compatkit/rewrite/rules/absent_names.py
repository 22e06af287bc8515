"""Report what lies in a module that moves and what v2 does not have there: it is left as it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compatkit.migration import Move
from compatkit.migration.inventory import read_inventory
from compatkit.migration.renaming import renaming_of
from compatkit.rewrite.edit.edit import Found
from compatkit.rewrite.file.file import File
from compatkit.rewrite.run_plan import RunPlan


def find_absent(file: File, run: RunPlan) -> Found:
    """Report each import and each dotted use of a name that v2 lacks, unless a row of its own says more of it."""
    if not any(move.inventory for move in run.moves):
        return Found()
    where, told = renaming_of(run.moves), _names_of_rows(run)
    found = []
    for node, dotted in (*_imports(file), *_uses(file)):
        if (move := where.lacking(dotted)) is None:
            continue
        # Of a chain, the first part that is not there is told.
        is_inside = isinstance(node, ast.Attribute) and where.lacking(dotted.rpartition(".")[0])
        is_told = dotted in where.homes or any(dotted == name or dotted.startswith(f"{name}.") for name in told)
        if not is_inside and not is_told:
            what = f"{dotted} is not in {move.new} any more"
            found.append(file.finding(node, move.code, f"{what}; {_advice(move, dotted)}"))
    return Found(findings=found)


def _imports(file: File) -> Iterator[tuple[ast.alias | ast.expr, str]]:
    yield from ((each.alias, each.name.removesuffix(".*")) for each in file.imports)


def _uses(file: File) -> Iterator[tuple[ast.alias | ast.expr, str]]:
    for node in file.nodes.of(ast.Attribute):
        yield from ((node, meaning) for meaning in file.meanings(node))


def _names_of_rows(run: RunPlan) -> frozenset[str]:
    """Return the dotted names of what is gone, and of calls that have another name now."""
    gone = [name for migration in run.calling for row in migration.removed for name in row.names]
    called = [name for migration in run.calling for row in migration.calls if row.to for name in row.of]
    return frozenset((*gone, *called))


def _advice(move: Move, dotted: str) -> str:
    found = read_inventory(move.inventory).elsewhere(dotted.rpartition(".")[2])
    return f"look at {' and '.join(found[:2])}" if found else "see the library's notes for what takes its place"
