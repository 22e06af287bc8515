"""Uses of a name that no scope shows: by text, by looking names up while the code runs, by a parameter's own name."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator

from compatkit.migration import Move
from compatkit.rewrite.file.module_name import FileModule
from compatkit.rewrite.file.name_ranges import words_of
from compatkit.rewrite.file.read_scopes import names_in
from compatkit.rewrite.file.scopes import Scopes
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import Nodes, nodes_of

_DYNAMIC = frozenset({"globals", "locals", "exec", "eval"})
_ABOUT_HERE = frozenset({"vars", "dir"})
_FINDS_MODULES = frozenset({"import_module", "__import__", "getattr", "setattr"})


def is_dynamic(nodes: Nodes) -> bool:
    """Tell whether a file looks names up, or lists them, while it runs."""
    kinds = (*nodes_of(nodes, ast.Name, ast.Attribute), *nodes_of(nodes, ast.Call, ast.Subscript))
    return any(map(_is_dynamic, kinds))


def _is_dynamic(node: ast.AST) -> bool:
    # `vars(options)` is about something else, and so is `model.eval()`.
    match node:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="builtins" | "__builtins__"), attr=name):
            return name in _DYNAMIC
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


def imports_itself(nodes: Nodes, home: FileModule) -> bool:
    """Tell whether a file may import itself, and so read its own names behind a dot."""
    here = {home.name.rpartition(".")[2], "__main__"}
    for node in nodes_of(nodes, ast.Import, ast.ImportFrom):
        module = getattr(node, "module", None) or ""
        if here & {module.rpartition(".")[2], *(alias.name.rpartition(".")[2] for alias in node.names)}:
            return True
    return False


def parameter_line(nodes: Nodes, name: str) -> int | None:
    """Return the line of a parameter for which a test framework may look `name` up, as it does for fixtures."""
    for node in nodes_of(nodes, ast.FunctionDef, ast.AsyncFunctionDef):
        is_test = node.name.startswith("test") or any("fixture" in ast.dump(each) for each in node.decorator_list)
        if is_test and any(argument.arg == name for argument in (*node.args.posonlyargs, *node.args.args)):
            return node.lineno
    return None


def line_naming(source: Source, nodes: Nodes, scopes: Scopes, home: FileModule, move: Move) -> int | None:
    """Return the line of a text that may mean the name: an `__all__`, a type in quotes, a doctest, a type comment."""
    name = move.old_name
    word = words_of(name)
    lists = set(_listing_names(nodes))
    followed = {place.node for place in scopes.places if isinstance(place.node, ast.Constant)}
    for node in nodes_of(nodes, ast.Constant):
        if not (isinstance(node.value, str) and word.search(node.value)):
            continue
        # A type in quotes is code, down to the quotes within it.
        is_type = node in scopes.quoted and len(word.findall(node.value)) != names_in(node.value)[name]
        is_text = node not in followed and (node in lists or _may_mean(node.value, home, move))
        if is_type or is_text:
            return node.lineno
    comment = re.search(rf"#[ \t]*type:[^\r\n]*{word.pattern}", source.text)
    return source.line(comment.start()) if comment else None


def _listing_names(nodes: Nodes) -> Iterator[ast.AST]:
    """Yield the texts in which names stand side by side: those of an `__all__`, and those that are split."""
    for node in (*nodes_of(nodes, ast.Assign, ast.AugAssign), *nodes_of(nodes, ast.Call)):
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__"), *_]) | ast.AugAssign(target=ast.Name(id="__all__")):
                yield from ast.walk(node.value)
            case ast.Call(func=ast.Attribute(value=ast.Constant() as text, attr="split" | "splitlines")):
                yield text
            case ast.Call(func=ast.Attribute(value=ast.Name(id="__all__"))):
                yield from ast.walk(node)


def _may_mean(text: str, home: FileModule, move: Move) -> bool:
    """Tell whether a text may be code, or part of a path to the name; prose may mention it."""
    name = move.old_name
    bare = text.strip()
    if _reads(text, name) or _in_doctest(text, name):
        return True
    if re.search(r"\s", bare):
        here = home.name.rpartition(".")[2]
        return bool(here) and re.search(rf"(?<![\w.]){re.escape(here)}(?!\w)", bare) is not None and "import" in bare
    return not _is_path_elsewhere(bare, home, move)


def _is_path_elsewhere(text: str, home: FileModule, move: Move) -> bool:
    """Tell whether a text is a path to a name of another module, the old home itself say."""
    if re.match(rf"{re.escape(move.old_module)}[.:]", text):
        return True
    path = re.match(rf"(?P<module>\w+(?:\.\w+)*)[.:]{re.escape(move.old_name)}(?!\w)", text)
    if path is None or not home.name:
        return False
    return path["module"].rpartition(".")[2] not in {home.name.rpartition(".")[2], "__main__"}


def _reads(text: str, name: str) -> bool:
    try:
        tree = ast.parse(textwrap.dedent(text).strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(tree))


def _in_doctest(text: str, name: str) -> bool:
    return re.search(rf"(?m)^[ \t]*(?:>>>|\.\.\.)[^\n]*{words_of(name).pattern}", text) is not None
