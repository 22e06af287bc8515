"""Rename methods, attributes and enumeration values of objects whose class is known in the file."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import product

from compatkit.migration import MemberChange
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.file.file import is_chosen_beside
from compatkit.rewrite.file.tree import defined_names, kept_in, span
from compatkit.rewrite.flow.values import Named
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.calls.facts import CallFacts
from compatkit.rewrite.rules.members_by_string import message_for, set_names
from compatkit.rewrite.rules.respell import ChangedUse


class Members:
    """Visits the members that the trace shows, and the hooks that classes of the file define."""

    def __init__(self, facts: CallFacts) -> None:
        self._file = facts.file
        self._source = facts.file.source
        self._nodes = facts.file.nodes
        self._trace = facts.trace
        self._index = facts.index
        self._options = facts.options
        self._ignored = facts.file.ignored
        bodies = [_statements(owner.body) for owner in facts.trace.bases if isinstance(owner, ast.ClassDef)]
        self._overridden = {name for body in bodies for item in body for name in defined_names(item)}
        self._overridden |= facts.file.neighbours.overridden
        is_kept = any(member.own for member in facts.index.members.values())
        self._kept = set_names(facts) if is_kept else frozenset[str]()
        self.findings: list[Finding] = []

    def uses(self) -> Iterator[ChangedUse]:
        for node, value in self._trace.names.items():
            for one in value.candidates() if isinstance(value, Named) and isinstance(node, ast.Attribute) else ():
                if isinstance(node, ast.Attribute) and (member := self._index.members.get(one.name)):
                    yield from self._attribute(node, one, member)
        for owner, base in self._trace.bases.items():
            if isinstance(owner, ast.ClassDef):
                for item in _statements(owner.body):
                    yield from self._definition(owner, item, base)
        for mixin, base in self._mixins():
            for item in _statements(mixin.body):
                yield from self._definition(mixin, item, base)
        self._report_patterns()
        self._report_made_classes()

    def _mixins(self) -> Iterator[tuple[ast.ClassDef, str]]:
        """Yield the classes that have no declared base, and that a class with one takes on."""
        seen: set[ast.AST] = set(self._trace.bases)
        for owner, base in self._trace.bases.items():
            for ancestor in self._trace.ancestors.get(owner, ()):
                if isinstance(ancestor, ast.ClassDef) and ancestor not in seen:
                    seen.add(ancestor)
                    yield ancestor, base
        mixed = dict(self._file.neighbours.mixed)
        for node in self._file.nodes.of(ast.ClassDef) if mixed else ():
            if node not in seen and (base := mixed.get(node.name, "")):
                yield node, base

    def _report_patterns(self) -> None:
        """Report class patterns that name a member: on v2 such a pattern matches nothing, and nothing says so."""
        for node in self._file.nodes.of(ast.MatchClass):
            owner = self._file.import_of(node.cls)
            asked = {f"{owner}.{name}" for name in node.kwd_attrs} | self._trace.patterns.get(node, set())
            for name in sorted(asked):
                member = self._index.members.get(name)
                if member and not self._ignored.holds(node.lineno, member.code):
                    column = self._source.column(node.lineno, node.col_offset)
                    message = f"{message_for(name, member)}; not rewritten: a class pattern asks for it"
                    self.findings.append(Finding(member.code, node.lineno, column, message))

    def _report_made_classes(self) -> None:
        """Report a method that the library calls, in the namespace of a class that `type` makes."""
        for call in self._file.nodes.of(ast.Call):
            match call:
                case ast.Call(func=ast.Name(id="type"), args=[_, ast.Tuple(elts=bases), ast.Dict(keys=[*keys]), *_]):
                    for base, key in product(bases, keys):
                        self._made(self._file.import_of(base), key)

    def _made(self, base: str, key: ast.expr | None) -> None:
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            return
        member = self._index.members.get(f"{base}.{key.value}")
        if member and member.defined and not self._ignored.holds(key.lineno, member.code):
            column = self._source.column(key.lineno, key.col_offset)
            message = (
                f"{message_for(f'{base}.{member.v1}', member)}; not rewritten: it is a key of a class that is made"
            )
            self.findings.append(Finding(member.code, key.lineno, column, message))

    def _attribute(self, node: ast.Attribute, value: Named, member: MemberChange) -> Iterator[ChangedUse]:
        if self._ignored.holds(node.lineno, member.code):
            return
        use = ChangedUse(node, member.code, message_for(value.name, member))
        _, end = span(self._source, node)
        start = end - len(member.v1)
        if not member.v2:
            if not (member.own and self._keeps(node, member)):
                self._say(node, member, value.name)
        elif reason := self._doubt(value, node, member):
            self.findings.append(use.finding(self._source, reason))
        else:
            use.edits.append(Edit(start, end, member.v2))
            yield use

    def _keeps(self, node: ast.Attribute, member: MemberChange) -> bool:
        """Tell whether the class of an object sets a member itself; of another object than self, whether any does."""
        above: ast.AST | None = node if isinstance(node.value, ast.Name) and node.value.id == "self" else None
        while above is not None and not isinstance(above, ast.ClassDef):
            above = self._file.parents.get(above)
        if isinstance(above, ast.ClassDef) and all(self._file.import_of(base) in member.of for base in above.bases):
            return member.v1 in kept_in(above)
        return member.v1 in self._kept

    def _doubt(self, value: Named, node: ast.Attribute, member: MemberChange) -> str:
        _, end = span(self._source, node)
        start = end - len(member.v1)
        if not isinstance(node.ctx, ast.Load):
            return "it is assigned to here, or deleted"
        if not value.sure and not value.is_declared:
            return "it may be a member of something else, too"
        rivals: list[ast.AST] = [other for other in self._file.nodes.of(ast.Attribute) if other.attr == member.v2]
        rivals += [question for question, _, name in self._file.questions if name == member.v2]
        if is_chosen_beside(self._file, node, rivals):
            return "another branch uses the new form; keep this one for the old release"
        if value.is_declared and member.v1 in self._overridden:
            return "a subclass defines it under its old name"
        if value.is_declared and self._options.confidence != "review":
            return "an annotation says so, and a subclass may be given; made with --confidence review"
        if value.is_declared and (double := self._file.neighbours.alike.place_of(member.v1)):
            return f"{double} defines it as well, and may be given here"
        if member.about.confidence not in ("safe", self._options.confidence):
            return member.about.reason or "it asks for a person's eye"
        if self._file.in_fstring(node) or self._source.text[start:end] != member.v1:
            return "its place in the text is not clear"
        return ""

    def _definition(self, node: ast.ClassDef, item: ast.stmt, base: str) -> Iterator[ChangedUse]:
        """Yield a method that the library calls, or called, under its v1 name."""
        if not isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            return
        member = self._index.members.get(f"{base}.{item.name}")
        if member is None or not member.defined or self._ignored.holds(item.lineno, member.code):
            return
        name = f"{node.name}.{item.name}"
        if not member.v2:
            self._say(item, member, name)
            return
        use = ChangedUse(ast.Name(id=item.name, lineno=item.lineno, col_offset=item.col_offset), member.code, "")
        use.message = message_for(name, member)
        start = self._source.text.find(member.v1, self._source.offset(item.lineno, item.col_offset))
        if reason := self._doubt_definition(node, member):
            self.findings.append(use.finding(self._source, reason))
        else:
            use.edits.append(Edit(start, start + len(member.v1), member.v2))
            yield use

    def _doubt_definition(self, node: ast.ClassDef, member: MemberChange) -> str:
        if node not in self._trace.bases:
            return "its class is a mixin, which may be used elsewhere as well"
        if member.about.confidence not in ("safe", self._options.confidence):
            return member.about.reason or "it asks for a person's eye"
        names = [
            function.name
            for function in _statements(node.body)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        if member.v2 in names or names.count(member.v1) > 1:
            return f"the class defines {member.v2 if member.v2 in names else member.v1} as well"
        if any(isinstance(other, ast.Attribute) and other.attr == member.v1 for other in self._nodes):
            return "it is also called by its name in this file"
        return ""

    def _say(self, node: ast.Attribute | ast.stmt, member: MemberChange, name: str) -> None:
        column = self._source.column(node.lineno, node.col_offset)
        self.findings.append(Finding(member.code, node.lineno, column, message_for(name, member), "manual"))


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a class, also those in a branch of an `if`, `try` or `with`."""
    for item in body:
        yield item
        match item:
            case ast.If() | ast.For() | ast.While():
                yield from _statements([*item.body, *item.orelse])
            case ast.With():
                yield from _statements(item.body)
            case ast.Try() | ast.TryStar():
                handled = (statement for handler in item.handlers for statement in handler.body)
                yield from _statements([*item.body, *handled, *item.orelse, *item.finalbody])
