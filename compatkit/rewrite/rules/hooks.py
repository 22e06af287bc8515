"""Report, or shorten, methods of subclasses that the v2 library can no longer call."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compatkit.migration import HookChange
from compatkit.migration.changes import Parameters
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.facts import CallFacts
from compatkit.rewrite.rules.respell import ChangedUse

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Hooks:
    """Visits the hooks that classes of the file define, and those of mixins that such a class takes on."""

    def __init__(self, facts: CallFacts) -> None:
        self._facts = facts
        self._source = facts.file.source
        self.findings: list[Finding] = []

    def uses(self) -> Iterator[ChangedUse]:
        if not self._facts.index.hooks:
            return
        seen: set[ast.AST] = set()
        for owner, base in self._facts.trace.bases.items():
            for node in (owner, *self._facts.trace.ancestors.get(owner, ())):
                if isinstance(node, ast.ClassDef) and node not in seen:
                    seen.add(node)
                    yield from self._in_class(node, base)
        mixed = dict(self._facts.file.neighbours.mixed)
        for node in self._facts.file.nodes.of(ast.ClassDef) if mixed else ():
            if node not in seen and (base := mixed.get(node.name, "")):
                yield from self._in_class(node, base, "its class is a mixin, which may be used elsewhere as well")

    def _in_class(self, owner: ast.ClassDef, base: str, doubt: str = "") -> Iterator[ChangedUse]:
        for item in owner.body:
            if not isinstance(item, _Function):
                continue
            hook = self._facts.index.hooks.get(f"{base}.{item.name}")
            if hook is None or fits_hook(item, hook) or self._facts.file.ignored.holds(item.lineno, hook.code):
                continue
            use = ChangedUse(ast.Name(id=item.name, lineno=item.lineno, col_offset=item.col_offset), hook.code, "")
            use.message = _message(owner, item, hook)
            if reason := doubt or self._doubt(item, hook):
                self.findings.append(use.finding(self._source, reason))
            else:
                use.edits.append(self._without_trailing(item, hook))
                yield use

    def _doubt(self, item: _Function, hook: HookChange) -> str:
        """Return why its parameters are not shortened to those that v2 passes."""
        gone = _positional(item)[1 + len(hook.v2) :]
        if hook.v1[: len(hook.v2)] != hook.v2 or not gone:
            return "its parameters have another order or other names now"
        if item.args.vararg or item.args.kwonlyargs or item.args.kwarg or item.args.defaults:
            return "it has parameters with defaults, or takes any"
        names = {arg.arg for arg in gone}
        used = [node.id for node in ast.walk(item) if isinstance(node, ast.Name) and node.id in names]
        if used:
            return f"it uses {used[0]}, which v2 does not pass"
        if any(node.attr == item.name for node in self._facts.file.nodes.of(ast.Attribute)):
            return "it is also called by its name in this file"
        if hook.about.confidence not in ("safe", self._facts.options.confidence):
            return "made with --confidence review"
        edit = self._without_trailing(item, hook)
        if "#" in self._source.text[edit.start : edit.end]:
            return "a comment would be lost"
        return ""

    def _without_trailing(self, item: _Function, hook: HookChange) -> Edit:
        """Take out the parameters behind those that v2 passes, with the comma before each."""
        positional = _positional(item)
        kept, last = positional[len(hook.v2)], positional[-1]
        return Edit(self._end(kept), self._end(last), "")

    def _end(self, arg: ast.arg) -> int:
        assert arg.end_lineno is not None
        assert arg.end_col_offset is not None
        return self._source.offset(arg.end_lineno, arg.end_col_offset)


def fits_hook(item: _Function, hook: HookChange) -> bool:
    """Tell whether v2 can call it: by position, and by name."""
    if any(
        isinstance(decorator, ast.Name) and decorator.id in ("staticmethod", "classmethod")
        for decorator in item.decorator_list
    ):
        return True
    positional = [arg.arg for arg in _positional(item)][1:]
    by_name = zip(item.args.kwonlyargs, item.args.kw_defaults, strict=True)
    named = tuple(arg.arg for arg, default in by_name if default is None)
    required = max(len(positional) - len(item.args.defaults), 0)
    taken = Parameters(tuple(positional), required, named, takes_any=item.args.vararg is not None)
    return hook.old_names(taken) is None


def _positional(item: _Function) -> list[ast.arg]:
    return [*item.args.posonlyargs, *item.args.args]


def _message(owner: ast.ClassDef, item: _Function, hook: HookChange) -> str:
    gone = f", without {', '.join(hook.gone)}" if hook.gone else ""
    gone += "".join(f", {row.v1} is {row.v2}" for row in hook.rename)
    say = f"; {hook.say}" if hook.say else ""
    return f"{owner.name}.{item.name}: v2 calls it as {item.name}({hook.taken}){gone}{say}"
