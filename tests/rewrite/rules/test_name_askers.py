"""Functions that ask for names, in whichever file, and files that look as if only their imports mattered."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate.between.asking import askers_for
from compatkit.migrate.between.naming import ModuleName, Namer
from compatkit.migrate.finding.find import FoundFile
from compatkit.migration import Move
from compatkit.rewrite import Rewritten, rewrite_source
from compatkit.rewrite.file.neighbours import Neighbours
from compatkit.rewrite.file.syntax import read_syntax
from compatkit.rewrite.rules.name_askers import find_askers
from tests.shop.moves import MOVES, OLD, messages, plant


def _told(source: str) -> list[str]:
    """Return what is said where a module of one word moves."""
    moves = [Move("CK101", "storage", "shop.store", kind="module")]
    outcome = rewrite_source(source.encode(), module="app", is_package=False, moves=moves)
    assert isinstance(outcome, Rewritten)
    return [found.message for found in outcome.findings]


def test_an_asker_of_another_file_counts_where_nothing_else_asks() -> None:
    source = f"from registry import add\n{OLD}add(Old)\n".encode()
    askers = (("registry.add", "0", "__name__"),)
    outcome = rewrite_source(source, module="app", is_package=False, moves=MOVES, neighbours=Neighbours(askers=askers))

    assert isinstance(outcome, Rewritten)
    assert [(finding.line, finding.column, finding.code) for finding in outcome.findings] == [(3, 5, "CK101")]


@pytest.mark.parametrize("key", ["Old", "old", "OLD"])
def test_a_text_in_any_case_is_looked_up_by_a_name_that_is_asked_for(key: str) -> None:
    assert len(messages(f"{OLD}def key(it):\n    return it.__name__.lower()\nx = TABLE['{key}']\n")) == 1


def test_a_name_that_only_its_import_spells_is_asked_by_nobody() -> None:
    assert messages(f"{OLD}def key(it):\n    return it.__name__\nx = key(Other)\n") == []


@pytest.mark.parametrize("asked", ["it.__class__.__name__", "type(it).__name__", "it.__class__.__name__.lower()"])
def test_a_text_that_is_the_name_of_a_module_is_no_class(asked: str) -> None:
    source = f"import storage\nx = TABLE['storage']\ndef key(it):\n    return {asked}\n"

    assert not [told for told in _told(source) if "__name__" in told]


def test_a_module_that_is_looked_up_by_its_name_is_called_by_all_of_it() -> None:
    source = "import storage\nx = TABLE['storage']\ndef key(it):\n    return it.__name__\n"
    (told,) = [told for told in _told(source) if "__name__" in told]

    assert "whose __name__ is shop.store now; line 4 asks for it" in told


@pytest.mark.parametrize("asked", ["it.__class__.__name__", "type(it).__name__"])
def test_a_class_is_looked_up_by_the_class_of_an_object(asked: str) -> None:
    assert len(messages(f"{OLD}def key(it):\n    return {asked}\nx = TABLE['Old']\n")) == 1


@pytest.mark.parametrize(
    ("source", "ways"),
    [
        ("def f(a, b): return b.__name__", {("f", "1"), ("f", "b")}),
        ("def f(a):\n    def g(b): return a.__name__\n    return g(1)", {("f", "0"), ("f", "a")}),
        ("def f(a): return a.__name__\ndef f(a): return a\ndef g(a): return f(a)", {("f", "0"), ("f", "a")}),
        (
            dedent("""\
                def f(a): return a.__name__
                @wrap(
                    lambda: 1)
                def g(it): return f(
                  it)
                def h(it): return f"""),
            {("f", "0"), ("f", "a"), ("g", "0"), ("g", "it")},
        ),
        (
            dedent("""\
                class C:
                    def __init__(self, it): self.x = it
                    def name(self): return self.x.__name__"""),
            {("C", "0"), ("C", "it"), ("C.__init__", "0"), ("C.__init__", "it")},
        ),
        ("class C:\n    def __init__(self, it): self.x = it\ndef name(self): return self.x.__name__", set()),
        ("print(f.__name__)\ndef f(a): return a", set()),
    ],
)
def test_a_function_asks_what_its_own_lines_ask(source: str, ways: set[tuple[str, str]]) -> None:
    found = find_askers(read_syntax(dedent(source).encode()))

    assert {(way, place) for way, place, _ in found if place[:4] != "self" and way[:1] != "*"} == ways


@pytest.mark.parametrize(
    "use",
    [
        "add(Old)",
        "from shop.core.old_home import Old as It; add(It)",
        "from shop.core.old_home import (Old)",
        "from shop.core.old_home import Old; add(Old)",
        "add(º)",
    ],
)
def test_a_project_is_asked_for_its_askers_where_a_name_is_more_than_imported(use: str, tmp_path: Path) -> None:
    plant(tmp_path, {"registry.py": "def add(it): return it.__name__\n", "app.py": ""})
    file, named = FoundFile(str(tmp_path / "app.py"), str(tmp_path)), ModuleName("app", is_package=False)
    source = f"from registry import add\n{OLD}"

    assert askers_for(source.encode(), file, named, Namer(MOVES), MOVES) == ()
    found = askers_for(f"{source}{use}\n".encode(), file, named, Namer(MOVES), MOVES)
    assert ("registry.add", "0", "__name__") in found
