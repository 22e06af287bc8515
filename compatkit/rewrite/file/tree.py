"""The tree of a file: parsed, walked once, and where its nodes and string literals stand in the text."""

from __future__ import annotations

import ast
import re
import threading
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar, overload

from compatkit.rewrite.file.text import Source
from compatkit.rewrite.outcome import RewriteError

# warnings.catch_warnings changes global state, and a thread pool may run several workers at once.
_COMPILING = threading.Lock()

# The fields of statements that hold statements, or what holds statements in its turn.
BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")

_LITERAL = re.compile(r"(?P<prefix>[rRuU]?)(?P<quote>\"\"\"|'''|\"|')(?P<content>.*)(?P=quote)", re.DOTALL)
# In the signature that each kind of node has as its docstring: a field, with `*` for a list of what it holds.
_FIELD = re.compile(r"(\w+)([?*]?) (\w+)")
# What is no node, or one that says nothing more than the node that holds it: a load, an operator.
_PLAIN = frozenset(
    {"boolop", "cmpop", "constant", "expr_context", "identifier", "int", "operator", "string", "type_ignore", "unaryop"}
)


class _NodeFields(dict[type[ast.AST], tuple[tuple[str, bool], ...]]):
    """The fields of each kind of node that hold nodes, and whether as a list; a table: it is asked at every node."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[tuple[str, bool], ...]:
        fields = _FIELD.findall(kind.__doc__ or "")
        found = self[kind] = tuple((name, mark == "*") for held, mark, name in fields if held not in _PLAIN)
        return found


class _Blocks(dict[type[ast.AST], tuple[str, ...]]):
    """The fields of each kind of node that hold statements, or what holds them."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        found = self[kind] = tuple(field for field in kind._fields if field in BLOCKS)
        return found


_FIELDS = _NodeFields()
_BLOCKS_OF = _Blocks()
Nodes = Sequence[ast.AST]
A = TypeVar("A", bound=ast.AST)
B = TypeVar("B", bound=ast.AST)
C = TypeVar("C", bound=ast.AST)


def parse(text: str) -> ast.Module:
    """Parse a decoded source. Raises `RewriteError` for what CPython does not parse."""
    try:
        with quiet_compiler():
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RewriteError.unreadable(error) from error


def compiles(source: str | bytes) -> bool:
    """Tell whether CPython compiles a source, which is more than to parse it."""
    try:
        with quiet_compiler():
            compile(source, "<source>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


@contextmanager
def quiet_compiler() -> Iterator[None]:
    """Keep the compiler's warnings to itself: an invalid escape in the user's file is no news for us to bring."""
    with _COMPILING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def walk_statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield every statement and exception handler, but no expression: a tenth of the nodes, where all imports are."""
    pending: list[ast.AST] = [*reversed(tree.body)]
    while pending:
        node = pending.pop()
        # Most statements hold no others.
        for field in _BLOCKS_OF[type(node)]:
            pending += reversed(getattr(node, field, ()))
        yield node


@dataclass(frozen=True, slots=True)
class Literal:
    """A string literal in one piece: where its content begins and ends, and whether backslashes mean themselves."""

    start: int
    end: int
    is_raw: bool


def read_literal(source: Source, node: ast.Constant) -> Literal | None:
    """Return the literal whose text is the string's value, or None where it is spelled in another way."""
    literal = read_quoted(source, node)
    return literal if literal and source.text[literal.start : literal.end] == node.value else None


def read_quoted(source: Source, node: ast.Constant) -> Literal | None:
    """Return the literal between whose first and last quotes the string is; several in a row are not told apart."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    start, end = source.offset(node.lineno, node.col_offset), source.offset(node.end_lineno, node.end_col_offset)
    match = _LITERAL.fullmatch(source.text, start, end)
    return Literal(*match.span("content"), match["prefix"].lower() == "r") if match else None


def walk(*roots: ast.AST) -> list[ast.AST]:
    """Return what `ast.walk` yields of the roots but loads, stores and operators, in a third of the time."""
    nodes = [*roots]
    # A loop, and the list is what it has still to do: deep trees are no trouble.
    for node in nodes:
        for field, is_list in _FIELDS[type(node)]:
            child = getattr(node, field, None)
            if child is None:
                continue
            if is_list:
                # In place of a key, `None` stands for two stars.
                nodes += filter(None, child)
            else:
                nodes.append(child)
    return nodes


def expressions_in(node: ast.AST) -> list[ast.expr]:
    """Return the expressions right inside of a node, in the order of evaluation."""
    found: list[ast.expr] = []
    for field, is_list in _FIELDS[type(node)]:
        child = getattr(node, field, None)
        for part in child if is_list and child else (child,):
            if isinstance(part, ast.expr):
                found.append(part)
            elif isinstance(part, ast.keyword):
                found.append(part.value)
    return found


class AllNodes(list[ast.AST]):
    """All nodes of one tree but loads, stores and operators, those further out first; each kind also by itself.

    `parents` leads from each node to the one that holds it.
    """

    def __init__(self, tree: ast.AST) -> None:
        super().__init__([tree])
        self._by_kind: defaultdict[type[ast.AST], list[ast.AST]] = defaultdict(list)
        self.parents: dict[ast.AST, ast.AST] = {}
        by_kind, parents, append = self._by_kind, self.parents, self.append
        # A loop, and the list is what it has still to do: deep trees are no trouble.
        for node in self:
            kind = type(node)
            by_kind[kind].append(node)
            for field, is_list in _FIELDS[kind]:
                child = getattr(node, field)
                if is_list:
                    for part in child:
                        # In place of a key, `None` stands for two stars.
                        if part is not None:
                            append(part)
                            parents[part] = node
                elif child is not None:
                    append(child)
                    parents[child] = node

    def of(self, kind: type[A]) -> list[A]:
        """Return the nodes of exactly this kind."""
        return self._by_kind.get(kind, [])  # type: ignore[return-value]


@overload
def nodes_of(nodes: Nodes, first: type[A], /) -> list[A]: ...
@overload
def nodes_of(nodes: Nodes, first: type[A], second: type[B], /) -> list[A | B]: ...
@overload
def nodes_of(nodes: Nodes, first: type[A], second: type[B], third: type[C], /) -> list[A | B | C]: ...
def nodes_of(nodes: Nodes, *kinds: type[ast.AST]) -> list[ast.AST]:  # type: ignore[misc]
    """Return the nodes of some kinds, one kind after another. Each must be a kind that nodes are of, such as `Name`."""
    if isinstance(nodes, AllNodes):
        return [node for kind in kinds for node in nodes.of(kind)]
    return [node for kind in kinds for node in nodes if type(node) is kind]


def span(source: Source, node: ast.stmt | ast.expr | ast.alias) -> tuple[int, int]:
    """Return where a node begins and ends in the text."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return source.offset(node.lineno, node.col_offset), source.offset(node.end_lineno, node.end_col_offset)


def start_of(source: Source, node: ast.stmt | ast.expr | ast.alias | ast.keyword) -> int:
    return source.offset(node.lineno, node.col_offset)


def dotted(node: ast.expr) -> str:
    """Return `a.b.c` for such an expression, and nothing for others."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def defined_names(item: ast.stmt) -> Iterator[str]:
    """Yield what a statement in the body of a class defines."""
    match item:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            yield name


def kept_in(owner: ast.ClassDef, *, is_set: bool = False) -> set[str]:
    """Return what a class defines, and what it sets on its objects; if `is_set`, to something else than None."""
    nodes = walk(owner)
    empty = [node for node in nodes if isinstance(node, ast.Assign) and _is_none(node.value)] if is_set else []
    without = {id(target) for node in empty for target in node.targets}
    stored = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and id(node) not in without
        and dotted(node.value) == "self"
    }
    return stored.union(*(defined_names(item) for item in owner.body if item not in empty))


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def made_in(function: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda]:
    """Yield the functions that a function returns and are defined in it."""
    inside = walk(function)
    returned = [node.value for node in inside if isinstance(node, ast.Return)]
    names = {value.id for value in returned if isinstance(value, ast.Name)}
    yield from (value for value in returned if isinstance(value, ast.Lambda))
    functions = (node for node in inside if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    yield from (node for node in functions if node.name in names and node is not function)
