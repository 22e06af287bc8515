"""Report each import and each dotted use of a removed name, with the migration's message.

A name in a moved module that v2 does not have at the new home is also reported, and left as it is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from compatkit.migration import Move, Removal
from compatkit.migration.inventory import read_inventory
from compatkit.migration.model import UNHANDLED
from compatkit.migration.renaming import prefixes, renaming_of
from compatkit.rewrite.edit.edit import Found
from compatkit.rewrite.file.file import File
from compatkit.rewrite.flow.values import Named, is_unknown
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.prefilter.interfaces import find_run_notebook
from compatkit.rewrite.rules.calls.facts import CallFacts
from compatkit.rewrite.rules.report_leftovers import looked_up
from compatkit.rewrite.run_plan import RunPlan


def find_removed(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for each place that names what is gone; of a name that a from-import brings, the import."""
    file, index = facts.file, facts.index
    used = {one.name for value in facts.trace.names.values() if isinstance(value, Named) for one in value.candidates()}
    for imported in file.imports:
        name = imported.name.removesuffix(".*")
        if removal := index.around(name):
            yield _finding(file, imported.alias, (name, removal))
        # Of a function that is called by another name now, each use tells; an import alone would fail.
        for change in index.calls_of(name) if name not in used else ():
            if change.to and change.about.remove:
                gone = Removal(change.code, (name,), f"use {change.to}", about=change.about)
                yield _finding(file, imported.alias, (name, gone))
    for expression, value in facts.trace.names.items():
        for one in value.candidates() if isinstance(value, Named) else ():
            removal = index.removals.get(one.name)
            if removal and one.how != "type" and _is_meant(file, expression, one):
                yield _finding(file, expression, (one.name, removal))
    yield from _in_annotations(facts)
    yield from _on_unknown_objects(facts)


def _in_annotations(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for each annotation that reaches what is gone through its package: it is read on import."""
    file, index = facts.file, facts.index
    for node in file.nodes.of(ast.Attribute) if index.removals else ():
        above = file.parents.get(node)
        if node in facts.trace.names or isinstance(above, ast.Attribute) or not _is_annotation(file, node):
            continue
        name = file.import_of(node)
        if removal := index.around(name) if name else None:
            yield _finding(file, node, (name, removal))


def _is_annotation(file: File, node: ast.expr) -> bool:
    inner: ast.AST = node
    while isinstance(above := file.parents.get(inner), ast.expr):
        inner = above
    return inner in (getattr(above, "annotation", None), getattr(above, "returns", None))


def _on_unknown_objects(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for each call of a method that is gone, and of a name that hardly anything else has."""
    file, trace = facts.file, facts.trace
    imported = {entry.name.partition(".")[0] for entry in file.imports}
    for call in file.nodes.of(ast.Call) if facts.index.anywhere else ():
        method = call.func
        name = facts.index.anywhere.get(method.attr) if isinstance(method, ast.Attribute) else None
        if name is None or name.partition(".")[0] not in imported or file.import_of(method):
            continue
        removal, known = facts.index.removals[name], trace.names.get(method) or trace.callees.get(call)
        # What is spelled as the row says to spell it is new already: xp.linalg.eig(matrix).
        is_new = ".".join(ast.unparse(method).split(".")[-2:]) in removal.say
        if not is_new and (known is None or is_unknown(known)):
            found = _finding(file, method, (name, removal))
            yield replace(found, message=f"{found.message}; what it is called on is not known")


def _is_meant(file: File, expression: ast.expr, value: Named) -> bool:
    """Tell whether a place is the one to tell of what it names; of what it only may mean, that is where it is named."""
    is_spelled = value.sure or value.name.rpartition(".")[2] in ast.unparse(expression)
    return is_spelled and not _is_reported(file, expression, value.name)


def _is_reported(file: File, expression: ast.expr, name: str) -> bool:
    """Tell whether an import of a name, or a text with the name of its module, is reported in its place."""
    if isinstance(expression, ast.Name):
        return bool(file.meanings(expression))
    texts = (part.value for part in ast.walk(expression) if isinstance(part, ast.Constant))
    return any(isinstance(text, str) and name.startswith(text) for text in texts)


def find_unhandled(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for the first place of a file that uses what a migration leaves to people, with its reason."""
    if not facts.index.unhandled:
        return
    told: set[str] = set()
    for node, name in sorted(_used(facts), key=lambda use: use[0].lineno):
        row = next((row for row in facts.index.unhandled if row.fits(name)), None)
        if row and row.name not in told:
            told.add(row.name)
            message = f"{name} changed, and is left to you: {row.why}"
            yield replace(facts.file.finding(node, UNHANDLED, message), confidence="manual")


def _used(facts: CallFacts) -> Iterator[tuple[ast.alias | ast.expr, str]]:
    """Yield what a file imports and names, and the arguments that it gives, each as a dotted name."""
    for imported in facts.file.imports:
        yield imported.alias, imported.name.removesuffix(".*")
        # Of a module that is left to people, whatever is imported from it.
        yield from ((imported.alias, home) for home in prefixes(imported.name) if "." in home)
    for node in facts.file.nodes.of(ast.Attribute):
        if name := facts.file.import_of(node):
            yield node, name
    for expression, value in facts.trace.names.items():
        if isinstance(value, Named) and isinstance(expression, ast.Attribute):
            yield expression, value.name
    for call, callee in facts.trace.callees.items():
        name = callee.name if isinstance(callee, Named) else facts.file.import_of(call.func)
        given = (key for word in call.keywords for key in ([word.arg] if word.arg else _keys(facts.file, word.value)))
        yield from ((call, f"{name}({key})") for key in given if name)


def _keys(file: File, spread: ast.expr) -> Iterator[str]:
    """Yield the keys that are written of what a call spreads."""
    match file.value_of(spread):
        case ast.Dict(keys=keys, values=values):
            for key, inner in zip(keys, values, strict=True):
                name = file.value_of(key) if key else None
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    yield name.value
                yield from () if key else _keys(file, inner)
        case ast.Call(func=ast.Name(id="dict"), args=args, keywords=words):
            yield from (key for arg in args for key in _keys(file, arg))
            for word in words:
                yield from [word.arg] if word.arg else _keys(file, word.value)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from (*_keys(file, left), *_keys(file, right))


def _finding(file: File, node: ast.alias | ast.expr, gone: tuple[str, Removal]) -> Finding:
    name, removal = gone
    column = file.source.column(node.lineno, node.col_offset)
    # What a release only warns about is still there.
    is_there = removal.about.since and not removal.about.remove
    said = f"{name} is {'deprecated' if is_there else 'gone'}: {removal.say}"
    return Finding(removal.code, node.lineno, column, said, "manual")


def find_absent(file: File, run: RunPlan) -> Found:
    """Report each import and each dotted use of a name that v2 lacks, unless a row of its own says more of it."""
    if not any(move.inventory for move in run.moves):
        return Found()
    where, told = renaming_of(run.moves), _names_of_rows(run)
    found = []
    for node, dotted in (*_imports(file), *_uses(file), *looked_up(file)):
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
    yield from ((imported.alias, imported.name.removesuffix(".*")) for imported in file.imports)


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


def find_ran(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for each library that changed and that nothing here binds, at its first use."""
    file, index = facts.file, facts.index
    text = file.source.text
    ran = find_run_notebook(text.encode("utf-8", "replace")) if "%run" in text else None
    if ran is None:
        return
    for library in sorted({name.partition(".")[0] for name in (*index.calls, *index.removals, *index.classes)}):
        unbound = (ref.node for ref in file.scopes.of(library) if file.scopes.owner(ref) is None)
        reads = [node for node in unbound if isinstance(node, ast.Name)]
        if first := min(reads, key=lambda node: (node.lineno, node.col_offset), default=None):
            what = (
                f"{library} comes from `%run {ran}`, which is not followed: no use of it here is rewritten or reported"
            )
            finding = file.finding(first, UNHANDLED, f"{what}; import {library} here, and run this again")
            yield replace(finding, confidence="manual")
