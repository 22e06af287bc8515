"""The nodes and scopes of a tree agree with CPython's own walk and symbol tables."""

from __future__ import annotations

import ast
import symtable
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import compatkit
from compatkit.rewrite.file.scopes import Scopes
from compatkit.rewrite.file.tree import AllNodes, walk

SOURCES = sorted(Path(compatkit.__file__).parent.glob("rewrite/**/*.py"))[::6]
EVERY_FORM = """
def outer(a: x, *b, c=default, d=lambda q, r=default: (q, [(u := t) for t in b]), **e) -> returned:
    local = 1
    def inner():
        nonlocal local
        global everywhere, elsewhere
        local, everywhere = 2, elsewhere
        return [x for x in p if (w := x) for y in x]
    class Kept(Base, metaclass=Meta):
        attribute: int = attribute
        listed = [attribute for attribute in attribute for _ in attribute]
        def method(self, attribute=attribute): return attribute
    match a:
        case {"x": x, **rest}: pass
        case [1, *star] | Kept(a=whole) as star: pass
    try: pass
    except Error as error: del error
    import p.q, r as s
@decorated(default)
def default(default=default): return lambda default=default: default
"""


PLAIN = ast.expr_context | ast.operator | ast.unaryop | ast.boolop | ast.cmpop
sources = pytest.mark.parametrize("source", [EVERY_FORM, *(path.read_text(encoding="utf-8") for path in SOURCES)])


def tables_below(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from tables_below(child)


@sources
def test_every_node_is_held_once(source: str) -> None:
    tree = ast.parse(source)

    nodes = AllNodes(tree)

    assert set(nodes) == {node for node in ast.walk(tree) if not isinstance(node, PLAIN)}
    assert len(nodes) == len(set(nodes))


@sources
def test_a_walk_meets_what_that_of_cpython_does_in_its_order(source: str) -> None:
    tree = ast.parse(source)

    assert walk(tree) == [node for node in ast.walk(tree) if not isinstance(node, PLAIN)]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="symtable gives names of comprehensions to the function there")
@sources
def test_scopes_bind_and_read_what_cpython_says(source: str) -> None:
    # With it, CPython reads no annotation.
    source = source.replace("from __future__ import annotations", "")
    tree = ast.parse(source)
    scopes = Scopes(tree, AllNodes(tree))
    tables = {
        (table.get_name(), table.get_lineno()): table for table in tables_below(symtable.symtable(source, "", "exec"))
    }
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    references = [
        reference for name in sorted(names) for reference in scopes.of(name) if isinstance(reference.node, ast.Name)
    ]

    for definition in ast.walk(tree):
        if not isinstance(definition, ast.FunctionDef | ast.ClassDef):
            continue
        scope, table = scopes.opened_by(definition), tables[definition.name, definition.lineno]
        assert scopes.bound_in(scope) == {symbol.get_name() for symbol in table.get_symbols() if symbol.is_local()}
        for reference in (reference for reference in references if reference.scope is scope):
            symbol, owner = table.lookup(reference.name), scopes.owner(reference)
            assert symbol.is_local() == (owner is scope)
            assert symbol.is_global() == (owner in (scopes.module, None))
