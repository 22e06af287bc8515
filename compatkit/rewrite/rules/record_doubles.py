"""Plain dicts that test doubles hand out as records: renamed together with all that reads them, or not at all."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.tree import nodes_of
from compatkit.rewrite.flow.trace import Key, Trace
from compatkit.rewrite.flow.values import Held


class Doubles:
    """Answers which dicts in one file keep a spelling.

    What is patched is never certain to be a record in the same file, so that its readers there stay in any case.
    """

    def __init__(self, file: File, trace: Trace, *, are_made: bool) -> None:
        self._file = file
        self._are_made = are_made
        self._left = list(_left(file, trace)) if trace.stand_ins else []

    def why_kept(self, key: Key, spelling: str) -> str:
        """Say why a dict keeps this spelling, or nothing where all that reads it in its test changes with it."""
        if not self._are_made:
            return "a mock hands out this plain dict; made with --confidence review"
        first, last = self._reach(key)
        if any(first <= line <= last and read == spelling for line, read in self._left):
            return "a mock hands out this plain dict, and what reads it here is not all rewritten"
        return ""

    def _reach(self, key: Key) -> tuple[int, int]:
        """Return the lines in which a double is in place: its test, or the whole file where others may get it."""
        functions = nodes_of(self._file.nodes, ast.FunctionDef, ast.AsyncFunctionDef)
        around = [each for each in functions if _first_line(each) <= key.lineno <= (each.end_lineno or 0)]
        first = min(around, key=_first_line, default=None)
        if first is None or any("fixture" in ast.unparse(each) for each in first.decorator_list):
            return 0, len(self._file.source.starts) + 1
        return _first_line(first), first.end_lineno or first.lineno


def _left(file: File, trace: Trace) -> Iterator[tuple[int, str]]:
    """Yield the line and the key where something is read that is not certain to be a record."""
    for node in nodes_of(file.nodes, ast.Subscript, ast.Call):
        match node:
            case ast.Subscript(slice=ast.Constant(value=str(spelling)) as key):
                pass
            case ast.Call(func=ast.Attribute(attr="get" | "pop"), args=[ast.Constant(value=str(spelling)) as key, *_]):
                pass
            case _:
                continue
        value = trace.keys.get(key)
        if not isinstance(value, Held) or trace.refused.get(key) or trace.doubt_of(value):
            yield key.lineno, spelling


def _first_line(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([function.lineno, *(each.lineno for each in function.decorator_list)])
