"""Parse a source, or compile it, without its warnings; and walk its statements."""

from __future__ import annotations

import ast
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from compatkit.rewrite.errors import RewriteError

# warnings.catch_warnings changes global state, and a thread pool may run several workers at once.
_COMPILING = threading.Lock()

# The fields of statements that hold statements, or what holds statements in its turn.
BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")


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
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        for field in BLOCKS:
            pending += reversed(getattr(node, field, ()))
        if not isinstance(node, ast.Module):
            yield node
