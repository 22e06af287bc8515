"""Cache during a run what depends on the bytes of a source alone: its tree, nodes and scopes."""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from compatkit.rewrite.file.scopes import Scopes
from compatkit.rewrite.file.text import Ignored, Source, read_source
from compatkit.rewrite.file.tree import BLOCKS, AllNodes, parse, walk_statements

# So many bytes of sources are kept; a tree takes fifty times as much.
_MOST_BYTES = 2 * 2**20


class Syntax:
    """The text of a source, its tree, nodes and scopes, whatever the file is called. Nothing changes them."""

    def __init__(self, source: Source, tree: ast.Module) -> None:
        self.source = source
        self.tree = tree

    @cached_property
    def nodes(self) -> AllNodes:
        return AllNodes(self.tree)

    @cached_property
    def scopes(self) -> Scopes:
        return Scopes(self.tree, self.nodes)

    @cached_property
    def statements(self) -> list[ast.AST]:
        return list(walk_statements(self.tree))

    @cached_property
    def ignored(self) -> Ignored:
        return Ignored(self.source)

    @cached_property
    def blocks(self) -> list[list[ast.stmt]]:
        """All lists of statements."""
        fields = (getattr(node, name, None) for node in (self.tree, *self.statements) for name in BLOCKS)
        return [block for block in fields if isinstance(block, list)]


class _Kept(threading.local):
    """The sources that a thread has read, the last ones at the end: what fills itself lazily is not shared."""

    def __init__(self) -> None:
        self.runs = 0
        self.size = 0
        self.by_content: dict[bytes, Syntax] = {}


_kept = _Kept()


@contextmanager
def keeping_syntax() -> Iterator[None]:
    """Read each source once as long as this holds; by content, since files may change meanwhile."""
    _kept.runs += 1
    try:
        yield
    finally:
        _kept.runs -= 1
        if not _kept.runs:
            _kept.by_content.clear()
            _kept.size = 0


def read_syntax(data: bytes, *, is_last: bool = False) -> Syntax:
    """Read a source, which is not kept where this is the last time. Raises `RewriteError` for what is no Python."""
    by_content = _kept.by_content
    if (found := by_content.pop(data, None)) is not None:
        if is_last:
            _kept.size -= len(data)
        else:
            by_content[data] = found
        return found
    source = read_source(data)
    made = Syntax(source, parse(source.text))
    if _kept.runs and not is_last and len(data) <= _MOST_BYTES:
        by_content[data] = made
        _kept.size += len(data)
        while _kept.size > _MOST_BYTES:
            oldest = next(iter(by_content))
            del by_content[oldest]
            _kept.size -= len(oldest)
    return made
