"""Records that are objects in v2, and no mappings: `r["v1"]` becomes `r.v2`; what else asks a dict is reported.

That is so where a migration names the class of v2's records: such a record takes no key without the shim, renamed or
not, so that every key that is asked of one counts.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from keyword import iskeyword
from typing import NamedTuple

from compatkit.rewrite.edit.edit import Edit, Found
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.tree import span, start_of
from compatkit.rewrite.flow.flow_facts import FlowFacts, spelling_of
from compatkit.rewrite.flow.values import TOP, Named, RecordValue
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.run_plan import RunPlan

_OPENS = re.compile(r"[\s)]*(\[\s*)")
_CLOSES = re.compile(r"\s*\]")
_CALLS = re.compile(r"\s*\(\s*")
_ENDS = re.compile(r"\s*,?\s*\)")
# What a call of these does with a record, it does with a dict only.
_OF_DICTS = frozenset({"dict", "enumerate", "iter", "len", "list", "set", "sorted", "tuple"})
# Methods whose first argument is a key are met as that key.
_METHODS = frozenset(dir(dict)) - frozenset(dir(object)) - {"get", "pop", "setdefault"}

_ROWS = frozenset({"writerow", "writerows"})
_WRITERS = frozenset({"json.dump", "json.dumps", "orjson.dumps", "yaml.dump", "yaml.safe_dump"})
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_OF_KEYS = frozenset({"KeyError", "LookupError"})
_CATCH_ALL = frozenset({"", "AttributeError", "Exception", "BaseException"})
_AWAITING = frozenset({"suppress", "raises", "assertRaises", "assertRaisesRegex"})


class _Asked(NamedTuple):
    """A key that is asked of a record, and the attribute that it is in v2."""

    node: ast.expr | ast.keyword
    code: str
    spelling: str
    name: str


class Objects:
    """Collects the places of one file; `migrations` are those of the trace, by their number there."""

    def __init__(self, file: File, run: RunPlan, trace: FlowFacts) -> None:
        migrations = run.migrations
        self._file = file
        self._source = file.source
        self._trace = trace
        self._tables = {
            number: {field.v1: (field.code, field.v2) for field in migration.fields}
            for number, migration in enumerate(migrations)
            if migration.has_objects
        }
        self._codes = {number: migrations[number].producers[0].code for number in self._tables}
        self._parents = file.parents
        self._in_strings: dict[ast.JoinedStr, list[_Asked]] = {}
        self._pass = Found()

    def found(self) -> Found:
        for node, value in self._trace.keys.items():
            if isinstance(value, RecordValue) and value.is_record and value.table in self._tables:
                self._key(node, value)
        self._out_of_sight()
        for string, asked in self._in_strings.items():
            self._in_string(string, asked)
        for node, value in self._trace.stand_ins.items():
            if isinstance(value, RecordValue) and value.table in self._tables:
                what = "what this makes, a dict perhaps" if isinstance(node, ast.Call) else "this dict"
                message = f"a mock hands out {what}, and a v2 record is an object"
                self._report(node, self._codes[value.table], message)
        for node, held in self._trace.records.items():
            if held.table in self._tables and (use := self._use_of_a_dict(node)):
                self._report(node, self._codes[held.table], f"a v2 record is not a dict: {use}")
        for call, value in self._trace.first.items():
            is_writing = _writes_dicts(self._trace.callees.get(call)) or _last(call.func) in _ROWS
            if isinstance(value, RecordValue) and value.table in self._tables and is_writing:
                self._report(
                    call.args[0], self._codes[value.table], "a v2 record is not a dict: it has no form in a text"
                )
        for node, held in self._trace.handed.items():
            if held.table in self._tables and not self._is_reported(node):
                message = "v2 records are given to code that is not seen here; it must not ask them as dicts"
                if isinstance(self._parents.get(node), ast.Compare):
                    message = "a v2 record is not a dict, and equals none"
                elif self._is_shown(node):
                    message = "a v2 record is not a dict: its text is another"
                self._report(node, self._codes[held.table], message)
        self._pass.changes.sort(key=lambda change: change.start)
        return self._pass

    def _out_of_sight(self) -> None:
        """Report keys that are asked of what is not known, where this file gives records out of sight."""
        for node, value in self._trace.keys.items() if self._trace.lost_records else ():
            for table, line in self._trace.lost_records.items() if value is TOP else ():
                spelling = spelling_of(node)
                if table in self._tables and spelling in self._tables[table]:
                    code, name = self._tables[table][spelling]
                    said = _message(spelling, name)
                    self._report(node, code, f"{said}; not rewritten: it may be asked of what line {line} hands on")

    def _key(self, node: ast.expr | ast.keyword, value: RecordValue) -> None:
        spelling = spelling_of(node)
        if spelling is None:
            self._report(node, self._codes[value.table], "a v2 record takes no keys, and this one is not written out")
            return
        code, name = self._tables[value.table].get(spelling, (self._codes[value.table], spelling))
        if reason := self._trace.doubt_of(value) or ("" if _is_name(name) else "an attribute cannot be called so"):
            self._report(node, code, f"{_message(spelling, name)}; not rewritten: {reason}")
            return
        asked = _Asked(node, code, spelling, name)
        if not self._caught(node) and (string := self._file.in_fstring(node)) and self._is_read(node):
            self._in_strings.setdefault(string, []).append(asked)
        elif caught := self._caught(node):
            self._leave(asked, f"an attribute that is missing raises AttributeError, and {caught} is awaited here")
        elif place := self._place(node):
            is_called = self._source.text[place[0]] != "["
            self._change(asked, place, name if is_called else f".{name}")
        else:
            self._leave(asked, "only `r[…]` and `r.get(…)`, which read one key, have a form for an object")

    def _in_string(self, string: ast.JoinedStr, found: Sequence[_Asked]) -> None:
        """Rewrite keys inside an f-string, where nothing tells places before Python 3.12.

        Only if each quoted spelling in brackets in it is one of these keys: then it does not matter which is which.
        """
        start, end = span(self._source, string)
        for spelling in dict.fromkeys(asked.spelling for asked in found):
            own = [asked for asked in found if asked.spelling == spelling]
            bracketed = re.compile(rf"\[\s*(['\"]){re.escape(spelling)}\1\s*\]")
            places = list(bracketed.finditer(self._source.text, start, end))
            same = [n for n in ast.walk(string) if isinstance(n, ast.Constant) and n.value == spelling]
            if shows_itself(string, spelling):
                self._leave(own[0], "the f-string shows it as it is written")
            elif len(places) == len(own) == len(same):
                for asked, place in zip(own, places, strict=True):
                    self._change(asked, place.span(), f".{asked.name}")
            else:
                self._leave(own[0], "the f-string has the same word in another place, too")

    def _change(self, asked: _Asked, place: tuple[int, int], text: str) -> None:
        node = self._file.in_fstring(asked.node) or asked.node
        at = start_of(self._source, node)
        message = f"{asked.spelling!r} -> .{asked.name}"
        self._pass.changes.append(Edit(*place, text, asked.code, at, message, binds_the_same=True))

    def _leave(self, asked: _Asked, reason: str) -> None:
        self._report(asked.node, asked.code, f"{_message(asked.spelling, asked.name)}; not rewritten: {reason}")

    def _is_read(self, key: ast.expr | ast.keyword) -> bool:
        parent = self._parents.get(key)
        return isinstance(parent, ast.Subscript) and parent.slice is key and isinstance(parent.ctx, ast.Load)

    def _place(self, key: ast.expr | ast.keyword) -> tuple[int, int] | None:
        """Return where the brackets around a key stand, or the `get` that is called with it."""
        parent = self._parents.get(key)
        if self._file.in_fstring(key):
            return None
        if isinstance(parent, ast.Subscript) and self._is_read(key):
            return self._brackets(parent)
        if isinstance(parent, ast.Call) and parent.args == [key] and not parent.keywords:
            return self._getting(parent)
        return None

    def _caught(self, key: ast.expr | ast.keyword) -> str:
        """Return the error that the code around awaits where a key is missing, if it does not await any other."""
        child: ast.AST = key
        while (parent := self._parents.get(child)) and not isinstance(parent, _SCOPES):
            awaited = _awaited(parent, child)
            if awaited & _CATCH_ALL:
                return ""
            if found := awaited & _OF_KEYS:
                return min(found)
            child = parent
        return ""

    def _brackets(self, node: ast.Subscript) -> tuple[int, int] | None:
        text, end = self._source.text, span(self._source, node)[1]
        start, stop = span(self._source, node.slice)
        opening = _OPENS.fullmatch(text, span(self._source, node.value)[1], start)
        if opening is None or _CLOSES.fullmatch(text, stop, end) is None:
            return None
        return opening.start(1), end

    def _getting(self, node: ast.Call) -> tuple[int, int] | None:
        if not isinstance(node.func, ast.Attribute) or node.func.attr != "get":
            return None
        text, end = self._source.text, span(self._source, node)[1]
        _, after = span(self._source, node.func)
        start, stop = span(self._source, node.args[0])
        is_plain = text[after - 3 : after] == "get" and _CALLS.fullmatch(text, after, start)
        return (after - 3, end) if is_plain and _ENDS.fullmatch(text, stop, end) else None

    def _use_of_a_dict(self, node: ast.expr) -> str:
        """Say what the place around a record does with it that only a dict takes, or nothing."""
        match self._parents.get(node):
            case ast.Attribute(attr=attr) if attr in _METHODS:
                return f"it has no `{attr}`"
            case ast.keyword(arg=None) | ast.Dict():
                spreads = self._parents[node]
                is_spread = isinstance(spreads, ast.keyword) or _is_spread(spreads, node)
                return "it cannot be spread" if is_spread else ""
            case ast.For(iter=iterable) | ast.comprehension(iter=iterable) if iterable is node:
                return "it cannot be iterated over"
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) if first is node and name in _OF_DICTS:
                return f"`{name}` does not take it"
            case ast.BinOp(op=ast.Mod(), right=right) if right is node:
                return "`%` finds no keys in it"
            case ast.BinOp(op=ast.BitOr()):
                return "it cannot be merged"
            case ast.Call(func=ast.Name(id="isinstance"), args=[first, kind]) if first is node and _is_of_dicts(kind):
                return "it is an instance of its own class"
            case ast.Compare(ops=[ast.Eq() | ast.NotEq()], left=left, comparators=[right]) if isinstance(
                right if left is node else left, ast.Dict
            ):
                return "it equals none"
            case ast.Compare(ops=ops, comparators=comparators):
                pairs = zip(ops, comparators, strict=True)
                is_asked = any(isinstance(op, ast.In | ast.NotIn) and other is node for op, other in pairs)
                return "it contains no keys" if is_asked and not self._is_known(node) else ""
        return ""

    def _is_reported(self, node: ast.expr) -> bool:
        place = (node.lineno, self._source.column(node.lineno, node.col_offset))
        return any((finding.line, finding.column) == place for finding in self._pass.findings)

    def _is_shown(self, node: ast.expr) -> bool:
        match self._parents.get(node):
            case ast.FormattedValue():
                return True
            case ast.Call(func=ast.Name(id="format" | "print" | "repr" | "str")):
                return True
        return False

    def _is_known(self, node: ast.expr) -> bool:
        """True where the key that is looked for in a record is met itself."""
        compare = self._parents[node]
        return isinstance(compare, ast.Compare) and compare.left in self._trace.keys

    def _report(self, node: ast.expr | ast.keyword, code: str, message: str) -> None:
        place = self._file.in_fstring(node) or node if isinstance(node, ast.expr) else node
        assert isinstance(place, ast.expr | ast.keyword)
        finding = Finding(code, place.lineno, self._source.column(place.lineno, place.col_offset), message)
        if finding not in self._pass.findings:
            self._pass.findings.append(finding)


def shows_itself(string: ast.JoinedStr, spelling: str) -> bool:
    """Tell whether an f-string has `{r["key"]=}`, which prints the text of the expression as well."""
    texts = (part.value for part in string.values if isinstance(part, ast.Constant))
    written = re.compile(rf"\[\s*(['\"]){re.escape(spelling)}\1\s*\].*=\s*\Z", re.DOTALL)
    return any(isinstance(text, str) and written.search(text) is not None for text in texts)


def _message(spelling: str, name: str) -> str:
    return f"{spelling!r} is the attribute {name!r} of a v2 record"


def _is_name(name: str) -> bool:
    return name.isidentifier() and not iskeyword(name)


def _is_of_dicts(kind: ast.expr) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(_last(node) in ("Mapping", "MutableMapping", "dict") for node in kinds)


def _is_spread(display: ast.AST | None, node: ast.expr) -> bool:
    return isinstance(display, ast.Dict) and any(
        key is None and value is node for key, value in zip(display.keys, display.values, strict=True)
    )


def _awaited(statement: ast.AST, child: ast.AST) -> frozenset[str]:
    """Return the last parts of the errors that a statement catches from this part of it; "" stands for all."""
    match statement:
        case ast.Try(body=body, handlers=handlers) | ast.TryStar(body=body, handlers=handlers) if child in body:
            kinds = [handler.type for handler in handlers]
        case ast.With(items=items, body=body) if child in body:
            calls = [item.context_expr for item in items if isinstance(item.context_expr, ast.Call)]
            kinds = [kind for call in calls if _last(call.func) in _AWAITING for kind in call.args]
        case _:
            return frozenset()
    flat = [part for kind in kinds for part in (kind.elts if isinstance(kind, ast.Tuple) else [kind])]
    return frozenset(_last(kind) if kind else "" for kind in flat)


def _last(expression: ast.expr) -> str:
    match expression:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return "?"


def _writes_dicts(writer: object) -> bool:
    return isinstance(writer, Named) and writer.name in _WRITERS
