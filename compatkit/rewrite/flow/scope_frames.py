"""Store the values of the names of a function, class or module: at the current statement, and at any time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from compatkit.migration import Each, Item
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.tree import nodes_of
from compatkit.rewrite.flow.flow_facts import FlowFacts
from compatkit.rewrite.flow.values import (
    BOTTOM,
    TOP,
    Local,
    Named,
    RecordValue,
    TupleValue,
    Value,
    doubtful,
    element,
    join,
    many,
    take,
)

Env = dict[str, Value]
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(eq=False, slots=True)
class Loop:
    """The states in which control leaves the body of a loop."""

    breaks: list[Env] = field(default_factory=list)
    continues: list[Env] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Frame:
    """One execution of a scope. `env` is what holds at the place, None where control never comes.

    `joined` is what each name stands for at any time, as another scope sees it.
    """

    node: ast.AST
    parent: Frame | None
    facts: FlowFacts
    names: frozenset[str]
    foreign: frozenset[str]
    shared: frozenset[str]
    is_global: frozenset[str] = frozenset()
    enclosing_class: ast.ClassDef | None = None
    env: Env | None = field(default_factory=dict)
    joined: Env = field(default_factory=dict)
    attempts: list[Env] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)

    def bind(self, name: str, value: Value) -> None:
        if self.env is None:
            return
        if name in self.foreign:
            home = self.module if name in self.is_global else self.home_of(name, self.parent)
            if home is not None:
                self.facts.goes_on(self.facts.attributes, home.node, name, value)
            return
        if name in self.shared:
            value = doubtful(value)
        self.env[name] = value
        for seen in (self.joined, *self.attempts):
            seen[name] = join(seen.get(name, BOTTOM), value)

    def bind_star(self) -> None:
        """A star import may bind any name anew."""
        for seen in (self.env or {}, self.joined):
            seen.update({name: doubtful(value) for name, value in seen.items()})

    def lookup(self, name: str) -> Value | None:
        """Return the current value of `name`, None for a name that no scope of this file binds."""
        if self.env is not None and name in self.env:
            return self.with_shared(name, self.env[name])
        if name in self.names and not self.is_class and name not in self.foreign:
            return self.with_shared(name, TOP) if name in self.shared else BOTTOM
        scope = self.module if name in self.is_global else self.home_of(name, self.parent)
        if scope is not None and (name in scope.names or name in scope.shared):
            value = scope.joined.get(name, TOP)
            return scope.with_shared(name, _captured(value, is_shared=name in scope.shared))
        return TOP if self.is_class and name in self.names else None

    def home_of(self, name: str, scope: Frame | None) -> Frame | None:
        """Return the frame, from `scope` outwards, to which a name belongs."""
        while scope is not None and (name not in scope.names or scope.is_class):
            scope = scope.parent
        return scope

    def with_shared(self, name: str, value: Value) -> Value:
        """Return the value of a name joined with the values that inner scopes bind to it or add to it."""
        if self.is_class or (self.node, name) not in self.facts.attributes:
            return value
        other = self.facts.attributes[self.node, name]
        return other if value is TOP else join(value, other)

    @property
    def module(self) -> Frame:
        frame = self
        while frame.parent is not None:
            frame = frame.parent
        return frame


class FrameFactory:
    """Opens frames for the scopes of one file."""

    def __init__(self, file: File, facts: FlowFacts) -> None:
        self._facts = facts
        declared = (node.names for node in nodes_of(file.nodes, ast.Global, ast.Nonlocal))
        self._shared = frozenset(name for names in declared for name in names)
        self._scopes = file.scopes
        self._opened: dict[ast.AST, Frame] = {}

    def open(self, node: ast.AST, parent: Frame | None, enclosing_class: ast.ClassDef | None = None) -> Frame:
        """Return a fresh frame for a scope."""
        if node not in self._opened:
            self._opened[node] = self._read(node, parent)
        return replace(
            self._opened[node],
            parent=parent,
            enclosing_class=enclosing_class,
            env={},
            joined={},
            attempts=[],
            loops=[],
        )

    def _read(self, node: ast.AST, parent: Frame | None) -> Frame:
        scope = self._scopes.opened_by(node)
        foreign = frozenset(scope.global_names | scope.nonlocal_names)
        names = self._scopes.bound_in(scope) - foreign
        # Names that any inner scope may bind, by `global` or `nonlocal`: it need not be this one that they mean.
        is_class = isinstance(node, ast.ClassDef)
        shared = frozenset() if is_class else (self._shared if parent is None else names & self._shared)
        return Frame(node, None, self._facts, names, foreign, shared, frozenset(scope.global_names))


def parameters(node: ast.AST) -> list[str]:
    """Return the names of a function's parameters: positional ones first, in order."""
    if not isinstance(node, Function):
        return []
    args = node.args
    last = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
    return [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, *last)]


def join_env(*envs: Env | None) -> Env | None:
    """Return the join of the states of several branches; a branch that does not reach this point is ignored."""
    alive = [env for env in envs if env is not None]
    if not alive:
        return None
    joined = dict(alive[0])
    for env in alive[1:]:
        for name, value in env.items():
            if (before := joined.get(name, BOTTOM)) is not value:
                joined[name] = join(before, value)
    return joined


def stored_names(node: ast.AST) -> frozenset[str]:
    """Return the names that a comprehension's or a loop's target binds."""
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def _captured(value: Value, *, is_shared: bool) -> Value:
    # A name that is imported or defined is what it is. An object may be another by the time that the function runs.
    return value if isinstance(value, Named | Local) and not is_shared else doubtful(value)


def unpack_targets(target: ast.expr, value: Value) -> Iterator[tuple[ast.expr, Value]]:
    """Yield the single targets of an assignment of `value`, each with its part."""
    match target:
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            for part, item in zip(targets, _parts(targets, value), strict=True):
                yield from unpack_targets(part, item)
        case ast.Starred(value=inner):
            yield inner, value
        case _:
            yield target, value


def _parts(targets: list[ast.expr], value: Value) -> list[Value]:
    starred = [at for at, part in enumerate(targets) if isinstance(part, ast.Starred)]
    if isinstance(value, TupleValue) and not starred and len(value.items) == len(targets):
        return list(value.items)
    if isinstance(value, RecordValue) and not starred:
        return [take(value, Item(at), Each()) for at in range(len(targets))]
    item = element(value)
    return [many(item) if at in starred else item for at in range(len(targets))]
