"""Rewrite v1 keys that are looked up in a value which is certainly a record.

A record accepts either spelling, so each key can be rewritten by itself. The keys of a plain dict stay, also of one
that was made from a record.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from compatkit.migration import Field, Migration
from compatkit.rewrite.edit.edit import Edit, Found
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.tree import nodes_of, start_of
from compatkit.rewrite.flow.declared_names import DeclaredNames
from compatkit.rewrite.flow.flow_facts import FlowFacts, Key, spelling_of
from compatkit.rewrite.flow.values import RecordValue, element
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.run_plan import RunPlan

_LITERAL = re.compile(r"""[rRuU]?(?P<quotes>'''|\"\"\"|'|")""")
_PLAIN = re.compile(r"[^'\"\\{}\x00-\x1f]+")


class DictsOfMocks:
    """Answers which dicts that mocks hand out keep a spelling, in one file.

    What is patched is never certain to be a record in the same file, so that its readers there stay in any case.
    """

    def __init__(self, file: File, trace: FlowFacts, *, are_made: bool) -> None:
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
        around = [
            function for function in functions if _first_line(function) <= key.lineno <= (function.end_lineno or 0)
        ]
        first = min(around, key=_first_line, default=None)
        is_fixture = first and any("fixture" in ast.unparse(decorator) for decorator in first.decorator_list)
        if first is None or is_fixture or not first.name.startswith("test"):
            # What a double's own method gives, too, is read wherever the double is in place.
            return 0, len(self._file.source.starts) + 1
        return _first_line(first), first.end_lineno or first.lineno


def _left(file: File, trace: FlowFacts) -> Iterator[tuple[int, str]]:
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
        if not isinstance(value, RecordValue) or trace.refused.get(key) or trace.doubt_of(value):
            yield key.lineno, spelling


def _first_line(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])


def may_have_fields(file: File, known: DeclaredNames, migrations: Sequence[Migration]) -> bool:
    """Tell whether a file mentions both a v1 spelling and something that leads to a record."""
    text = file.source.text
    has_field = any(field.v1 in text for migration in migrations for field in migration.fields)
    return (has_field or bool(known.objects)) and any(name in text for name in known.last_names)


def fields_in(file: File, run: RunPlan, trace: FlowFacts) -> Found:
    """Return the v1 keys of records that `trace` shows, each to be spelled as in v2, and those that may be of one."""
    found = _Spellings(file, run, trace)
    for node, value in trace.keys.items():
        if isinstance(value, RecordValue) and value.is_record:
            found.add(node, value)
    found.add_foreign()
    found.add_stand_ins()
    return found.result()


class _Spellings:
    """Collects the places; `_tables` are the fields of each migration, by v1 spelling."""

    def __init__(self, file: File, run: RunPlan, trace: FlowFacts) -> None:
        self._file = file
        self._doubles = DictsOfMocks(file, trace, are_made=run.options.confidence == "review")
        self._source = file.source
        self._trace = trace
        self._tables: list[Mapping[str, Field]] = [
            {} if migration.has_objects else {field.v1: field for field in migration.fields}
            for migration in run.migrations
        ]
        self._in_strings: dict[ast.JoinedStr, list[ast.Constant]] = {}
        self._pass = Found()

    def add(self, node: Key, value: RecordValue) -> None:
        field = self._field(node, value)
        if field is None:
            return
        if reason := self._trace.refused.get(node) or self._trace.doubt_of(value):
            self._report(node, field, reason)
        elif isinstance(node, ast.keyword):
            start = self._source.offset(node.lineno, node.col_offset)
            self._change(node, field, start)
        elif isinstance(node, ast.Constant) and (string := self._file.in_fstring(node)):
            self._in_strings.setdefault(string, []).append(node)
        else:
            self._literal(node, field)

    def add_foreign(self) -> None:
        """Report plain dicts that are put among records."""
        for display, value in self._trace.foreign.items():
            record = element(value)
            for key in display.keys:
                if key is not None and isinstance(record, RecordValue) and (field := self._field(key, record)):
                    self._report(key, field, "a plain dict is put among the records here, and stays as it is")

    def add_stand_ins(self) -> None:
        """Spell plain dicts that a mock hands out as the code does that reads them now, or report them."""
        for node, value in self._trace.stand_ins.items():
            if not isinstance(value, RecordValue) or (field := self._field(node, value)) is None:
                continue
            if reason := self._doubles.why_kept(node, field.v1):
                self._report(node, field, reason)
            else:
                self.add(node, value)

    def result(self) -> Found:
        for string, found in self._in_strings.items():
            self._in_string(string, found)
        self._pass.changes.sort(key=lambda change: change.start)
        return self._pass

    def _field(self, node: Key, value: RecordValue) -> Field | None:
        spelling = spelling_of(node)
        return None if spelling is None else self._tables[value.table].get(spelling)

    def _literal(self, node: ast.expr, field: Field) -> None:
        start = self._source.offset(node.lineno, node.col_offset)
        end = self._source.offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
        text = self._source.text[start:end]
        opening = _LITERAL.match(text)
        if opening is None or text[opening.end() :] != field.v1 + opening["quotes"] or not _PLAIN.fullmatch(field.v2):
            self._report(node, field, "the key is not written as one plain string")
            return
        self._change(node, field, start + opening.end())

    def _in_string(self, string: ast.JoinedStr, found: list[ast.Constant]) -> None:
        """Rewrite keys inside an f-string, where `ast` does not tell places before Python 3.12.

        Only if each quoted v1 spelling in it is one of these keys: then it does not matter which is which.
        """
        start = self._source.offset(string.lineno, string.col_offset)
        end = self._source.offset(string.end_lineno or string.lineno, string.end_col_offset or string.col_offset)
        by_spelling: dict[str, list[ast.Constant]] = {}
        for node in found:
            by_spelling.setdefault(str(node.value), []).append(node)
        for spelling, nodes in by_spelling.items():
            field = next(table[spelling] for table in self._tables if spelling in table)
            quoted = list(re.finditer(rf"(['\"])({re.escape(spelling)})\1", self._source.text[start:end]))
            others = [node for node in _constants(string, spelling) if node not in nodes]
            if len(quoted) == len(nodes) and not others and _PLAIN.fullmatch(field.v2):
                for place in quoted:
                    self._change(string, field, start + place.start(2))
            else:
                self._report(string, field, "the f-string has the same word in another place, too")

    def _change(self, node: Key, field: Field, start: int) -> None:
        if self._source.text[start : start + len(field.v1)] != field.v1:
            self._report(node, field, "its place in the text is not clear")
            return
        at = start_of(self._source, node)
        message = f"{field.v1!r} -> {field.v2!r}"
        self._pass.changes.append(Edit(start, start + len(field.v1), field.v2, field.code, at, message))

    def _report(self, node: Key, field: Field, reason: str) -> None:
        place: Key = self._file.in_fstring(node) or node if isinstance(node, ast.expr) else node
        column = self._source.column(place.lineno, place.col_offset)
        message = f"{field.v1!r} is {field.v2!r} in a v2 record; not rewritten: {reason}"
        finding = Finding(field.code, place.lineno, column, message)
        if finding not in self._pass.findings:
            self._pass.findings.append(finding)


def _constants(string: ast.JoinedStr, spelling: str) -> Iterator[ast.Constant]:
    """Yield the string constants with this value in the expressions of an f-string, which its own text is not."""
    own = {id(value) for part in ast.walk(string) if isinstance(part, ast.JoinedStr) for value in part.values}
    for node in ast.walk(string):
        if isinstance(node, ast.Constant) and node.value == spelling and id(node) not in own:
            yield node
