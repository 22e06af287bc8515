"""Run the abstract interpreter over a file, statement by statement, to find the expressions that are records.

It takes every branch and loop, and joins their states. It also follows the values that a function of this file
receives, returns or stores on its object, but they are never certain there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule, bound_by
from compatkit.rewrite.file.syntax import Syntax
from compatkit.rewrite.file.tree import Nodes, nodes_of
from compatkit.rewrite.flow.annotations import Annotations
from compatkit.rewrite.flow.blocks import Blocks
from compatkit.rewrite.flow.class_statements import ClassStatements
from compatkit.rewrite.flow.declared_names import PUT_IN, DeclaredNames
from compatkit.rewrite.flow.expressions import Expressions, defaults_of
from compatkit.rewrite.flow.flow_facts import FlowFacts, is_fixture
from compatkit.rewrite.flow.handed import value_of
from compatkit.rewrite.flow.lookups import join_known
from compatkit.rewrite.flow.mocks import written_in
from compatkit.rewrite.flow.scope_frames import Frame, FrameFactory, parameters
from compatkit.rewrite.flow.stores import Stores
from compatkit.rewrite.flow.values import (
    TOP,
    DictValue,
    Instance,
    Local,
    Mock,
    Value,
    doubtful,
    join,
)
from compatkit.rewrite.flow.ways_into import kept_functions, objects_of, ways_into

_ROUNDS = 5
# Methods that get the class without being marked.
_OF_CLASSES = frozenset({"__class_getitem__", "__init_subclass__", "__new__"})
_PATCHES = re.compile("patch|mock|setattr|stub", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Followed:
    """The facts about a file under one name, for what it was told then, and the names by which it asked for that."""

    home: FileModule
    known: DeclaredNames
    facts: FlowFacts


# As long as the syntax of a file is kept, the facts are: what other files tell of it seldom changes them.
_followed: WeakKeyDictionary[Syntax, list[_Followed]] = WeakKeyDictionary()
# For calls, and for records, before and after something else was told.
_MOST_FOLLOWED = 4


def follow_values(file: File, known: DeclaredNames) -> FlowFacts:
    """Return what is looked up in which values, all over a file. Raises `RecursionError` for the most deeply nested."""
    before = _followed.setdefault(file.syntax, [])
    for followed in before:
        if followed.home == file.home and known.answers_as(followed.known):
            return followed.facts
    facts = _follow(file, known)
    before[:] = [_Followed(file.home, known, facts), *before[: _MOST_FOLLOWED - 1]]
    return facts


def _follow(file: File, known: DeclaredNames) -> FlowFacts:
    facts = FlowFacts(leads=known.leads)
    stored = frozenset(n.attr for n in file.nodes.of(ast.Attribute) if not isinstance(n.ctx, ast.Load))
    expressions = Expressions(known, facts, stored, frozenset(_patched(file.nodes)), has_star=file.has_star)
    expressions.home = file.home
    constants = file.nodes.of(ast.Constant) if known.handed else ()
    expressions.texts = sorted({node.value for node in constants if isinstance(node.value, str) and "." in node.value})
    expressions.made_by = lambda node: _maker(file, node)
    expressions.bound_to = file.value_of
    expressions.written = partial(written_in, file)
    expressions.classes.objects = objects_of(file.tree) if known.sent else {}
    follower = _Follower(expressions, file.home, FrameFactory(file, facts))
    follower.ways = ways_into(file.tree) if known.sent else {}
    is_alone = not (known.handed or known.sent or known.mixed)
    for _ in range(_ROUNDS):
        before = facts.far
        follower.run(file.tree)
        # What other files hand over may lead anywhere.
        if facts.is_settled(before) if is_alone else facts.far == before:
            break
    # They hold each other, and with each other all that was found.
    for part in (expressions, follower):
        vars(part).clear()
    return facts


def _maker(file: File, node: ast.expr) -> str:
    """Return the dotted name of what makes the object for which a name stands, or of the object itself."""
    value = file.value_of(node)
    return file.import_of(value.func if isinstance(value, ast.Call) else value)


class _Follower:
    def __init__(self, expressions: Expressions, home: FileModule, scopes: FrameFactory) -> None:
        self._expressions = expressions
        self._facts = expressions.facts
        self._home = home
        self._scopes = scopes
        self.ways: Mapping[ast.AST, Sequence[str]] = {}
        annotations = Annotations(expressions)
        self._annotated = expressions.annotated = annotations.value
        self._classes = ClassStatements(expressions, scopes, annotations, self.execute)
        self._stores = Stores(expressions, self._annotated)
        self._blocks = Blocks(expressions, self._stores, self.execute)

    def run(self, tree: ast.Module) -> None:
        frame = self._expressions.module = self._scopes.open(tree, None)
        for key, handed in self._expressions.known.sent.marked(PUT_IN):
            name, _, rest = key.partition(PUT_IN)
            if not rest and name.isidentifier():
                self._facts.goes_on(self._facts.attributes, tree, name, DictValue(value_of(handed)))
        for name in sorted(frame.names) if self._expressions.known.sent else ():
            if given := self._expressions.known.sent.get(f"{name}:="):
                self._facts.goes_on(self._facts.attributes, tree, name, value_of(given))
        self.execute(tree.body, frame)
        done: set[ast.AST] = set()
        while self._expressions.waiting:
            node = next(iter(self._expressions.waiting))
            parent = self._expressions.waiting.pop(node)
            if node not in done:
                done.add(node)
                self._function(node, parent)
        for (owner, name), value in list(self._facts.attributes.items()):
            for base in self._facts.far_bases.get(owner, ()) if owner is not tree else ():
                self._expressions.between.note_sent(f"{base}.{name}:=", value)
        for owner, names in self._facts.far_bases.items():
            for item in owner.body if isinstance(owner, ast.ClassDef) and names else ():
                if not isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                    continue
                if self._facts.is_followed(self._facts.result_of(item)):
                    self._facts.sent |= {f"{base}.{item.name}:=": Local(item) for base in names}
        shared = {name: value for (owner, name), value in self._facts.attributes.items() if owner is tree}
        shared = {name: join_known(value, frame.joined.get(name, TOP)) for name, value in shared.items()}
        kept = ((way, Local(node)) for way, node in kept_functions(tree) if self._facts.result_of(node) is not TOP)
        self._facts.handed_on = {
            **{way: function for way, function in kept if way.endswith("[]")},
            **dict(self._brought_late(tree)),
            **self._expressions.fixtures,
            **self._expressions.brought(),
            **frame.joined,
            **shared,
        }

    def _brought_late(self, tree: ast.Module) -> Iterator[tuple[str, Value]]:
        """Yield the names for which a module has a `__getattr__`, or is replaced by one that has, and spells."""
        late = [item for item in tree.body if _brings_late(item)]
        if not late:
            return
        texts = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        for item in late:
            if isinstance(item, ast.FunctionDef):
                inside = (node.value for node in ast.walk(item) if isinstance(node, ast.Constant))
                yield from ((text, self._facts.result_of(item)) for text in inside if isinstance(text, str))
        known = self._expressions.known
        for dotted in (*known.declared, *known.handed):
            home, _, name = dotted.rpartition(".")
            if name in texts and any(home == text or home.endswith(f".{text.lstrip('.')}") for text in texts if text):
                yield name, doubtful(self._expressions.named(dotted))

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
                self._classes.execute(node, frame)
            case ast.Return():
                self._facts.gives(self._facts.returned, frame.node, value(node.value, frame))
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
        if isinstance(node, ast.Import):
            for alias in node.names:
                local = bound_by(node, alias)
                frame.bind(local, self._expressions.named(alias.name if alias.asname else local, origins=origins))
            return
        module = self._home.resolve(node)
        for alias in node.names:
            if alias.name == "*":
                frame.bind_star()
                self._expressions.stars[module or ""] = origins
            elif module:
                frame.bind(bound_by(node, alias), self._expressions.named(f"{module}.{alias.name}", origins=origins))
            else:
                frame.bind(bound_by(node, alias), TOP)

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame) -> None:
        for part in node.decorator_list:
            self._expressions.value(part, frame)
            if self._expressions.known.called_back:
                inner: dict[ast.AST, Value] = {
                    callee: self._expressions.value(callee, frame) for callee in _callees(part)
                }
                self._expressions.between.decorate(part, node, inner)
        for name, default in defaults_of(node.args):
            self._facts.goes_on(self._facts.arguments, node, name, self._expressions.value(default, frame))
        if (declared := self._annotated(node.returns, frame)) is not TOP:
            self._facts.declared[node] = declared
        for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            self._facts.hint(node, self._annotated(arg.annotation, frame))
        self._facts.hint(node, declared)
        # A decorator hands on, in most cases, what the function gives; where it arrives, that is not certain.
        frame.bind(node.name, Local(node))
        for part in node.decorator_list if is_fixture(node) else ():
            for word in part.keywords if isinstance(part, ast.Call) else ():
                if word.arg == "name" and isinstance(word.value, ast.Constant):
                    self._expressions.fixtures[str(word.value.value)] = Local(node)
        self._expressions.waiting[node] = frame

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
                base = self._facts.bases.get(owner, self._mixed_with(owner))
                itself = Instance(base, sure=False, local=owner, is_declared=bool(base))
                of_meta = self._expressions.classes.made_by_meta(owner)
                frame.bind(name, itself if of_meta is TOP else of_meta)
            elif not number and isinstance(owner, ast.ClassDef) and _takes_class(node, parent):
                own = self._expressions.classes.of(Instance(self._facts.bases.get(owner, ""), False, owner))
                given = self._sent(self._facts.arrives(self._facts.arguments, node, name), node, number, name)
                frame.bind(name, own if given is TOP else given)
            elif name in mocks:
                frame.bind(name, mocks[name])
            else:
                given = self._facts.arrives(self._facts.arguments, node, name)
                given = self._sent(given, node, number - (parent.is_class and not _is_static(node)), name)
                if given is TOP:
                    given = self._expressions.fixture(name, node, frame)
                declared = self._annotated(annotations.get(name), parent)
                if declared is TOP and owner is not None:
                    declared = self._handed_by_library(owner, name)
                frame.bind(name, declared if given is TOP or _is_of(given, declared) else given)
        if isinstance(node, ast.Lambda):
            self._facts.gives(self._facts.returned, node, self._expressions.value(node.body, frame))
        else:
            self.execute(node.body, frame)

    def _mixed_with(self, owner: ast.AST) -> str:
        """Return the declared class beside which a class of this file, or another one, has this one for a base."""
        beside = filter(None, self._facts.heirs.get(owner, {}).values())
        return next(beside, self._expressions.known.mixed.get(getattr(owner, "name", ""), ""))

    def _handed_by_library(self, owner: ast.AST, name: str) -> Value:
        """Return what the library hands to a method of a subclass under this name, as the migration declares."""
        made = self._expressions.known.types.get(f"{self._facts.bases.get(owner, '')}.*({name})")
        return Instance(made, sure=False, is_declared=True) if made else TOP

    def _sent(self, given: Value, node: ast.AST, number: int, name: str) -> Value:
        """Return what a parameter is where other files give something for it."""
        for key in (f"{way}:{place}" for way in self.ways.get(node, ()) for place in (number, name)):
            if handed := self._expressions.known.sent.get(key):
                value = doubtful(value_of(handed))
                given = value if given is TOP else join(given, value)
        return given

    def _mocks(self, node: ast.AST, parent: Frame) -> dict[str, Value]:
        """Return the parameters that decorators such as `mock.patch("a.b.N")` fill: the lowest fills the first."""
        decorators = getattr(node, "decorator_list", [])
        values = [self._expressions.value(decorator, parent) for decorator in reversed(decorators)]
        if not values or not all(isinstance(value, Mock) for value in values):
            # Others may fill parameters, too, or none: which is whose cannot be told.
            return {}
        names = parameters(node)
        return dict(zip(names[parent.is_class :], values, strict=False))


def _brings_late(item: ast.stmt) -> bool:
    """Tell whether a statement gives its module names that it does not bind, such as by `__getattr__`."""
    waiting = [item]  # no recursion: a chain of `elif` may be long
    while waiting:
        match waiting.pop():
            case ast.FunctionDef(name="__getattr__"):
                return True
            case ast.If(body=body, orelse=orelse):
                waiting += [*body, *orelse]
            case ast.Assign(targets=targets) if any(map(_is_looked_up_late, targets)):
                return True
    return False


def _is_looked_up_late(target: ast.expr) -> bool:
    text = ast.unparse(target)
    return "__getattr__" in text or "sys.modules[" in text


def _callees(decorator: ast.expr) -> Iterator[ast.expr]:
    """Yield the names on which a decorator, or what makes it, is called."""
    while isinstance(decorator, ast.Call | ast.Attribute):
        decorator = decorator.func if isinstance(decorator, ast.Call) else decorator.value
        yield decorator


def _is_of(given: Value, declared: Value) -> bool:
    """Tell whether what a call of this file gives is of the class that the annotation says."""
    return (
        isinstance(given, Instance)
        and isinstance(declared, Instance)
        and (given.of, None) == (declared.of, given.local)
    )


def _takes_self(node: ast.AST, parent: Frame) -> bool:
    decorators = getattr(node, "decorator_list", [])
    is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    is_of_class = getattr(node, "name", "") in _OF_CLASSES or any(map(_is_for_class, decorators))
    return parent.is_class and is_function and not is_of_class


def _is_for_class(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("classmethod", "staticmethod")


def _is_static(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Name) and part.id == "staticmethod" for part in getattr(node, "decorator_list", ()))


def _takes_class(node: ast.AST, parent: Frame) -> bool:
    decorators = getattr(node, "decorator_list", [])
    is_marked = any(isinstance(part, ast.Name) and part.id == "classmethod" for part in decorators)
    return parent.is_class and (is_marked or getattr(node, "name", "") in _OF_CLASSES)


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
