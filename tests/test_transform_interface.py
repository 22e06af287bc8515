"""What `compatkit.transform` offers to whoever writes a `transform.py`."""

from __future__ import annotations

import libcst as cst
import pytest

from compatkit.transform import Report, SourceFile

TEXT = """\
from shop import buy as take
import shop

take(1)  # compatkit: ignore
if shop:
    take = shop.sell
take(2)
"""


@pytest.fixture(scope="module")
def file() -> SourceFile:
    return SourceFile(TEXT, module="app.main", is_ignored_line=lambda line: line == 4)


def calls(file: SourceFile) -> list[cst.Call]:
    found: list[cst.Call] = []

    class Calls(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 - LibCST's name
            found.append(node)

    file.tree.visit(Calls())
    return found


def test_the_tree_is_the_whole_text(file: SourceFile) -> None:
    assert file.tree.code == TEXT
    assert (file.module, file.is_package) == ("app.main", False)


def test_every_name_that_a_node_may_stand_for_is_reported(file: SourceFile) -> None:
    first, second = calls(file)

    assert file.names(first.func) == {"shop.buy"}
    assert file.names(second.func) == {"shop.buy", "take"}
    assert file.names(file.tree) == frozenset()


def test_line_and_mark_of_a_node(file: SourceFile) -> None:
    first, second = calls(file)

    assert [file.line(first), file.line(second)] == [4, 7]
    assert [file.is_ignored(first), file.is_ignored(second)] == [True, False]


def test_reports_are_kept_with_their_place() -> None:
    file = SourceFile("x = 1\ny = f(x)\n")

    file.report(calls(file)[0], "look here")

    assert file.reports == [Report(2, 5, "look here")]
