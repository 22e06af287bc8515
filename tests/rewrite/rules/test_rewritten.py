"""The exact form of each rewrite: aliases, dots, comments and layout are kept, and the diff is small."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from compatkit.migration import Move
from compatkit.rewrite import Rewritten, rewrite_source
from compatkit.rewrite.edit.import_plan import Site, plan
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.outcome import RewriteError
from compatkit.rewrite.rules.moved_from_imports import _require_planned
from tests.shop.moves import MOVE, messages, outcome_of, rewritten

OLD = "from shop.core.old_home import"
NEW = "from shop.core.new_home import New as Old"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{OLD} Old", NEW),
        (f"{OLD} Old as O", "from shop.core.new_home import New as O"),
        (f"{OLD} Old as Old", NEW),
        (f"{OLD} Old as New", "from shop.core.new_home import New as New"),
        (f"{OLD} Second", "from shop.parts.second import Second"),
        (f"{OLD} Second as S", "from shop.parts.second import Second as S"),
        (f"{OLD} Old, Old as O", "from shop.core.new_home import New as Old, New as O"),
        (f"{OLD}  Old  as  O", "from shop.core.new_home import  New  as  O"),
        (f"{OLD}(Old)", "from shop.core.new_home import(New as Old)"),
        (f"{OLD} (Old,)", "from shop.core.new_home import (New as Old,)"),
        ("from shop . core . old_home import Old", NEW),
    ],
)
def test_single_statement(before: str, after: str) -> None:
    assert rewritten(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{OLD} Old, Other\n", f"{OLD} Other\n{NEW}\n"),
        (f"{OLD} Other, Old\n", f"{OLD} Other\n{NEW}\n"),
        (f"{OLD} A, Old, B\n", f"{OLD} A, B\n{NEW}\n"),
        (f"{OLD} A, Old, B as Old2", f"{OLD} A, B as Old2\n{NEW}"),
        (f"{OLD} Old, Second\n", f"{NEW}\nfrom shop.parts.second import Second\n"),
        (f"{OLD} A, Old, Second\n", f"{OLD} A\n{NEW}\nfrom shop.parts.second import Second\n"),
        (f"{OLD} A, Old, Old as O\n", f"{OLD} A\n{NEW}, New as O\n"),
        (f"{OLD} (A, Old)\n", f"{OLD} (A)\n{NEW}\n"),
        (f"{OLD} (A, Old,)\n", f"{OLD} (A,)\n{NEW}\n"),
    ],
)
def test_only_the_moved_name_gets_a_statement_of_its_own(before: str, after: str) -> None:
    assert rewritten(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"{OLD} (\n    A,  # a\n    Old,  # old\n    B,  # b\n)\n",
            f"{OLD} (\n    A,  # a\n    B,  # b\n)\n{NEW}  # old\n",
        ),
        (f"{OLD} (\n    Old,  # old\n    B,\n)\n", f"{OLD} (\n    B,\n)\n{NEW}  # old\n"),
        (f"{OLD} (\n    A,  # a\n    Old  # old\n)\n", f"{OLD} (\n    A  # a\n)\n{NEW}  # old\n"),
        (f"{OLD} (\n    A, Old,  # both\n    B,\n)\n", f"{OLD} (\n    A,  # both\n    B,\n)\n{NEW}\n"),
        (f"{OLD} (\n    Old, A,  # both\n    B,\n)\n", f"{OLD} (\n    A,  # both\n    B,\n)\n{NEW}\n"),
        (f"{OLD} (\n    # head\n    Old,\n    A,\n)\n", f"{OLD} (\n    # head\n    A,\n)\n{NEW}\n"),
        (
            f"{OLD} (  # open\n    A,\n    Old,\n    # tail\n)  # end\n",
            f"{OLD} (  # open\n    A,\n    # tail\n)  # end\n{NEW}\n",
        ),
        (
            f"{OLD} (\n    Old,  # old\n)\n",
            dedent(
                """\
                from shop.core.new_home import (
                    New as Old,  # old
                )
                """
            ),
        ),
    ],
)
def test_comments_stay_with_their_names(before: str, after: str) -> None:
    assert rewritten(before) == after


@pytest.mark.parametrize(
    ("comment", "copied"),
    [("  # noqa: F401", "  # noqa: F401"), ("  # type: ignore[x]", "  # type: ignore[x]"), ("  # note", "")],
)
def test_comment_that_steers_a_tool_holds_for_both_lines(comment: str, copied: str) -> None:
    assert rewritten(f"{OLD} A, Old{comment}\n") == f"{OLD} A{comment}\n{NEW}{copied}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"import os; {OLD} A, Old; x = 1\n", f"import os; {OLD} A; {NEW}; x = 1\n"),
        (f"if x: {OLD} A, Old\n", f"if x: {OLD} A; {NEW}\n"),
        (f"if x: \\\n    {OLD} A, Old\n", f"if x: \\\n    {OLD} A; {NEW}\n"),
        (f"{OLD} A, Old;\n", f"{OLD} A; {NEW};\n"),
        (f"{OLD} A, \\\n    Old\n", f"{OLD} A\n{NEW}\n"),
        (f"{OLD} \\\n    Old, A\n", f"{OLD} \\\n    A\n{NEW}\n"),
        (f"try: {OLD} Old\nexcept ImportError: pass\n", f"try: {NEW}\nexcept ImportError: pass\n"),
        (f"class A:\n\t{OLD} Old, B\n", f"class A:\n\t{OLD} B\n\t{NEW}\n"),
        (f"if x:\n\f    {OLD} Old, B\n", f"if x:\n\f    {OLD} B\n    {NEW}\n"),
        (f"x = 1; {OLD} (A, # a\n Old, # old\n)\n", f"x = 1; {OLD} (A, # a\n # old\n); {NEW}\n"),
    ],
)
def test_layout_around_the_statement_is_kept(before: str, after: str) -> None:
    assert rewritten(before) == after


@pytest.mark.parametrize(
    ("before", "module", "is_package", "after"),
    [
        ("from .old_home import Old", "shop.core.app", False, "from .new_home import New as Old"),
        ("from .old_home import Old", "shop.core", True, "from .new_home import New as Old"),
        ("from .core.old_home import Old", "shop.app", False, "from .core.new_home import New as Old"),
        ("from ..core.old_home import Old", "shop.api.app", False, "from ..core.new_home import New as Old"),
        ("from ..core.old_home import Old", "shop.api", True, "from ..core.new_home import New as Old"),
        ("from .. core.old_home import Old", "shop.api.app", False, "from .. core.new_home import New as Old"),
        ("from.old_home import Old", "shop.core.app", False, "from.new_home import New as Old"),
        ("from .old_home import Second", "shop.core.app", False, "from shop.parts.second import Second"),
        ("from.old_home import Second", "shop.core.app", False, "from shop.parts.second import Second"),
        ("from ..core.old_home import Second", "shop.core.app", False, "from ..parts.second import Second"),
        (
            "from .old_home import A, Second",
            "shop.core.app",
            False,
            "from .old_home import A\nfrom shop.parts.second import Second",
        ),
    ],
)
def test_relative_import_stays_relative_where_it_can(before: str, module: str, is_package: bool, after: str) -> None:
    assert rewritten(before, module=module, is_package=is_package) == after


def test_edits_are_counted_and_placed() -> None:
    outcome = outcome_of(f"x = 'é'; {OLD} Old\n{OLD} A, Old as O\n")

    assert isinstance(outcome, Rewritten)
    assert [(edit.line, edit.column, edit.code, edit.added_lines) for edit in outcome.edits] == [
        (1, 10, "CK101", 0),
        (2, 1, "CK101", 1),
    ]


def test_patched_string_beside_a_rewritten_import_is_reported() -> None:
    source = f"{OLD} Old\npatch('shop.core.old_home.Old')\n"

    assert rewritten(source).startswith(NEW)
    assert messages(source)[0].startswith("2:7 a string names shop.core.old_home.Old")


def test_import_beside_an_independent_import_of_the_new_name_is_rewritten() -> None:
    source = f"from shop.core.new_home import New\ndef f():\n    {OLD} Old\n"

    assert NEW in rewritten(source)


def test_fallback_for_another_name_is_no_reason_to_stop() -> None:
    source = f"try:\n    {OLD} Old\nexcept ImportError:\n    from shop.core.new_home import New as Other\n"

    assert NEW in rewritten(source)


RANGE = Move("CK103", "six.moves.range", "builtins.range")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from six.moves import range\nrange(1)\n", "range(1)\n"),
        ("from six.moves import range, queue\nrange(1)\n", "from six.moves import queue\nrange(1)\n"),
        (
            dedent("""\
                from six.moves import (
                    queue,
                    range,
                )
                """),
            dedent("""\
                from six.moves import (
                    queue,
                )
                """),
        ),
        (
            dedent("""\
                try:
                    from six.moves import range
                finally: ...
                """),
            dedent("""\
                try:
                    from builtins import range
                finally: ...
                """),
        ),
        ("from six.moves import range; range(1)\n", "from builtins import range; range(1)\n"),
        ("from six.moves import range as r\n", "from builtins import range as r\n"),
        ("from six.moves import range\n__all__ = ['range']\n", "from builtins import range\n__all__ = ['range']\n"),
        ("from six.moves import range\nrange = 1\n", "from builtins import range\nrange = 1\n"),
        ("from six.moves import range\nfrom a import *\n", "from builtins import range\nfrom a import *\n"),
        (
            dedent("""\
                from six.moves import (
                    a,
                    range,  # b
                )
                """),
            dedent("""\
                from six.moves import (
                    a,
                )
                from builtins import range  # b
                """),
        ),
    ],
)
def test_a_builtin_is_imported_only_where_somebody_needs_that(before: str, after: str) -> None:
    outcome = rewrite_source(before.encode(), module="shop.app", is_package=False, moves=[RANGE])

    assert isinstance(outcome, Rewritten)
    assert outcome.source.decode() == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import queue\nfrom six.moves import queue\n", "import queue\n"),
        ("import queue as q\nfrom six.moves import queue as q, a\n", "import queue as q\nfrom six.moves import a\n"),
        ("import queue\nfrom six.moves import queue as q\n", "import queue\nimport queue as q\n"),
        # Bound by something else in between, or not surely above.
        (
            dedent("""\
                import queue
                queue = 1
                from six.moves import queue
                """),
            dedent("""\
                import queue
                queue = 1
                import queue
                """),
        ),
        (
            dedent("""\
                if a:
                    import queue
                from six.moves import queue
                """),
            dedent("""\
                if a:
                    import queue
                import queue
                """),
        ),
        ("from six.moves import queue\nimport queue\n", "import queue\nimport queue\n"),
        # Reading it changes nothing.
        (
            dedent("""\
                import queue
                from six.moves import queue
                queue.Queue()
                """),
            "import queue\nqueue.Queue()\n",
        ),
    ],
)
def test_what_is_imported_above_is_not_imported_again(before: str, after: str) -> None:
    moves = [Move("CK103", "six.moves.queue", "queue", kind="module")]
    outcome = rewrite_source(before.encode(), module="shop.app", is_package=False, moves=moves)

    assert isinstance(outcome, Rewritten)
    assert outcome.source.decode() == after


@pytest.mark.parametrize("line", ["Old, Old2", "Old2, Old", "(Old, Old2)", "Old as Old, Old2", "Old2, Old  # both"])
def test_of_two_that_move_together_only_the_one_that_is_not_there_is_imported(line: str) -> None:
    moves = [Move("CK101", f"shop.core.old.{name}", f"shop.core.new.{name}") for name in ("Old", "Old2")]
    above = "from shop.core.new import Old\n"

    outcome = rewrite_source(
        f"{above}from shop.core.old import {line}\n".encode(), module="shop.app", is_package=False, moves=moves
    )

    assert isinstance(outcome, Rewritten), outcome
    first, second = ast.parse(outcome.source).body
    assert ast.unparse(first) + "\n" == above
    assert ast.unparse(second) == "from shop.core.new import Old2"
    said = outcome.edits[0].message.split("; ")
    there = "shop.core.old.Old -> shop.core.new.Old, which is imported already"
    assert sorted(said) == [there, "shop.core.old.Old2 -> shop.core.new.Old2"]


def test_a_builtin_that_a_function_inside_rebinds_keeps_its_import() -> None:
    inside = "    def g():\n        nonlocal range\n    return g\n"
    source = f"def f():\n    from six.moves import range\n{inside}"

    outcome = rewrite_source(source.encode(), module="shop.app", is_package=False, moves=[RANGE])

    assert isinstance(outcome, Rewritten), outcome
    assert outcome.source.decode() == f"def f():\n    from builtins import range\n{inside}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "from shop.core.new_home import (",
        "import New as Old",
        NEW.replace(" as Old", ""),
        f"{NEW}\n{NEW}",
        f"{NEW}; x",
    ],
)
def test_a_text_that_is_not_all_that_was_planned_and_nothing_more_is_refused(text: str) -> None:
    (node,) = ast.parse(f"{OLD} Old").body
    assert isinstance(node, ast.ImportFrom)
    planned = plan(Site(node, (MOVE,)), FileModule("shop.app", is_package=False))

    _require_planned([f"  {NEW}"], planned)
    with pytest.raises(RewriteError):
        _require_planned([text], planned)
