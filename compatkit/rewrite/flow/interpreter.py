"""Follows values through a file, statement by statement: what is a record at which place.

Branches and loops are followed on every way and joined; what a function of this file receives, returns or keeps on its
object is followed too, but is never certain there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule, bound_by
from compatkit.rewrite.file.tree import Nodes, nodes_of
from compatkit.rewrite.flow.blocks import Blocks
from compatkit.rewrite.flow.expressions import Expressions
from compatkit.rewrite.flow.frames import Frame, Scopes, parameters
from compatkit.rewrite.flow.known import Known
from compatkit.rewrite.flow.stores import Stores
from compatkit.rewrite.flow.trace import Trace
from compatkit.rewrite.flow.values import UNKNOWN, Instance, Local, Mock, Named, Value

_ROUNDS = 3
_WRAPPING = ("ClassVar", "Final", "Optional")
_PATCHES = re.compile("patch|mock|setattr|stub", re.IGNORECASE)


def follow(file: File, known: Known) -> Trace:
    """Return what is looked up in which values, all over a file. Raises `RecursionError` for the most deeply nested."""
    trace = Trace()
    stored = frozenset(n.attr for n in file.nodes.of(ast.Attribute) if not isinstance(n.ctx, ast.Load))
    expressions = Expressions(known, trace, stored, frozenset(_patched(file.nodes)), has_star=file.has_star)
    follower = _Follower(expressions, file.home, Scopes(file))
    for _ in range(_ROUNDS):
        before = trace.far
        follower.run(file.tree)
        if trace.far == before:
            break
    return trace


class _Follower:
    def __init__(self, expressions: Expressions, home: FileModule, scopes: Scopes) -> None:
        self._expressions = expressions
        self._trace = expressions.trace
        self._home = home
        self._scopes = scopes
        self._stores = Stores(expressions)
        self._blocks = Blocks(expressions, self._stores, self.execute)

    def run(self, tree: ast.Module) -> None:
        frame = self._scopes.open(tree, None)
        self.execute(tree.body, frame)
        done: set[ast.AST] = set()
        while self._trace.waiting:
            node = next(iter(self._trace.waiting))
            parent = self._trace.waiting.pop(node)
            if node not in done:
                done.add(node)
                self._function(node, parent)

    def execute(self, statements: Sequence[ast.stmt], frame: Frame) -> None:
        for statement in statements:
            if frame.env is None:
                return
            self._statement(statement, frame)

    def _statement(self, node: ast.stmt, frame: Frame) -> None:
        value = self._expressions.value
        match node:
            case ast.Import() | ast.ImportFrom():
                self._import(node, frame)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node, frame)
            case ast.ClassDef():
                self._class(node, frame)
            case ast.Return():
                self._trace.returns(frame.node, value(node.value, frame))
                frame.env = None
            case ast.Raise():
                value(node.exc, frame)
                value(node.cause, frame)
                frame.env = None
            case ast.Break() | ast.Continue() if frame.loops and frame.env is not None:
                loop = frame.loops[-1]
                (loop.breaks if isinstance(node, ast.Break) else loop.continues).append(frame.env)
                frame.env = None
            case ast.Assert():
                value(node.test, frame)
                value(node.msg, frame)
                self._blocks.narrow(node.test, frame)
            case ast.Expr():
                value(node.value, frame)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Delete():
                self._stores.execute(node, frame)
            case _:
                self._blocks.execute(node, frame)

    def _import(self, node: ast.Import | ast.ImportFrom, frame: Frame) -> None:
        origins = frozenset({node})
        settle = self._expressions.known.settle
        if isinstance(node, ast.Import):
            for alias in node.names:
                local = bound_by(node, alias)
                frame.bind(local, Named(settle(alias.name if alias.asname else local), origins=origins))
            return
        module = self._home.resolve(node)
        for alias in node.names:
            if alias.name == "*":
                frame.bind_star()
            elif module:
                frame.bind(bound_by(node, alias), Named(settle(f"{module}.{alias.name}"), origins=origins))
            else:
                frame.bind(bound_by(node, alias), UNKNOWN)

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame) -> None:
        for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            self._expressions.value(part, frame)
        frame.bind(node.name, UNKNOWN if node.decorator_list else Local(node))
        self._trace.waiting[node] = frame

    def _class(self, node: ast.ClassDef, frame: Frame) -> None:
        for part in (*node.decorator_list, *(word.value for word in node.keywords)):
            self._expressions.value(part, frame)
        bases = [self._expressions.value(base, frame) for base in node.bases]
        known = [name for base in bases if (name := self._declared_base(base))]
        if known:
            self._trace.bases[node] = known[0]
        local = [base.node for base in bases if isinstance(base, Local) and isinstance(base.node, ast.ClassDef)]
        self._trace.ancestors[node] = tuple(
            each for owner in local for each in (owner, *self._trace.ancestors.get(owner, ()))
        )
        inner = self._scopes.open(node, frame)
        self.execute(node.body, inner)
        frame.bind(node.name, UNKNOWN if node.decorator_list else Local(node))

    def _declared_base(self, base: Value) -> str:
        """Return the declared class that a base is, or that it has for a base in its turn, through any mixin."""
        if isinstance(base, Named):
            return base.name if base.name in self._expressions.known.classes else ""
        return self._trace.bases.get(base.node, "") if isinstance(base, Local) else ""

    def _function(self, node: ast.AST, parent: Frame) -> None:
        owner = parent.node if isinstance(parent.node, ast.ClassDef) else parent.enclosing_class
        frame = self._scopes.open(node, parent, owner)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return
        annotations = {
            arg.arg: arg.annotation for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        }
        mocks = self._mocks(node, parent)
        for number, name in enumerate(parameters(node)):
            if not number and owner is not None and _takes_self(node, parent):
                frame.bind(name, Instance(self._trace.bases.get(owner, ""), sure=False, local=owner))
            elif name in mocks:
                frame.bind(name, mocks[name])
            else:
                given = self._trace.arrives(self._trace.arguments, node, name)
                declared = self._annotated(annotations.get(name), parent)
                frame.bind(name, declared if given is UNKNOWN or _is_of(given, declared) else given)
        if isinstance(node, ast.Lambda):
            self._trace.returns(node, self._expressions.value(node.body, frame))
        else:
            self.execute(node.body, frame)

    def _mocks(self, node: ast.AST, parent: Frame) -> dict[str, Value]:
        """Return the parameters that decorators such as `mock.patch("a.b.N")` fill: the lowest fills the first."""
        decorators = getattr(node, "decorator_list", [])
        values = [self._expressions.value(each, parent) for each in reversed(decorators)]
        if not values or not all(isinstance(value, Mock) for value in values):
            # Others may fill parameters, too, or none: which is whose cannot be told.
            return {}
        names = parameters(node)
        return dict(zip(names[parent.is_class :], values, strict=False))

    def _named(self, node: ast.expr, frame: Frame) -> Value:
        """Return what a dotted name stands for; nothing is noted, because `node` may stand nowhere in the file."""
        match node:
            case ast.Name(id=name):
                return self._expressions.name(name, frame)
            case ast.Attribute(value=of, attr=attr):
                return self._expressions.attribute(self._named(of, frame), attr)
        return UNKNOWN

    def _annotated(self, annotation: ast.expr | None, frame: Frame) -> Value:
        """What is annotated as a declared class may be one, or a subclass, or a test's double of it."""
        for part in alternatives(annotation):
            value = self._named(part, frame)
            if isinstance(value, Named) and value.name in self._expressions.known.classes:
                return Instance(value.name, sure=False, is_declared=value.sure)
        return UNKNOWN


def alternatives(annotation: ast.expr | None) -> Iterator[ast.expr]:
    """Yield the names in an annotation of which a value may be: `N`, `"N"`, `N | None`, `Optional[N]`."""
    match annotation:
        case ast.Name() | ast.Attribute():
            yield annotation
        case ast.Constant(value=str(text)):
            try:
                inner = ast.parse(text, mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return
            if not isinstance(inner, ast.Constant):
                yield from alternatives(inner)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from (*alternatives(left), *alternatives(right))
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner) if name in _WRAPPING:
            yield from alternatives(inner)


def _is_of(given: Value, declared: Value) -> bool:
    """Tell whether what a call of this file gives is of the class that the annotation says."""
    return (
        isinstance(given, Instance)
        and isinstance(declared, Instance)
        and (given.of, None) == (declared.of, given.local)
    )


def _takes_self(node: ast.AST, parent: Frame) -> bool:
    return parent.is_class and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.decorator_list


def _patched(nodes: Nodes) -> Iterator[str]:
    """Yield the last part of each dotted name that the file hands to something that patches."""
    for node in nodes_of(nodes, ast.Call):
        if _PATCHES.search(_words(node.func)):
            for arg in node.args:
                if isinstance(arg, ast.Constant) and isinstance(arg.value, str):
                    yield arg.value.rpartition(".")[2]


def _words(node: ast.expr) -> str:
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    return " ".join([*words, node.id] if isinstance(node, ast.Name) else words)
