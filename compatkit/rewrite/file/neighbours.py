"""Other files' say on one: which names their star imports bring and take, and which targets exist."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Literal

from compatkit.rewrite.file.imports import bound_by
from compatkit.rewrite.file.read_scopes import read_scopes
from compatkit.rewrite.file.text import read_source
from compatkit.rewrite.file.tree import Nodes, parse
from compatkit.rewrite.outcome import RewriteError

# Where one of these stands, names may come and go without being written down.
_DYNAMIC = frozenset({"globals", "locals", "exec", "eval"})


@dataclass(frozen=True, slots=True)
class StarNames:
    """The names that are brought for certain, and all that may be; None where any name may."""

    certain: frozenset[str] = frozenset()
    possible: frozenset[str] | None = None

    def may_bring(self, name: str) -> bool:
        """Tell whether a name cannot be ruled out."""
        return self.possible is None or name in self.possible


UNKNOWN = StarNames()


def read_star_names(source: bytes, *, is_package: bool) -> StarNames:
    """Work out what a module exports. Nothing is imported; what the text does not settle is left open.

    >>> sorted(read_star_names(b"import os\\nclass Thing: ...\\n_own = 1", is_package=False).certain)
    ['Thing', 'os']
    """
    try:
        tree = parse(read_source(source).text)
    except RewriteError:
        return UNKNOWN
    nodes = list(ast.walk(tree))
    if any(_is_dynamic(node) for node in nodes):
        return UNKNOWN
    if any(_name(node) == "__all__" for node in nodes):
        listed = _listed(tree, nodes)
        return UNKNOWN if listed is None else StarNames(listed, listed)
    bound = read_scopes(tree).module.bound
    deleted = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del)}
    certain = _public(name for statement in tree.body for name in _bound_at_once(statement)) - deleted
    # A package also exports the submodules that anyone has imported so far.
    is_open = is_package or "*" in bound
    return StarNames(certain - {"*"}, None if is_open else _public(iter(bound)))


def _listed(tree: ast.Module, nodes: Nodes) -> frozenset[str] | None:
    """Return the names in `__all__`, or None unless it is one plain list that nothing adds to."""
    values = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and any(_name(target) == "__all__" for target in (getattr(node, "targets", None) or [node.target]))  # type: ignore[union-attr]
    ]
    if sum(_name(node) == "__all__" for node in nodes) != 1 or len(values) != 1:
        return None
    value = values[0]
    if not isinstance(value, ast.List | ast.Tuple):
        return None
    names = [item.value for item in value.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return frozenset(names) if len(names) == len(value.elts) else None


def _bound_at_once(statement: ast.stmt) -> Iterator[str]:
    """Yield what a statement at the top level binds whenever the module is imported."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import() | ast.ImportFrom():
            yield from (bound_by(statement, alias) for alias in statement.names)
        case ast.Assign(targets=targets):
            nodes = (node for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))
            yield from (node.id for node in nodes if isinstance(node.ctx, ast.Store))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            yield name


def _is_dynamic(node: ast.AST) -> bool:
    # `vars(options)` is about something else, and so is `model.eval()`; `sys.modules` may lead back to this module.
    match node:
        case ast.Call(func=ast.Name(id="vars"), args=[]):
            return True
        case ast.Name(id=name):
            return name in _DYNAMIC
        case ast.Attribute(attr=name):
            return name == "modules"
    return False


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Global(names=[name]):
            return name
    return ""


def _public(names: Iterator[str]) -> frozenset[str]:
    return frozenset(name for name in names if not name.startswith("_"))


@dataclass(frozen=True, slots=True)
class Handed:
    """A value that one file hands to another, if a migration is about it.

    Attributes:
        kind: a dotted name of a library, an object, a function or class of a file, several in a container.
        names: what it may be; of an object, its class; of what a file defines, where.
        sure: nothing else can be meant; of a class, a call of it is one of its base.
        inner: what a function gives, as `()`; what a class holds; the class of an object; the `item` of a container.
        base: of a class, the declared class that it inherits from.
    """

    kind: Literal["name", "object", "function", "class", "many", "table"]
    names: tuple[str, ...] = ()
    sure: bool = False
    inner: tuple[tuple[str, Handed], ...] = ()
    base: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What one file tells others.

    Attributes:
        handed: its own names; `sent`: what it gives to functions of others, as `module.function:parameter`.
        mixins: classes of others that it has for bases beside a declared one.
        defined: names of members that its classes with a declared base define themselves.
    """

    handed: tuple[tuple[str, Handed], ...] = ()
    sent: tuple[tuple[str, Handed], ...] = ()
    mixins: tuple[tuple[str, str], ...] = ()
    defined: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Facts about one file from those around it.

    Attributes:
        stars: modules of which the file imports `*`, with what that brings; a module that is not here is unknown.
        taken: old names that another file may import from this one; None where any may be.
        absent: new dotted names that are not there, each with what is missing, where their sources can be seen.
        read: local names of modules that another file reads from this one, each with the attribute that it reads behind
            it, where that is known; None where any may be.
        options: declared options of command lines that a program of the project defines itself.
        handed, sent, mixed, overridden: what other files tell: their names, what they give to functions of this one as
            `function:parameter`, the declared class beside which they have a class of this one for a base, and members
            that subclasses define themselves.
    """

    stars: tuple[tuple[str, StarNames], ...] = ()
    taken: frozenset[str] | None = frozenset()
    read: frozenset[str] | None = frozenset()
    absent: tuple[tuple[str, str], ...] = ()
    options: frozenset[str] = frozenset()
    handed: tuple[tuple[str, Handed], ...] = ()
    sent: tuple[tuple[str, Handed], ...] = ()
    mixed: tuple[tuple[str, str], ...] = ()
    overridden: frozenset[str] = frozenset()

    @property
    def is_told(self) -> bool:
        """True where other files hand on what changed, so that this one need not name its library."""
        return bool(self.handed or self.sent or self.mixed)

    def may_be_taken(self, name: str) -> bool:
        """Tell whether another file may import a moved name from this one."""
        return self.taken is None or name in self.taken

    def may_be_read(self, name: str, attributes: Set[str] | None = None) -> bool:
        """Tell whether another file may read the local name of a module from this one; of given `attributes` only."""
        if self.read is None:
            return True
        behind = [attribute for each in self.read for local, _, attribute in [each.partition(".")] if local == name]
        return any(not each or attributes is None or each in attributes for each in behind)

    def absence_of(self, new: str) -> str:
        """Say what is missing of a new name, or of the module that holds it, or nothing."""
        return next((what for name, what in self.absent if new == name or new.startswith(f"{name}.")), "")


ALONE = Neighbours()
