"""Interpret every branch of `if`, loops, `try`, `with` and `match`, and join the states where branches meet."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from compatkit.rewrite.flow.expressions import Expressions
from compatkit.rewrite.flow.scope_frames import Env, Frame, Loop, join_env, stored_names
from compatkit.rewrite.flow.stores import Stores
from compatkit.rewrite.flow.values import (
    TOP,
    ForeignDefinition,
    Instance,
    Local,
    Named,
    Value,
    doubtful,
    element,
)

Execute = Callable[[Sequence[ast.stmt], Frame], None]
_ROUNDS = 4
# Each loop is followed twice or more, so that loops in loops would take exponentially long.
_DEEPEST = 3


class Blocks:
    """Executes compound statements; `execute` runs what is in them."""

    def __init__(self, expressions: Expressions, stores: Stores, execute: Execute) -> None:
        self._expressions = expressions
        self._stores = stores
        self._execute = execute

    def execute(self, node: ast.stmt, frame: Frame) -> None:
        match node:
            case ast.If():
                self._if(node, frame)
            case ast.For() | ast.AsyncFor() | ast.While():
                self._loop(node, frame)
            case ast.With() | ast.AsyncWith():
                self._with(node, frame)
            case ast.Try() | ast.TryStar():
                self._try(node, frame)
            case ast.Match():
                self._match(node, frame)

    def _if(self, node: ast.If, frame: Frame) -> None:
        ends: list[Env | None] = []
        while True:
            self._expressions.value(node.test, frame)
            before = frame.env
            ends.append(self._branch(node, before, frame))
            frame.env = _copy(before)
            if ends[-1] is None and isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not):
                # Whoever is left is what was tested for.
                self.narrow(node.test.operand, frame)
            # An `elif` is an `if` inside an `else`, and there may be hundreds.
            if len(node.orelse) != 1 or not isinstance(following := node.orelse[0], ast.If):
                break
            node = following
        self._execute(node.orelse, frame)
        frame.env = join_env(*ends, frame.env)

    def _branch(self, node: ast.If, env: Env | None, frame: Frame) -> Env | None:
        frame.env = _copy(env)
        self.narrow(node.test, frame)
        self._execute(node.body, frame)
        return frame.env

    def narrow(self, test: ast.expr, frame: Frame) -> None:
        """Narrow a name to the declared class that `isinstance` found, or a subclass of it."""
        match test:
            case ast.BoolOp(op=ast.And(), values=values):
                for value in values:
                    self.narrow(value, frame)
            case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=name), asked]):
                self._narrow_to(name, self._expressions.value(asked, frame), frame)

    def _narrow_to(self, name: str, asked: Value, frame: Frame) -> None:
        if not isinstance(asked, Named) or not asked.sure or asked.name not in self._expressions.known.classes:
            return
        if frame.env is not None and frame.env.get(name) is TOP:
            frame.env[name] = Instance(asked.name, sure=False, is_declared=True)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, frame: Frame) -> None:
        items = TOP if isinstance(node, ast.While) else self._expressions.items(node.iter, frame)
        rounds = _ROUNDS
        if len(frame.loops) >= _DEEPEST:
            self._doubt(node, frame)
            rounds = 1
        for number in range(rounds + 1):
            before = _copy(frame.env)
            loop = self._round(node, items, frame)
            frame.env = join_env(before, frame.env, *loop.continues)
            if frame.env == before or rounds == 1:
                break
            if number == rounds - 1:
                self._doubt(node, frame)
        is_endless = isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and bool(node.test.value)
        if is_endless:
            frame.env = None
        else:
            self._execute(node.orelse, frame)
        frame.env = join_env(frame.env, *loop.breaks)

    def _round(self, node: ast.For | ast.AsyncFor | ast.While, items: Value, frame: Frame) -> Loop:
        loop = Loop()
        frame.env = _copy(frame.env)
        if isinstance(node, ast.While):
            self._expressions.value(node.test, frame)
        else:
            self._stores.store(node.target, items, frame)
        frame.loops.append(loop)
        self._execute(node.body, frame)
        frame.loops.pop()
        return loop

    def _doubt(self, node: ast.stmt, frame: Frame) -> None:
        for name in stored_names(node):
            if frame.env is not None and name in frame.env:
                frame.env[name] = doubtful(frame.env[name])

    def _with(self, node: ast.With | ast.AsyncWith, frame: Frame) -> None:
        for item in node.items:
            manager = self._expressions.value(item.context_expr, frame)
            if item.optional_vars is not None:
                self._stores.store(
                    item.optional_vars,
                    self._expressions.lookups.entered(manager, is_async=isinstance(node, ast.AsyncWith)),
                    frame,
                )
        before = _copy(frame.env)
        seen = self._attempt(node.body, frame)
        # The context manager may swallow an exception, at any place of the body.
        frame.env = join_env(frame.env, before, seen)

    def _try(self, node: ast.Try | ast.TryStar, frame: Frame) -> None:
        before = _copy(frame.env)
        throughout: Env = {}
        frame.attempts.append(throughout)
        seen = self._attempt(node.body, frame)
        self._execute(node.orelse, frame)
        ends = [frame.env]
        for handler in node.handlers:
            frame.env = join_env(before, seen)
            caught = self._expressions.value(handler.type, frame)
            if handler.name:
                frame.bind(handler.name, self._caught(caught))
            self._execute(handler.body, frame)
            ends.append(frame.env)
        frame.attempts.pop()
        frame.env = join_env(*ends)
        if node.finalbody:
            is_over = frame.env is None
            frame.env = join_env(frame.env, before, throughout)
            self._execute(node.finalbody, frame)
            frame.env = None if is_over else frame.env

    def _caught(self, kind: Value) -> Value:
        """Return an object of a class of exceptions, of this file or another one."""
        match kind:
            case ForeignDefinition(handed=handed):
                return Instance("", sure=False, far=handed)
            case Local(node=ast.ClassDef() as owner):
                return Instance("", sure=False, local=owner)
        return TOP

    def _attempt(self, body: Sequence[ast.stmt], frame: Frame) -> Env:
        """Execute `body`; return what each name may have become in it, if it is left at any place."""
        seen: Env = {}
        frame.attempts.append(seen)
        self._execute(body, frame)
        frame.attempts.pop()
        return seen

    def _match(self, node: ast.Match, frame: Frame) -> None:
        subject = self._expressions.value(node.subject, frame)
        before = frame.env
        ends = []
        for case in node.cases:
            frame.env = _copy(before)
            self._bind_pattern(case.pattern, subject, frame)
            self._expressions.facts.lose(subject, node.lineno)
            if isinstance(case.pattern, ast.MatchClass) and isinstance(node.subject, ast.Name):
                self._narrow_to(node.subject.id, self._expressions.value(case.pattern.cls, frame), frame)
            self._expressions.value(case.guard, frame)
            self._execute(case.body, frame)
            ends.append(frame.env)
        frame.env = join_env(before, *ends)

    def _bind_pattern(self, pattern: ast.pattern, subject: Value, frame: Frame) -> None:
        if isinstance(pattern, ast.MatchMapping):
            for key in pattern.keys:
                self._expressions.lookups.ask(key, subject)
                if pattern.rest:
                    # Python deletes the keys that a pattern names from a plain copy, which has one spelling alone.
                    self._expressions.facts.refused[key] = "a pattern with **rest takes the keys out of a plain dict"
        self._ask_inside(pattern, subject)
        for part in ast.walk(pattern):
            if isinstance(part, ast.MatchClass):
                self._note_asked(part, subject if part is pattern else TOP, frame)
            match part:
                case ast.MatchValue(value=asked) | ast.MatchClass(cls=asked):
                    self._expressions.value(asked, frame)
                case ast.MatchAs(pattern=ast.MatchClass(cls=asked), name=str(name)):
                    frame.bind(name, TOP)
                    self._narrow_to(name, self._expressions.value(asked, frame), frame)
                case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                    frame.bind(name, subject if part is pattern and isinstance(part, ast.MatchAs) else TOP)

    def _note_asked(self, pattern: ast.MatchClass, subject: Value, frame: Frame) -> None:
        """Note the attributes that a class pattern reads from its class or from the matched object."""
        kind = self._expressions.value(pattern.cls, frame)
        # An object of a class of the project is none of the library's, unless it inherits from it.
        asked = [kind] if isinstance(kind, Local | ForeignDefinition) else [kind, subject]
        for name in pattern.kwd_attrs:
            found = [self._expressions.lookups.attribute(of, name) for of in asked]
            names = tuple(dotted for one in found if isinstance(one, Named) for dotted in one.names)
            self._expressions.facts.patterns.setdefault(pattern, set()).update(names)

    def _ask_inside(self, pattern: ast.pattern, subject: Value) -> None:
        """Note the keys that nested patterns read from the items of the subject."""
        inner: list[tuple[ast.pattern, Value]] = []
        match pattern:
            case ast.MatchMapping(keys=keys, patterns=patterns):
                held = (doubtful(self._expressions.lookups.subscript(subject, key)) for key in keys)
                inner = list(zip(patterns, held, strict=True))
            case ast.MatchSequence(patterns=patterns):
                inner = [(part, doubtful(element(subject))) for part in patterns]
            case ast.MatchOr(patterns=patterns):
                inner = [(part, subject) for part in patterns]
            case ast.MatchAs(pattern=ast.pattern() as part):
                inner = [(part, subject)]
        for part, value in inner:
            for key in part.keys if isinstance(part, ast.MatchMapping) else ():
                self._expressions.lookups.ask(key, value)
            self._ask_inside(part, value)


def _copy(env: Env | None) -> Env | None:
    return None if env is None else dict(env)
