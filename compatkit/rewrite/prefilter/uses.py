"""Whether a file does more than import what leads to records, or takes arguments: if not, no value need be followed."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from compatkit.migration import Migration, Move
from compatkit.rewrite.file.parse import walk_statements
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.prefilter.words import is_spelled_outside, modern_names


def uses_any(source: Source, tree: ast.Module, migrations: Iterable[Migration], reexports: Iterable[Move] = ()) -> bool:
    """Tell whether a producer, a class or a function with declared arguments may be named outside of the imports.

    It may be by the name under which a facade hands it on, which the `reexports` tell.
    """
    if not source.text.isascii():
        # One name is spelled in several ways then.
        return True
    imports = [node for node in walk_statements(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    words = frozenset[str]().union(*map(modern_names, migrations), (move.old_name for move in reexports))
    renamed = {
        alias.asname
        for node in imports
        for alias in node.names
        if alias.asname and alias.name.rpartition(".")[2] in words
    }
    return is_spelled_outside(source, imports, words | renamed)
