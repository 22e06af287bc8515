"""Find readers of a name outside the code of its scope: strings, dynamic lookups, parameters, other files."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Collection, Iterator, Set
from typing import TYPE_CHECKING

from compatkit.rewrite.file.scopes import Reference, names_in
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import nodes_of, read_literal, span

if TYPE_CHECKING:
    from compatkit.migration import Move
    from compatkit.rewrite.file.file import File
    from compatkit.rewrite.file.scopes import Scope

_DYNAMIC = frozenset({"globals", "locals", "exec", "eval"})
_ABOUT_HERE = frozenset({"vars", "dir"})
_FINDS_MODULES = frozenset({"import_module", "__import__", "getattr", "setattr"})
# What takes an object and the name of one of its attributes, or makes a function of such a name.
_BY_NAME = frozenset(
    {"attrgetter", "delattr", "getattr", "hasattr", "methodcaller", "object", "setattr", "spy", "stub"}
)


def reader_of(file: File, local: str, scope: Scope, attributes: Set[str] | None = None) -> str:
    """Say who may read what an import binds in a scope besides its code, or nothing: a text, a look-up, another file.

    Asked before a name is removed, or comes to stand for another module, which has not all that the old one had.
    """
    if is_dynamic(file):
        return "this file looks up names while it runs (globals, locals, eval, exec or its own module)"
    if line := _line_reading(file, local):
        return f"the text in line {line} may read {local!r}"
    return outside_reader_of(file, local, scope, attributes)


def outside_reader_of(file: File, local: str, scope: Scope, attributes: Set[str] | None = None) -> str:
    """Say which other file may read a local name of a module, and what lies behind it, or nothing.

    Where the name goes on standing for what it does, only who reads one of the `attributes` that are changed matters.
    """
    is_read = file.neighbours.may_be_read(local, attributes) or _reads_itself(file, local)
    return f"another file may read {local!r} from here" if scope is file.scopes.module and is_read else ""


def is_dynamic(file: File) -> bool:
    """Tell whether a file looks names up, or lists them, while it runs."""
    nodes = file.nodes
    if any(node.id in _DYNAMIC for node in nodes.of(ast.Name)):
        return True
    attributes = (node for node in nodes.of(ast.Attribute) if node.attr in _DYNAMIC)
    return any(map(_is_dynamic, (*attributes, *nodes.of(ast.Call), *nodes.of(ast.Subscript))))


def _is_dynamic(node: ast.AST) -> bool:
    # `vars(options)` is about something else, and so is `model.eval()`.
    match node:
        case ast.Attribute(value=ast.Name(id="builtins" | "__builtins__")):
            return True
        case ast.Call(func=ast.Name(id=name), args=[]) if name in _ABOUT_HERE:
            return True
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]) if name in _FINDS_MODULES:
            return _is_here(first)
        case ast.Subscript(value=ast.Attribute(attr="modules"), slice=key):
            return _is_here(key)
    return False


def _is_here(node: ast.expr) -> bool:
    """Tell whether an expression names the module that it stands in."""
    match node:
        case ast.Name(id="__name__") | ast.Constant(value="__main__"):
            return True
        case ast.Subscript(slice=key):
            return _is_here(key)
    return False


def imports_itself(file: File) -> bool:
    """Tell whether a file may import itself, and so read its own names behind a dot."""
    # What has no name, such as a notebook, is imported by nobody.
    here = {file.home.name.rpartition(".")[2], "__main__"} - {""}
    for node in nodes_of(file.nodes, ast.Import, ast.ImportFrom):
        module = getattr(node, "module", None) or ""
        if here & {module.rpartition(".")[2], *(alias.name.rpartition(".")[2] for alias in node.names)}:
            return True
    return False


def _reads_itself(file: File, local: str) -> bool:
    if not imports_itself(file):
        return False
    asked = any(imported.alias.name == local and isinstance(imported.node, ast.ImportFrom) for imported in file.imports)
    return asked or any(node.attr == local for node in nodes_of(file.nodes, ast.Attribute))


def parameter_line(file: File, name: str) -> int | None:
    """Return the line of a parameter for which a test framework may look `name` up, as it does for fixtures."""
    for node in nodes_of(file.nodes, ast.FunctionDef, ast.AsyncFunctionDef):
        is_test = node.name.startswith("test") or any(
            "fixture" in ast.dump(decorator) for decorator in node.decorator_list
        )
        if is_test and any(argument.arg == name for argument in (*node.args.posonlyargs, *node.args.args)):
            return node.lineno
    return None


def line_naming(file: File, move: Move) -> int | None:
    """Return the line of a text that may mean a moved name: `__all__`, a type in quotes, a doctest, a type comment."""
    name, quoted = move.old_name, file.scopes.quoted
    word = words_of(name)
    lists = set(_listing_names(file))
    for node in nodes_of(file.nodes, ast.Constant):
        if not (isinstance(node.value, str) and word.search(node.value)):
            continue
        # A type in quotes is code, down to the quotes within it.
        names = names_in(node.value)[name] if node in quoted else 0
        is_type = node in quoted and len(word.findall(node.value)) != names
        is_text = not names and (node in lists or _may_mean(node.value, file, move))
        if is_type or is_text:
            return node.lineno
    return _comment_naming(file, name)


def _comment_naming(file: File, name: str) -> int | None:
    """Return the line of a type comment that names something."""
    if name not in file.type_comments:
        return None
    comment = re.search(rf"#[ \t]*type:[^\r\n]*{words_of(name).pattern}", file.source.text)
    return file.source.line(comment.start()) if comment else None


def exported(file: File) -> frozenset[str]:
    """Return the names in `__all__`, however it comes about."""
    texts = (node for node in _listing_names(file, splits=False) if isinstance(node, ast.Constant))
    return frozenset(node.value for node in texts if isinstance(node.value, str))


def _listing_names(file: File, *, splits: bool = True) -> Iterator[ast.AST]:
    """Yield the texts in which names stand side by side: those of an `__all__`, and those that are split."""
    for node in (*nodes_of(file.nodes, ast.Assign, ast.AugAssign, ast.AnnAssign), *nodes_of(file.nodes, ast.Call)):
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__"), *_]) | ast.AugAssign(target=ast.Name(id="__all__")):
                yield from ast.walk(node.value)
            case ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value):
                yield from ast.walk(value)
            case ast.Call(func=ast.Attribute(value=ast.Constant() as text, attr="split" | "splitlines")) if splits:
                yield text
            case ast.Call(func=ast.Attribute(value=ast.Name(id="__all__"))):
                yield from ast.walk(node)


def _line_reading(file: File, local: str) -> int | None:
    """Return the line of a text that reads a name, or what lies behind it: code, a doctest, a path through this file.

    The bare name alone is a text like any other, unless it is listed, or asked of an object.
    """
    word, here = words_of(local), re.escape(file.home.name.rpartition(".")[2])
    before = rf"(?:\A|[^\w.]|(?<!\w){here})" if here else r"\A"
    behind = re.compile(rf"{before}[.:]{re.escape(local)}(?!\w)")
    asked = {part for part in _asked_by_name(file) if part.value == local}
    listed = set(_listing_names(file, splits=False))
    for node in nodes_of(file.nodes, ast.Constant):
        text = node.value
        if not isinstance(text, str) or local not in text or not word.search(text) or node in file.scopes.quoted:
            continue
        is_read = _reads_through(text, local) or _in_doctest(text, local) or behind.search(text)
        if is_read or node in asked or (node in listed and text == local):
            return node.lineno
    return _comment_naming(file, local)


def _asked_by_name(file: File) -> Iterator[ast.Constant]:
    for node in nodes_of(file.nodes, ast.Call):
        match node.func:
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in _BY_NAME:
                yield from (part for part in node.args if isinstance(part, ast.Constant))


def _reads_through(text: str, local: str) -> bool:
    """Tell whether a text is code that asks something of the name."""
    if f"{local}." not in text.replace(" ", ""):
        return False
    try:
        tree = ast.parse(textwrap.dedent(text).strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    attributes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return any(isinstance(node.value, ast.Name) and node.value.id == local for node in attributes)


def _may_mean(text: str, file: File, move: Move) -> bool:
    """Tell whether a text may be code, or part of a path to the name; prose may mention it."""
    name = move.old_name
    bare = text.strip()
    if _reads(text, name) or _in_doctest(text, name):
        return True
    if re.search(r"\s", bare):
        here = file.home.name.rpartition(".")[2]
        return bool(here) and re.search(rf"(?<![\w.]){re.escape(here)}(?!\w)", bare) is not None and "import" in bare
    return not _is_path_elsewhere(bare, file, move)


def _is_path_elsewhere(text: str, file: File, move: Move) -> bool:
    """Tell whether a text is a path to a name of another module, the old home itself say."""
    if re.match(rf"{re.escape(move.old_module)}[.:]", text):
        return True
    path = re.match(rf"(?P<module>\w+(?:\.\w+)*)[.:]{re.escape(move.old_name)}(?!\w)", text)
    if path is None or not file.home.name:
        return False
    return path["module"].rpartition(".")[2] not in {file.home.name.rpartition(".")[2], "__main__"}


def _reads(text: str, name: str) -> bool:
    try:
        tree = ast.parse(textwrap.dedent(text).strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(tree))


def _in_doctest(text: str, name: str) -> bool:
    if ">>>" not in text and "..." not in text:
        return False
    return re.search(rf"(?m)^[ \t]*(?:>>>|\.\.\.)[^\n]*{words_of(name).pattern}", text) is not None


Range = tuple[int, int]


def ranges_of(file: File, places: Collection[Reference], name: str) -> list[Range] | None:
    """Return the characters that spell `name` at its places, or None where they cannot be told for certain."""
    found: set[Range] = set()
    for place in places:
        holder = file.in_fstring(place.node) or place.node
        ranges = _ranges(file.source, holder, name)
        inside = [ref for ref in places if file.in_fstring(ref.node) is holder]
        if not ranges or (isinstance(holder, ast.JoinedStr) and len(ranges) != len(inside)):
            return None
        found.update(ranges)
    return sorted(found)


def _ranges(source: Source, node: ast.AST, name: str) -> list[Range]:
    match node:
        case ast.Name():
            start, end = span(source, node)
            return [(start, end)] if source.text[start:end] == name else []
        case ast.Constant(value=str(text)):
            # A quoted annotation: each mention must be the name itself, not an attribute's or a keyword's.
            literal = read_literal(source, node)
            ranges = list(_words(source.text, literal.start, literal.end, name)) if literal else []
            return ranges if len(ranges) == names_in(text)[name] else []
        case ast.JoinedStr():
            return [] if _prints(node, name) else list(_words(source.text, *span(source, node), name))
        case ast.Global() | ast.Nonlocal():
            return list(_words(source.text, *span(source, node), name))
    return []


def _prints(node: ast.JoinedStr, name: str) -> bool:
    """Tell whether the name is also text of the f-string, as it is by `{name=}`."""
    texts = (constant.value for constant in ast.walk(node) if isinstance(constant, ast.Constant))
    return any(isinstance(text, str) and words_of(name).search(text) for text in texts)


def _words(text: str, start: int, end: int, name: str) -> Iterator[Range]:
    return (match.span() for match in words_of(name).finditer(text, start, end))


def words_of(name: str) -> re.Pattern[str]:
    """Return the pattern of a name that is not a part of a longer one."""
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
