"""Which names a file binds, and how often, all scopes taken together: what is bound once can be told apart."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from compatkit.rewrite.file.parse import local_name
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import Nodes

_TYPE_COMMENT = re.compile(r"#[ \t]*type:[^\r\n]*")
_TYPE_PARAMETERS = {"ParamSpec", "TypeVar", "TypeVarTuple"}


def bound_names(nodes: Nodes) -> Counter[str]:
    """Count every binding of every name, of whichever kind and in whichever scope. `import a.b` counts once a root."""
    counts: Counter[str] = Counter()
    roots: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            counts.update(alias.asname for alias in node.names if alias.asname)
            roots.update(alias.name.partition(".")[0] for alias in node.names if not alias.asname)
        else:
            counts.update(_bound_by(node))
    # Any number of `import a.b`, `import a.c` bind the one package.
    counts.update(roots)
    return counts


def quoted_annotations(nodes: Nodes) -> Iterator[str]:
    """Yield every text in an annotation: it is code that is only evaluated later, if ever."""
    for node in nodes:
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(annotation, ast.expr):
                texts = (each.value for each in ast.walk(annotation) if isinstance(each, ast.Constant))
                yield from (text for text in texts if isinstance(text, str))


def texts_of_types(source: Source, nodes: Nodes) -> str:
    """Return all annotations in quotes and all type comments: code that is not rewritten as such."""
    comments = _TYPE_COMMENT.findall(source.text) if "type:" in source.text else []
    return " ".join([*quoted_annotations(nodes), *comments])


def _bound_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.ImportFrom():
            yield from (local_name(alias) for alias in node.names)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.arg(arg=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names
        case _ if type(node).__name__ in _TYPE_PARAMETERS:
            yield node.name  # type: ignore[attr-defined]  # Python 3.12 and later
