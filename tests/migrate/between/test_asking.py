"""Every form of an import yields the modules that Python would import, when searched for in raw bytes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from compatkit.migrate.between.asking import modules_of
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.prefilter.words import words_in_imports

HOME = FileModule("app.part.user", is_package=False)
NAMES = st.sampled_from(["app", "service", "größe", "_low", "x2", "imported", "fromage"])
SPACES = st.sampled_from([" ", "\t", "  ", " \f", " \\\n", "\\\n\t"])
ANY_SPACE = st.one_of(st.just(""), SPACES)
INSIDE = st.one_of(ANY_SPACE, st.sampled_from(["\n", "  # what (is) there\n", "#)\n", "# as x, y \\\n\n"]))
BEFORE = st.sampled_from(
    [
        "",
        "\f",
        "\ufeff",
        "if 1:\n    ",
        "if 1: ",
        "import os; ",
        "x = 1;",
        '"""a\n"""\n',
        "# import all of it\n",
        "\\\n",
    ]
)
AFTER = st.sampled_from(["", "  # from here, import", "; import sys", ";x = 1", "\n\nx = [import_ for import_ in ()]"])


@st.composite
def dotted_names(draw: st.DrawFn) -> str:
    parts = draw(st.lists(NAMES, min_size=1, max_size=3))
    return "".join([parts[0], *(f"{draw(ANY_SPACE)}.{draw(ANY_SPACE)}{part}" for part in parts[1:])])


@st.composite
def aliases(draw: st.DrawFn, names: st.SearchStrategy[str], spaces: st.SearchStrategy[str]) -> str:
    def one() -> str:
        local = f"{draw(SPACES)}as{draw(SPACES)}{draw(NAMES)}" if draw(st.booleans()) else ""
        return f"{draw(names)}{local}"

    return "".join([one(), *(f"{draw(spaces)},{draw(spaces)}{one()}" for _ in range(draw(st.integers(0, 3))))])


@st.composite
def statements(draw: st.DrawFn) -> str:
    if draw(st.booleans()):
        return f"import{draw(SPACES)}{draw(aliases(dotted_names(), ANY_SPACE))}"
    dots = "".join(draw(ANY_SPACE) + "." for _ in range(draw(st.integers(0, 3))))
    module = draw(dotted_names()) if not dots or draw(st.booleans()) else ""
    space = draw(ANY_SPACE) if dots else draw(SPACES)
    start = f"from{dots}{space}{module}{draw(SPACES) if module else draw(ANY_SPACE)}import"
    if draw(st.booleans()):
        return f"{start}{draw(SPACES)}{draw(aliases(NAMES, ANY_SPACE))}"
    comma = draw(st.sampled_from(["", ",", ", # the (last)\n"]))
    inner = f"{draw(INSIDE)}{draw(aliases(NAMES, INSIDE))}{comma}{draw(INSIDE)}"
    return f"{start}{draw(ANY_SPACE)}({inner})"


@st.composite
def sources(draw: st.DrawFn) -> bytes:
    text = f"{draw(BEFORE)}{draw(statements())}{draw(AFTER)}\n{draw(statements())}"
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))).encode()


def imports_of(source: bytes) -> Iterator[tuple[str, list[str]]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = (HOME.base(node.level) or "") if node.level else ""
            yield ".".join(filter(None, [base, node.module])), [alias.name for alias in node.names]


@given(sources())
def test_what_an_import_names_is_found_as_python_finds_it(source: bytes) -> None:
    expected = {
        name for of, names in imports_of(source) if of for name in (of, *(f"{of}.{imported}" for imported in names))
    }

    assert set(modules_of(source, HOME)) == expected


@given(sources())
def test_words_of_imports_are_those_of_all_their_lines(source: bytes) -> None:
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    named = [name for node in nodes for alias in node.names for name in (alias.name, alias.asname or "")]
    named += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]

    assert {word.encode() for name in named for word in re.findall(r"\w+", name)} <= set(words_in_imports(source))
