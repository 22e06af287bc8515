"""--rename renames every use of an import, in every scope that it reaches, and no other name of the same spelling."""

from __future__ import annotations

from textwrap import dedent

import pytest

from compatkit.rewrite import Rewritten
from tests.rewrite.rules.rename.given import NEW, OLD, outcome_of, renamed

IN_FUNCTION = "def f():\n    from shop.core.old_home import Old\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Old()\n", "New()\n"),
        ("Old;  Old . x ;f(Old)\n", "New;  New . x ;f(New)\n"),
        ("é = 'é'; Old\n", "é = 'é'; New\n"),
        ("class A(Old, metaclass=Old): pass\n", "class A(New, metaclass=New): pass\n"),
        ("@Old\ndef f(a=Old, *, b=Old): return Old\n", "@New\ndef f(a=New, *, b=New): return New\n"),
        (
            "async def f():\n    async with Old() as x: await Old\n",
            "async def f():\n    async with New() as x: await New\n",
        ),
        ("def f(a: Old, *b: Old) -> Old: ...\n", "def f(a: New, *b: New) -> New: ...\n"),
        ("x: Old = Old()\n", "x: New = New()\n"),
        ("x = [Old for y in Old if Old]\n", "x = [New for y in New if New]\n"),
        ("lambda: (yield Old)\n", "lambda: (yield New)\n"),
        ("try: Old()\nexcept Old: raise Old from Old\n", "try: New()\nexcept New: raise New from New\n"),
        (
            dedent(
                """\
                match Old:
                    case Old(): pass
                    case Old.A: pass
                """
            ),
            dedent(
                """\
                match New:
                    case New(): pass
                    case New.A: pass
                """
            ),
        ),
        (
            dedent(
                """\
                def f():
                    global Old
                    return Old
                """
            ),
            dedent(
                """\
                def f():
                    global New
                    return New
                """
            ),
        ),
        (
            dedent(
                """\
                def f():
                    global x, Old , y
                    return Old
                """
            ),
            dedent(
                """\
                def f():
                    global x, New , y
                    return New
                """
            ),
        ),
        ("Old()\ndel Old\n", "New()\ndel New\n"),
        ("f'{Old.x} {Old.x!r:>{Old.width}}'\n", "f'{New.x} {New.x!r:>{New.width}}'\n"),
        ("'é' f'{Old.x}' 'x'\n", "'é' f'{New.x}' 'x'\n"),
        ("Old[Old:Old]\n", "New[New:New]\n"),
    ],
)
def test_use(before: str, after: str) -> None:
    assert renamed(OLD + before) == NEW + after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(a: 'Old') -> 'Old': ...\n", "def f(a: 'New') -> 'New': ...\n"),
        ("x: 'Old'\n", "x: 'New'\n"),
        ('x: "list[Old] | dict[str, Old.Inner]"\n', 'x: "list[New] | dict[str, New.Inner]"\n'),
        ("x: list['Old'] = []\n", "x: list['New'] = []\n"),
        ("x: Optional[list['Old']]\n", "x: Optional[list['New']]\n"),
        ("x: Annotated['Old', 'a note']\n", "x: Annotated['New', 'a note']\n"),
        ("def f(*a: 'Old', **b: 'Old'): ...\n", "def f(*a: 'New', **b: 'New'): ...\n"),
        (
            dedent(
                """\
                class C:
                    x: 'Old'
                    def f(self: 'C') -> 'Old': ...
                """
            ),
            dedent(
                """\
                class C:
                    x: 'New'
                    def f(self: 'C') -> 'New': ...
                """
            ),
        ),
    ],
)
def test_annotation_in_quotes(before: str, after: str) -> None:
    assert renamed(OLD + before) == NEW + after


@pytest.mark.parametrize(
    "rest",
    [
        "x.Old\n",
        "f(Old=1)\n",
        "def f(Old): return Old\n",
        dedent(
            """\
            def f():
                Old = 1
                return Old
            """
        ),
        "def f():\n    for Old in x: Old()\n",
        dedent(
            """\
            def f():
                import x as Old
                def g(): return Old
            """
        ),
        dedent(
            """\
            def f():
                Old = 1
                def g():
                    nonlocal Old
                    Old = 2
            """
        ),
        "lambda Old: Old\n",
        "[Old for Old in x]\n",
        "class C:\n    Old = 1\n",
        "class C:\n    def Old(self): return self.Old\n",
        dedent(
            """\
            def f():
                try: pass
                except E as Old: print(Old)
            """
        ),
        dedent(
            """\
            def f(x):
                match x:
                    case Old: return Old
            """
        ),
        "# Old\n",
        "'''Old is what this is about. See `Old`.'''\n",
        "def f():\n    '''Return an Old one.'''\n",
        "x = 'the Old way'\n",
        "x = 'elsewhere.Old'\n",
        "Older = x.Old_\n",
        dedent(
            """\
            def f():
                New = 1
                return New
            """
        ),
        "def f(New): return New\n",
        "class C:\n    def New(self): return self.New\n",
    ],
)
def test_what_is_only_called_so_stays(rest: str) -> None:
    assert renamed(f"{OLD}Old()\n{rest}") == f"{NEW}New()\n{rest}"


def test_import_in_a_function() -> None:
    source = IN_FUNCTION + dedent("""\
            def g():
                nonlocal Old
                return Old
            return Old
        Old = 1
        Old
        """)

    assert renamed(source) == (
        dedent("""\
            def f():
                from shop.core.new_home import New
                def g():
                    nonlocal New
                    return New
                return New
            Old = 1
            Old
            """)
    )


def test_import_of_a_global_in_a_function() -> None:
    source = f"def f():\n    global Old\n    {OLD}def g(): return Old\n"

    assert renamed(source) == f"def f():\n    global New\n    {NEW}def g(): return New\n"


def test_imports_in_several_scopes() -> None:
    assert renamed(f"{OLD}{IN_FUNCTION}    Old\nOld\n") == f"{NEW}{IN_FUNCTION}    Old\nOld\n".replace(
        "old_home", "new_home"
    ).replace("Old", "New")


def test_imports_on_two_branches() -> None:
    assert renamed(f"if x:\n    {OLD}else:\n    {OLD}Old\n") == f"if x:\n    {NEW}else:\n    {NEW}New\n"


def test_only_the_moved_name_of_several() -> None:
    assert renamed(
        dedent(
            """\
            from shop.core.old_home import (
                Old,  # why
                Kept,
            )
            Old, Kept
            """
        )
    ) == (
        dedent(
            """\
            from shop.core.old_home import (
                Kept,
            )
            from shop.core.new_home import New  # why
            New, Kept
            """
        )
    )


def test_several_moved_names_of_one_statement() -> None:
    source = "from shop.core.old_home import Old, Second\nOld, Second\n"

    assert renamed(source) == (
        dedent(
            """\
            from shop.core.new_home import New
            from shop.parts.second import Second
            New, Second
            """
        )
    )


def test_one_name_is_renamed_where_another_of_the_statement_is_kept() -> None:
    outcome = outcome_of(
        dedent(
            """\
            from shop.core.old_home import Old, Third
            Old, Third
            Third = 1
            """
        )
    )

    assert isinstance(outcome, Rewritten)
    assert outcome.source.decode() == (
        dedent(
            """\
            from shop.core.new_home import New
            from shop.parts.third import New as Third
            New, Third
            Third = 1
            """
        )
    )


def test_relative_import() -> None:
    assert renamed("from .old_home import Old\nOld\n", module="shop.core.app") == "from .new_home import New\nNew\n"


def test_newlines_and_encoding_are_kept() -> None:
    outcome = outcome_of(f"# coding: utf-8\r\n{OLD[:-1]}\r\nx = 'é'; Old\r\nOld\r")

    assert isinstance(outcome, Rewritten)
    assert outcome.source.decode() == f"# coding: utf-8\r\n{NEW[:-1]}\r\nx = 'é'; New\r\nNew\r"


def test_edit_is_told_once_where_the_import_stands() -> None:
    outcome = outcome_of(f"x = 1\n{OLD}Old\nOld\n")

    assert isinstance(outcome, Rewritten)
    assert [(edit.line, edit.message) for edit in outcome.edits] == [
        (2, "shop.core.old_home.Old -> shop.core.new_home.New")
    ]
