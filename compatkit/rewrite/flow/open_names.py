"""Find the modules and names that may be meant where the program chooses them at run time.

A module whose name is only partly written out is matched by a pattern: `plugins.*`, or `*`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.neighbours import Handed
from compatkit.rewrite.flow.handed import value_of
from compatkit.rewrite.flow.values import TOP, ForeignDefinition, Named, Value, doubtful, join_all

_CALLED = ("class", "function")
_OWN = frozenset({"__name__", "__package__"})


def loaded_name(node: ast.Call, found: Mapping[ast.AST, Value], home: FileModule) -> str:
    """Return the name of the module that a call such as `import_module(f".{name}", __package__)` loads."""
    given = [*node.args, *(word.value for word in node.keywords if word.arg in ("name", "package"))]
    text = pattern_of(given[0], found, home) if given else "*"
    if text == "*" and len(given) > 1:
        # A package is given for a name that is relative to it.
        text = ".*"
    if not text.startswith("."):
        return text
    level = len(text) - len(text.lstrip("."))
    within = home.base(1) if len(given) < 2 or _is_own(given[1]) else pattern_of(given[1], found, home)
    parts = (within or "*").split(".")
    return ".".join([*parts[: len(parts) - level + 1], *filter(None, [text.lstrip(".")])])


def pattern_of(node: ast.expr, found: Mapping[ast.AST, Value], home: FileModule) -> str:
    """Return the pattern of a text: a star for each part that is not written out."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            pattern = "".join(pattern_of(part, found, home) for part in parts)
        case ast.FormattedValue(value=inner):
            return pattern_of(inner, found, home)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            pattern = pattern_of(left, found, home) + pattern_of(right, found, home)
        case ast.Attribute(value=of, attr="__name__") if isinstance(module := found.get(of), Named):
            return module.name
        case ast.Name() if _is_own(node) and home.name:
            return (home.base(1) or home.name) if node.id == "__package__" else home.name
        case _:
            return "*"
    return re.sub(r"\*[*\w]*", "*", pattern)


def _is_own(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in _OWN


def named_in(handed: Mapping[str, Handed], module: str, name: str) -> Value:
    """Return what a name, or with `*` any name, stands for in a module, as far as other files tell."""
    told = [(fact, value_of(fact)) for last, fact in _below(handed, module) if name in ("*", last)]
    if module == name == "*":
        # What a file only imports, nobody loads from there; by its own name a text has it, which is told.
        told = [pair for pair in told if pair[0].kind not in ("name", "partial")]
    if name != "*":
        return join_all((doubtful(value) for _, value in told), TOP)
    # Of several classes, that is the names of what they are, which are told from one another.
    classes = join_all((made for _, value in told if isinstance(made := class_of(value), Named)), TOP)
    called = (doubtful(value) for fact, value in told if fact.kind in _CALLED)
    return join_all(called, TOP) if classes is TOP else classes


def class_of(value: Value) -> Value:
    """Return a declared class, also where it is the base of one of another file; else any value."""
    if isinstance(value, ForeignDefinition) and value.handed.kind == "class" and value.handed.base:
        return Named(value.handed.base, sure=False)
    return doubtful(value) if isinstance(value, Named) and not value.how else TOP


def _below(handed: Mapping[str, Handed], module: str) -> Iterator[tuple[str, Handed]]:
    for dotted, fact in handed.items():
        of, _, last = dotted.rpartition(".")
        if ":" not in last and (of == module or ("*" in module and fnmatchcase(of, module))):
            yield last, fact
