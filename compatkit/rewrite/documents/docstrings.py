"""Rewrite the doctests in docstrings; the rest of a docstring is prose, and is left alone."""

from __future__ import annotations

import ast
from dataclasses import replace

from compatkit.rewrite.documents.code import rewrite_code
from compatkit.rewrite.documents.code_blocks import CodeBlock, find_doctests
from compatkit.rewrite.documents.document_text import Request, TextFound
from compatkit.rewrite.edit.edit import Found
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import read_quoted
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.run_plan import RunPlan


def find_in_docstrings(file: File, run: RunPlan) -> Found:
    """Find old names, and calls that changed, in all doctests of a file."""
    found = Found()
    for statement in file.nodes.of(ast.Expr):
        node = statement.value
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and ">>>" in node.value:
            one = find_doctest_strings(file, node, run)
            found.changes += one.changes
            found.findings += one.findings
    return found


def find_doctest_strings(file: File, node: ast.Constant, run: RunPlan) -> Found:
    """Find old names in the doctests of one docstring; what changed of calls is looked for with the module's names."""
    source, moves, options = file.source, run.moves, run.options
    literal = read_quoted(source, node)
    if literal is None:
        return Found()
    after = len(source.text) - literal.end

    def extract(text: str, _mark: str) -> list[CodeBlock]:
        return find_doctests(text, literal.start, len(text) - after)

    blocks = extract(source.text, "")
    code = "\n".join(block.shown for block in blocks)
    if not any(move.old_name in code or move.old_home.rpartition(".")[2] in code for move in moves):
        return Found()
    noted = rewrite_code(source.text, extract, Request(moves, options=options, engine=run.engine))
    if "\\" in code and not literal.is_raw:
        noted.demote("not rewritten, because the docstring is not raw and its examples hold backslashes")
    elif options.confidence != "review":
        noted.demote("made with --confidence review")
    return _as_pass(source, noted, group=literal.start)


def _as_pass(source: Source, noted: TextFound, *, group: int) -> Found:
    found, said = Found(), set()
    for edit in noted.edits:
        # What belongs to one change is told once.
        message = "" if (edit.at, edit.message) in said else edit.message
        said.add((edit.at, edit.message))
        found.changes.append(replace(edit, message=message, binds_the_same=True, group=group))
    for finding in noted.findings:
        found.findings.append(Finding(finding.code, *source.place(finding.at), finding.message, finding.confidence))
    return found
