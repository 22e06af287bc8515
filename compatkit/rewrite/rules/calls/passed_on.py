"""Report arguments that reach a changed callable indirectly, where they cannot be rewritten."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import partial

from compatkit.migration import CallChange
from compatkit.rewrite.flow.values import TOP, Local, Named, is_unknown
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.facts import CallFacts
from compatkit.rewrite.rules.calls.plan import Circumstances, plan_call
from compatkit.rewrite.rules.calls.spreads import read_spread


class PassedOn:
    """Adds to the findings of a file what is passed on in it."""

    def __init__(self, facts: CallFacts, findings: list[Finding]) -> None:
        self._file = facts.file
        self._source = facts.file.source
        self._trace = facts.trace
        self._index = facts.index
        self._ignored = facts.file.ignored
        self._findings = findings

    def report(self, call: ast.Call, name: str, reason: str) -> None:
        """Report arguments that reach a callable by a way on which they cannot be changed here."""
        for change in self._index.calls_of(name.removesuffix(".__init__")) if name else ():
            planned, doubts = plan_call(
                call,
                [change],
                Circumstances(
                    name_of=self._file.import_of,
                    value_of=self._file.value_of,
                    unspelled=self._file.neighbours.unspelled,
                    read=partial(read_spread, self._file),
                ),
            )
            if (planned.steps or doubts) and not self._ignored.holds(call.lineno, change.code):
                column = self._source.column(call.lineno, call.col_offset)
                message = f"{name}: {'; '.join(planned.steps) or doubts[0].reason}; not rewritten: {reason}"
                self._findings.append(Finding(change.code, call.lineno, column, message))

    def uncalled(self, node: ast.expr, name: str, changes: Sequence[CallChange]) -> None:
        """Report a function that others will call, with a default that is another one now."""
        for change in changes:
            if (change.pin or change.add) and not (change.asked or change.to or name.rpartition(".")[2][:1].isupper()):
                call = ast.Call(func=node, args=[], keywords=[], lineno=node.lineno, col_offset=node.col_offset)
                reason = "it is not called here, so that it is not known with which arguments it will be"
                self.report(call, name, reason)
                return

    def beside(self, call: ast.Call, callee: object) -> None:
        """Report a changed callable that is given to a call together with arguments for it."""
        if isinstance(callee, Named) and self._index.calls_of(callee.name):
            return
        for number, arg in enumerate(call.args):
            words = [word for word in call.keywords if word.value is not arg]
            for part in _items(arg):
                self._handed_with(call, part, _given(call.args[number + 1 :], words))
        for word in call.keywords:
            for part in _items(word.value):
                self._handed_with(call, part, _given([], [other for other in call.keywords if other is not word]))

    def out_of_sight(self) -> None:
        """Report arguments of a changed callable that go to what is not known, where one goes out of sight."""
        said = {finding.line for finding in self._findings}
        # As a parser of command lines defines them, whose result is spread.
        texts = (node.value for node in self._file.nodes.of(ast.Constant) if self._trace.lost_callables)
        options = {text[2:].replace("-", "_") for text in texts if isinstance(text, str) and text.startswith("--")}
        for name, line in self._trace.lost_callables.items():
            asked = {word for change in self._index.calls_of(name) if not change.to for word in change.asked}
            for call, callee in self._trace.callees.items() if asked else ():
                words = [word for word in call.keywords if word.arg in asked]
                words += [
                    _named(name, word) for name in sorted(asked & options) for word in call.keywords if word.arg is None
                ]
                if words and call.lineno not in said and _passes_on(callee) and not self._is_own(call.func):
                    self.report(with_arguments(call, [], words), name, f"it may be what line {line} hands on")

    def _is_own(self, func: ast.expr) -> bool:
        """Tell whether a name stands for one of two classes or functions that this file defines."""
        value = self._file.value_of(func)
        if not isinstance(value, ast.IfExp):
            return False
        for part in (value.body, value.orelse):
            scope = self._file.scope_of(part)
            bound = self._file.scopes.bindings(part.id, scope) if scope and isinstance(part, ast.Name) else []
            if not bound or not all(isinstance(ref.node, ast.ClassDef | ast.FunctionDef) for ref in bound):
                return False
        return True

    def _handed_with(self, call: ast.Call, arg: ast.expr, given: Sequence[ast.keyword]) -> None:
        value = self._trace.names.get(arg)
        if not isinstance(value, Named) or value.how or not given:
            return
        for one in value.candidates():
            asked = {name for change in self._index.calls_of(one.name) if not change.to for name in change.asked}
            keywords = [word for word in given if word.arg in asked]
            if keywords:
                self.report(with_arguments(call, [], keywords), one.name, "it is handed on with these arguments")


def with_arguments(call: ast.Call, args: list[ast.expr], keywords: list[ast.keyword]) -> ast.Call:
    """Return a call at the same place with other arguments."""
    return ast.copy_location(ast.Call(func=call.func, args=args, keywords=keywords), call)


def _given(behind: Sequence[ast.expr], words: Sequence[ast.keyword]) -> list[ast.keyword]:
    """Return the arguments by name, and those in what is written out among the arguments."""
    return [*words, *(word for part in (*behind, *(keyword.value for keyword in words)) for word in _written_in(part))]


def _items(node: ast.expr) -> list[ast.expr]:
    """Return what is given: of a list that is written out, its items, as in `args=(press,)`."""
    return node.elts if isinstance(node, ast.List | ast.Tuple) else [node]


def _written_in(node: ast.expr) -> Iterator[ast.keyword]:
    """Yield what a dict display holds, as keywords."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield ast.keyword(arg=key.value, value=value, lineno=key.lineno, col_offset=key.col_offset)


def _passes_on(callee: object) -> bool:
    """Tell whether nothing is known of a callable, or only that it takes any keywords."""
    if isinstance(callee, Local):
        return callee.takes_any_keyword
    return callee is TOP or (isinstance(callee, Named) and is_unknown(callee))


def _named(name: str, spread: ast.keyword) -> ast.keyword:
    """Return an argument of this name in the place of a mapping that is spread."""
    return ast.copy_location(ast.keyword(name, spread.value), spread)
