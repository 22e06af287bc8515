"""Interpret class statements: the bases, the names that the body binds, and the code that receives the class."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from compatkit.rewrite.file.tree import walk
from compatkit.rewrite.flow.annotations import Annotations
from compatkit.rewrite.flow.expressions import Expressions
from compatkit.rewrite.flow.scope_frames import Frame, FrameFactory, parameters
from compatkit.rewrite.flow.values import TOP, ForeignDefinition, Local, Named, Value

# What makes an object of a class, and bases that leave that to others.
_MAKING = frozenset({"__init__", "__new__"})
_MAKING_NOTHING = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"})


class ClassStatements:
    """Interprets class statements; `execute` runs their bodies."""

    def __init__(
        self,
        expressions: Expressions,
        scopes: FrameFactory,
        annotations: Annotations,
        execute: Callable[[Sequence[ast.stmt], Frame], None],
    ) -> None:
        self._expressions = expressions
        self._facts = expressions.facts
        self._scopes = scopes
        self._annotations = annotations
        self._run = execute

    def execute(self, node: ast.ClassDef, frame: Frame) -> None:
        for word in node.keywords:
            self._expressions.value(word.value, frame)
        for part in node.decorator_list:
            self._expressions.value(part, frame)
        bases = [self._base(base, frame) for base in node.bases]
        known = [name for base in bases if (name := self._declared(base))]
        if known:
            self._facts.bases[node] = known[0]
        local = [base.node for base in bases if isinstance(base, Local) and isinstance(base.node, ast.ClassDef)]
        if len(bases) > 1:
            self._facts.mixed.update(local)
        self._facts.far_parents[node] = tuple(base.handed for base in bases if isinstance(base, ForeignDefinition))
        self._facts.far_bases[node] = tuple(name for base in bases for name in _names_of(base))
        is_open = (not _names_of(base) and not _is_class(base) for base in bases)
        self._facts.open_bases[node] = tuple(base for base, is_so in zip(node.bases, is_open, strict=True) if is_so)
        self._facts.ancestors[node] = tuple(
            ancestor for owner in local for ancestor in (owner, *self._facts.ancestors.get(owner, ()))
        )
        for owner in self._facts.ancestors[node]:
            self._facts.heirs.setdefault(owner, {})[node] = known[0] if known else ""
        if known and self._is_plain(node, bases):
            self._facts.plain.add(node)
        inner = self._scopes.open(node, frame)
        self._facts.methods.update(node.body)
        self._run(node.body, inner)
        for name, value in inner.joined.items():
            self._facts.goes_on(self._facts.attributes, node, name, value)
            if any(isinstance(base, Named) and base.name.endswith("Enum") for base in bases):
                # It comes back as the `value` of a member.
                self._facts.lose(value, node.lineno)
        for item in node.body:
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                self._facts.goes_on(self._facts.attributes, node, item.target.id, self._annotations.field(item, frame))
                self._facts.hint(node, self._annotations.value(item.annotation, frame))
            if getattr(item, "name", "") == "__init__":
                self._facts.hint(node, self._facts.hints.get(item, TOP))
            for name in _fields_made_by(item):
                self._facts.goes_on(self._facts.attributes, node, name, self._facts.result_of(item))
        if known:
            self._expose(node, bases, frame, Named(known[0], sure=False))
        frame.bind(node.name, Local(node))

    def _expose(self, node: ast.ClassDef, bases: Sequence[Value], frame: Frame, made: Named) -> None:
        """Note that a class with a library base goes to its decorators and to the `__init_subclass__` of its bases."""
        above = (item for owner in self._facts.ancestors[node] for item in owner.body)
        hooks: list[ast.AST] = [item for item in above if getattr(item, "name", "") == "__init_subclass__"]
        for part in node.decorator_list:
            inner = part.func if isinstance(part, ast.Call) else part
            value = self._expressions.value(inner, frame)
            hooks += [value.node] if isinstance(value, Local) and inner is part else []
            for name in _names_of(value):
                self._expressions.between.note_sent(f"{name}{'()' if inner is not part else ''}:0", made)
        for hook in hooks:
            if names := parameters(hook):
                self._facts.goes_on(self._facts.arguments, hook, names[0], made)
        places = [(name, ".__init_subclass__:cls") for base in bases for name in _names_of(base)]
        for word in (word for word in node.keywords if word.arg == "metaclass"):
            meta = self._expressions.value(word.value, frame)
            places += [(name, ".__new__():=") for name in _names_of(meta)]
            if isinstance(meta, Local):
                self._facts.goes_on(self._facts.attributes, meta.node, "__new__()", made)
        for name, place in places:
            self._expressions.between.note_sent(f"{name}{place}", made)

    def _base(self, node: ast.expr, frame: Frame) -> Value:
        """Return a base class: that of `Base[int]` is `Base`."""
        value = self._expressions.value(node, frame)
        if not isinstance(node, ast.Subscript):
            return value
        # A generic class may ask for what it is made generic by.
        self._facts.lose(self._expressions.value(node.slice, frame), node.lineno)
        return self._expressions.value(node.value, frame)

    def _is_plain(self, node: ast.ClassDef, bases: Sequence[Value]) -> bool:
        """Tell whether a call of a class is one of its declared base: no class before that makes objects itself."""
        if node.decorator_list or node.keywords or self._makes_objects(node):
            return False
        for base in bases:
            match base:
                case Named(sure=True, name=name) if name in self._expressions.known.classes:
                    return True
                case Local(node=ast.ClassDef() as local) if local in self._facts.plain:
                    return True
                case ForeignDefinition(handed=handed) if handed.base and handed.sure:
                    return True
                case Local(node=ast.ClassDef() as local) if not local.bases and not self._makes_objects(local):
                    continue
                case Named(sure=True, name=name) if name in _MAKING_NOTHING:
                    continue
            return False
        return False

    def _makes_objects(self, node: ast.ClassDef) -> bool:
        return any(name in self._expressions.replaced for name in _MAKING) or any(
            _MAKING & frozenset(_bound_in(item)) for item in walk(node)
        )

    def _declared(self, base: Value) -> str:
        """Return the declared class that a base is or derives from, through any mixin."""
        if isinstance(base, Named):
            return base.name if base.name in self._expressions.known.classes else ""
        if isinstance(base, ForeignDefinition):
            return base.handed.base
        return self._facts.bases.get(base.node, "") if isinstance(base, Local) else ""


def _bound_in(item: ast.AST) -> Iterator[str]:
    match item:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
            yield name


def _fields_made_by(item: ast.stmt) -> Iterator[str]:
    """Yield the fields whose value a method makes: `@field_validator("box")`, `@box.default`."""
    for decorator in getattr(item, "decorator_list", ()):
        match decorator:
            case ast.Call(args=args):
                yield from (arg.value for arg in args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))
            case ast.Attribute(value=ast.Name(id=name), attr="default"):
                yield name


def _is_class(base: Value) -> bool:
    return isinstance(base, Local) and isinstance(base.node, ast.ClassDef)


def _names_of(base: Value) -> tuple[str, ...]:
    return base.handed.names if isinstance(base, ForeignDefinition) else base.names if isinstance(base, Named) else ()
