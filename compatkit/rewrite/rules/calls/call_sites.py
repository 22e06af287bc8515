"""Find the uses of changed callables in one file: calls, decorators, annotations and all other references."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from compatkit.migration import CallChange
from compatkit.migration.calling import CHANGED_ARGUMENTS
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.file.file import is_chosen_beside
from compatkit.rewrite.file.tree import dotted, kept_in, span
from compatkit.rewrite.flow.values import ForeignDefinition, Local, Named
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.edits import edit_call, edit_spreads, written
from compatkit.rewrite.rules.calls.facts import CallFacts
from compatkit.rewrite.rules.calls.passed_on import PassedOn, with_arguments
from compatkit.rewrite.rules.calls.plan import SPREAD, Circumstances, Doubt, Planned, advice_of_all, plan_call
from compatkit.rewrite.rules.calls.spreads import given_beside_settings, read_spread, spreads_of, taker_of
from compatkit.rewrite.rules.respell import ChangedUse, Spelling

OTHER_BRANCH = "another branch uses the new form; keep this one for the old release"
_MOST_NAMED = 8
_ASKS_FOR_CLASS = ("builtins.isinstance", "builtins.issubclass")
# What holds an annotation, and in which of its fields.
_ANNOTATED = {
    ast.arg: "annotation",
    ast.AnnAssign: "annotation",
    ast.FunctionDef: "returns",
    ast.AsyncFunctionDef: "returns",
}


class Visitor:
    """Visits what the trace of a file shows; `findings` are complete once all uses were seen."""

    def __init__(self, facts: CallFacts, spelling: Spelling) -> None:
        self._facts = facts
        self._file = facts.file
        self._source = facts.file.source
        self._nodes = facts.file.nodes
        self._trace = facts.trace
        self._index = facts.index
        self._options = facts.options
        self._spelling = spelling
        self._ignored = facts.file.ignored
        self.findings: list[Finding] = []
        self._passed_on = PassedOn(facts, self.findings)

    def uses(self) -> list[ChangedUse]:
        calls = [use for call, callee in self._trace.callees.items() for use in self._call(call, callee)]
        self._passed_on.out_of_sight()
        called = {id(call.func) for call in self._trace.callees}
        return [*calls, *self._references(called), *self._annotations()]

    def _call(self, call: ast.Call, callee: object) -> Iterator[ChangedUse]:
        if made := self._trace.partials.get(call):
            for one in made.candidates() if isinstance(made, Named) and not made.how else ():
                inner = with_arguments(call, call.args[1:], call.keywords)
                self._passed_on.report(inner, one.name, "`functools.partial` may be given more arguments later")
            return
        if isinstance(callee, Named) and callee.how == "type":
            for one in callee.candidates():
                self._passed_on.report(call, one.name, "it is a subclass, made by a call, that is called")
        elif isinstance(callee, Named) and callee.how == "looked up":
            pass
        elif isinstance(callee, Named) and callee.how:
            inner = with_arguments(call, [], call.keywords)
            for one in callee.candidates() if call.keywords else ():
                self._passed_on.report(inner, one.name, "it is called through `functools.partial`")
        elif isinstance(callee, Named):
            for one in callee.candidates():
                yield from self._named(call, one)
        elif isinstance(callee, Local) and isinstance(callee.node, ast.ClassDef) and not _has_init(callee.node):
            base = self._trace.bases.get(callee.node, "")
            kept, fields = self._kept_by(callee.node)
            if callee.node in self._trace.plain and base and kept.isdisjoint(word.arg or "" for word in call.keywords):
                yield from self._subclass(call, base, "it is a subclass that is called")
            else:
                # The positions of a call are those of what lies between, where that is in another file.
                is_far = callee.node in self._trace.far_parents
                words = [word for word in call.keywords if word.arg not in fields]
                given = with_arguments(call, [] if is_far else call.args, words)
                self._passed_on.report(given, base, "it is a subclass that is called")
        elif isinstance(callee, ForeignDefinition) and callee.handed.kind == "class" and callee.handed.sure:
            yield from self._subclass(call, callee.handed.base, "it is a subclass that is called")
        self._passed_on.beside(call, callee)

    def _kept_by(self, owner: ast.ClassDef) -> tuple[set[str], set[str]]:
        """Return what a class defines itself, or one of this file above it, and those fields that `__init__` takes."""
        line = [owner, *self._trace.ancestors.get(owner, ())]
        fields = {
            item.target.id
            for definition in line
            if any(
                ast.unparse(decorator).partition("(")[0].endswith("dataclass")
                for decorator in definition.decorator_list
            )
            for item in definition.body
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
        }
        return {name for definition in line for name in kept_in(definition)}, fields

    def _named(self, call: ast.Call, callee: Named) -> Iterator[ChangedUse]:
        if changes := self._index.calls_of(callee.name):
            yield from self._subject(call, callee, changes)
        elif callee.name.endswith(".__init__"):
            base = callee.name.removesuffix(".__init__")
            if isinstance(call.func, ast.Attribute) and call.func.value in self._trace.supers:
                yield from self._subclass(call, base, "a subclass decides")
            else:
                self._passed_on.report(call, base, "a subclass decides")

    def _subclass(self, call: ast.Call, base: str, reason: str) -> Iterator[ChangedUse]:
        """Change a call that makes an object of a subclass as one of the base, whose import it need not change."""
        changes = self._index.calls_of(base)
        if any(change.to for change in changes):
            self._passed_on.report(call, base, reason)
        elif changes:
            yield from self._subject(call, Named(base), changes)

    def _subject(self, call: ast.Call, callee: Named, changes: Sequence[CallChange]) -> Iterator[ChangedUse]:
        # A row that only tells is none of the calls of a file with a word that makes it uncertain.
        told = [
            change for change in changes if not (change.say and any(map(self._is_written, change.unless_mentioned)))
        ]
        acting = [change for change in told if not self._ignored.holds(call.lineno, change.code)]
        if (given := given_beside_settings(self._facts, call, callee.name)) is not None:
            acting = [change for change in acting if change.to or not change.asked.isdisjoint(given)]
        spreads = spreads_of(self._file, call)
        planned, doubts = plan_call(
            call,
            acting,
            Circumstances(
                self._may_make,
                self._file.import_of,
                self._file.value_of,
                self._is_written,
                self._is_option,
                spreads,
                self._file.neighbours.unspelled,
                partial(read_spread, self._file),
                partial(taker_of, self._file),
            ),
        )
        self.findings += self._doubted_all(call, callee.name, doubts)
        renaming = next((change for change in changes if change.to), None)
        if planned.applied:
            use = ChangedUse(call.func, planned.applied[0].code, self._message(callee.name, planned))
            reason = self._doubt(call, callee, planned.applied) or self._edit(use, call, planned)
            reason = reason or self._spell(use, callee.name, planned.applied)
            if not reason:
                yield use
                return
            # Of a name that moved, the text that loads its module is told.
            if not (renaming and _is_loaded_by_text(call.func)):
                self.findings.append(use.finding(self._source, reason))
        if renaming:
            yield ChangedUse(call.func, renaming.code, callee.name, is_unchanged=True)

    def _is_written(self, word: str) -> bool:
        return word in self._source.text

    def _is_option(self, name: str) -> bool:
        spelled = (f"{quote}--{one}{quote}" for one in (name, name.replace("_", "-")) for quote in "\"'")
        return any(option in self._source.text for option in spelled)

    def _doubt(self, call: ast.Call, callee: Named, applied: Sequence[CallChange]) -> str:
        if not callee.sure and not callee.is_declared:
            return "it may be a call of something else, too"
        if callee.is_declared and self._options.confidence != "review":
            return "an annotation says so, and a subclass may be given; made with --confidence review"
        if self._file.in_fstring(call):
            return "it stands in an f-string"
        if is_chosen_beside(self._file, call, self._in_new_form(call, callee, applied)):
            return OTHER_BRANCH
        words = [word for change in applied for word in change.unless_mentioned if word in self._source.text]
        return f"this file mentions {words[0]}, with which the result may differ" if words else ""

    def _in_new_form(self, call: ast.Call, callee: Named, applied: Sequence[CallChange]) -> list[ast.AST]:
        """Return what uses the new name, or calls the same with arguments that are new."""
        found = [node for change in applied if change.to for node in self._file.mentions(change.to)]
        new = {renamed.v2 for change in applied for renamed in change.rename}
        new |= {setting.name for change in applied for setting in (*change.add, *change.pin)}
        for other, called in self._trace.callees.items():
            is_same = isinstance(called, Named) and called.name == callee.name and other is not call
            if is_same and any(word.arg in new for word in other.keywords):
                found.append(other)
        return found

    def _edit(self, use: ChangedUse, call: ast.Call, planned: Planned) -> str:
        """Add the edits of its arguments to `use`; returns why that is not possible."""
        edits = edit_call(self._source, call, planned)
        if isinstance(edits, str):
            return edits
        within = edit_spreads(self._file, planned)
        if isinstance(within, str):
            return within
        use.edits += [*edits, *within]
        return ""

    def _spell(self, use: ChangedUse, name: str, applied: Sequence[CallChange]) -> str:
        to = next((change.to for change in applied if change.to), "")
        if not to:
            return ""
        spelled = self._spelling.spell(use.node, name, to)
        if isinstance(spelled, str):
            return spelled
        use.spelled = spelled
        if spelled.edit:
            use.edits.append(spelled.edit)
        return ""

    def _references(self, called: set[int]) -> Iterator[ChangedUse]:
        decorators = {id(decorator) for node in self._nodes for decorator in getattr(node, "decorator_list", ())}
        asked = {*self._class_questions(), *(id(part) for part in self._annotated())}
        passed = set(self._given_to_calls())
        for node, value in self._trace.names.items():
            if not isinstance(value, Named) or id(node) in called or value.how:
                continue
            changes = self._index.calls_of(value.name)
            change = next((candidate for candidate in changes if candidate.to), None)
            if change is None or self._is_bare_import(node):
                if id(node) in passed:
                    self._passed_on.uncalled(node, value.name, changes)
                continue
            use = ChangedUse(node, change.code, f"{value.name} -> {change.to}")
            role = "asked" if id(node) in asked else "decorator" if id(node) in decorators else ""
            if reason := self._refer(use, (value.sure, value.name, change), role):
                use.is_unchanged = True
                if not self._ignored.holds(node.lineno, change.code):
                    self.findings.append(use.finding(self._source, reason))
            yield use

    def _refer(self, use: ChangedUse, changed: tuple[bool, str, CallChange], role: str) -> str:
        is_sure, name, change = changed
        if not is_sure:
            return "it may be something else, too"
        if self._ignored.holds(use.node.lineno, change.code):
            return "it is to be left alone"
        if is_chosen_beside(self._file, use.node, self._file.mentions(change.to or "")):
            return OTHER_BRANCH
        if not self._may_make(change):
            return change.about.reason or "it asks for a person's eye"
        if role == "asked":
            return self._spell(use, name, [change])
        if not (role == "decorator" and change.decorator):
            return "it is not called here, so that it is not known with which arguments it will be"
        call = ast.Call(func=use.node, args=[], keywords=[])
        planned, doubts = plan_call(call, [change], Circumstances(self._may_make))
        if doubts or (reason := self._spell(use, name, [change])):
            return doubts[0].reason if doubts else reason
        start, end = span(self._source, use.node)
        spelled = use.edits.pop().text if use.edits else self._source.text[start:end]
        use.edits.append(Edit(start, end, f"{spelled}({written(planned.items)})"))
        use.message = self._message(name, planned)
        return ""

    def _annotations(self) -> Iterator[ChangedUse]:
        """Yield annotations, which mean a class and do not call it."""
        for part in self._annotated():
            if part in self._trace.names or not (name := self._file.import_of(part)):
                continue
            change = next((candidate for candidate in self._index.calls_of(name) if candidate.to), None)
            if change is not None:
                yield from self._annotation(part, name, change)

    def _annotated(self) -> Iterator[ast.expr]:
        for node in self._nodes:
            annotation = getattr(node, _ANNOTATED[type(node)]) if type(node) in _ANNOTATED else None
            yield from _dotted_parts(annotation) if annotation is not None else ()

    def _annotation(self, node: ast.expr, name: str, change: CallChange) -> Iterator[ChangedUse]:
        use = ChangedUse(node, change.code, f"{name} -> {change.to}")
        is_ignored = self._ignored.holds(node.lineno, change.code)
        if is_ignored or not self._may_make(change) or (reason := self._spell(use, name, [change])):
            use.is_unchanged = True
            if not is_ignored:
                text = reason if self._may_make(change) else change.about.reason
                self.findings.append(use.finding(self._source, text))
        yield use

    def _class_questions(self) -> Iterator[int]:
        for call, callee in self._trace.callees.items():
            if isinstance(callee, Named) and callee.name in _ASKS_FOR_CLASS and len(call.args) == 2:
                classes = call.args[1]
                yield from map(id, classes.elts if isinstance(classes, ast.Tuple) else [classes])

    def _given_to_calls(self) -> Iterator[int]:
        """Yield what is handed to a call; of a partial, its call tells."""
        for call in self._trace.callees:
            if call not in self._trace.partials:
                yield from map(id, (*call.args, *(word.value for word in call.keywords)))

    def _is_bare_import(self, node: ast.expr) -> bool:
        return not isinstance(getattr(node, "ctx", None), ast.Load) or not dotted(node)

    def _may_make(self, change: CallChange) -> bool:
        return change.about.confidence == "safe" or self._options.confidence == change.about.confidence

    def _message(self, name: str, planned: Planned) -> str:
        to = next((change.to for change in planned.applied if change.to), "")
        return "; ".join([f"{name} -> {to}" if to else name.rpartition(".")[2], *planned.steps])

    def _doubted_all(self, call: ast.Call, name: str, doubts: Sequence[Doubt]) -> Iterator[Finding]:
        """Yield a finding for each doubt; of what is spread, one names all arguments that may be in it."""
        spread = [doubt for doubt in doubts if doubt.reason == SPREAD and not (doubt.is_said or doubt.change.to)]
        asked = frozenset[str]().union(*(doubt.change.asked for doubt in spread))
        advised = advice_of_all(doubts)
        for doubt in doubts:
            first, advice = advised.get(doubt.reason, (None, "")) if not doubt.is_said else (None, "")
            if first:
                if doubt is first:
                    told = self._doubted(call, name, doubt)
                    yield replace(told, message=f"{told.message} ({advice})") if advice else told
            elif doubt not in spread or len(spread) == 1 or not asked:
                yield self._doubted(call, name, doubt)
            elif doubt is spread[0]:
                names = sorted(asked - self._file.neighbours.unspelled or asked)
                more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
                told = self._doubted(call, name, doubt)
                message = f"{told.message}; {CHANGED_ARGUMENTS}{', '.join(names[:_MOST_NAMED])}{more}"
                yield replace(told, message=message)

    def _doubted(self, call: ast.Call, name: str, doubt: Doubt) -> Finding:
        column = self._source.column(call.lineno, call.col_offset)
        is_manual = doubt.is_said or doubt.change.about.confidence == "manual"
        # Of what is spread, one finding says all.
        what = doubt.change.to or (", ".join(sorted(doubt.change.asked)) if doubt.reason != SPREAD else "")
        about = f"{name}: {what}" if what else name
        reason = doubt.reason + (_hint_of_vars(call) if doubt.reason == SPREAD else "")
        if doubt.is_said:
            given = "".join(f"{word}; " for word in _given_to(call, doubt.change) if word not in reason)
            message = f"{name}: {given}{reason}"
        else:
            message = f"{about}; not rewritten: {reason}"
        return Finding(doubt.change.code, call.lineno, column, message, "manual" if is_manual else "review")


def _given_to(call: ast.Call, change: CallChange) -> list[str]:
    """Return the arguments that a row is about, of those that a call gives."""
    given = {*change.v1[: len(call.args)], *(word.arg for word in call.keywords)}
    return sorted(change.asked & given)


def _dotted_parts(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the longest dotted names in an annotation."""
    pending: list[ast.AST] = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, ast.Name | ast.Attribute) and dotted(part):
            yield part
        else:
            pending += ast.iter_child_nodes(part)


def _has_init(node: ast.ClassDef) -> bool:
    return any(isinstance(item, ast.FunctionDef) and item.name in ("__init__", "__new__") for item in node.body)


def _is_loaded_by_text(node: ast.expr) -> bool:
    """Tell whether a callable is asked of a module that a text names: `import_module("shop").send`."""
    match node:
        case ast.Attribute(value=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[of, *_])):
            return name in ("import_module", "__import__") and isinstance(of, ast.Constant)
        case ast.Attribute(value=ast.Subscript(value=ast.Attribute(attr="modules"), slice=ast.Constant())):
            return True
        case ast.Call(func=ast.Name(id="getattr"), args=[ast.Call(args=[ast.Constant()]) as loaded, ast.Constant()]):
            return _is_loaded_by_text(ast.Attribute(value=loaded, attr=""))
    return False


def _hint_of_vars(call: ast.Call) -> str:
    """Tell where to change what a call spreads of an object, such as the options of a command."""
    for word in call.keywords:
        match word:
            case ast.keyword(arg=None, value=ast.Call(func=ast.Name(id="vars"), args=[given])):
                made = ast.unparse(given)
                return f"; `vars({made})` hands on all attributes of `{made}`: change those where `{made}` is made"
    return ""
