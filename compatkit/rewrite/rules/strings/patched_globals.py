"""Report patches of a global in an old module that moved code used to read: it reads the new module's now."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from compatkit.migration import Move
from compatkit.migration.renaming import renaming_of
from compatkit.rewrite.edit.edit import Found
from compatkit.rewrite.file.file import File
from compatkit.rewrite.rules.strings.string_takers import PATCHING, called
from compatkit.rewrite.run_plan import RunPlan


def find_patched_globals(file: File, run: RunPlan) -> Found:
    """Report each patch of such a global, unless the file replaces that of the new module as well."""
    where = renaming_of(run.moves)
    readers: dict[str, list[Move]] = {}
    for name, old in file.neighbours.reads:
        # A global that moves itself is told by its own move.
        if (move := where.declared(old)) and not where.of(name):
            readers.setdefault(name, []).append(move)
    found = Found()
    every = {name for _, name in _patched(file)} if readers else set()
    for node, name in patched_reads(file):
        read = {move: f"{move.new_module}.{name.rpartition('.')[2]}" for move in readers.get(name, ())}
        left = [move for move, new in read.items() if new not in every]
        if left:
            move = left[0]
            olds = " and ".join(other.old for other in left)
            message = f"replaces {name} for {olds}; {move.new} reads {read[move]} now"
            found.findings.append(replace(file.finding(node, move.code, message), confidence="manual"))
    return found


def patched_reads(file: File) -> Iterator[tuple[ast.expr, str]]:
    """Yield where a global is replaced that something which moves reads."""
    read = {name for name, _ in file.neighbours.reads}
    yield from ((node, name) for node, name in _patched(file) if name in read) if read else ()


def _patched(file: File) -> Iterator[tuple[ast.expr, str]]:
    """Yield the dotted names in whose place the file puts something else."""
    for call in file.nodes.of(ast.Call):
        if called(call) not in PATCHING or not call.args:
            continue
        first = call.args[0]
        if isinstance(first, ast.Constant):
            owners = [first.value] if isinstance(first.value, str) else []
        else:
            owners = file.meanings(first)
        for owner in owners:
            match call.args:
                case _ if called(call) == "multiple":
                    yield from ((first, f"{owner}.{word.arg}") for word in call.keywords)
                case [ast.Constant(), *_]:
                    yield first, owner
                case [_, ast.Constant(value=str(name)), *_]:
                    yield first, f"{owner}.{name}"
    for node in file.nodes.of(ast.Attribute):
        if not isinstance(node.ctx, ast.Load):
            yield from ((node, meaning) for meaning in file.meanings(node))
