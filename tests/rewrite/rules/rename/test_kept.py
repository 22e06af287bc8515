"""Where --rename must keep the local name: something else has it, takes it, or reads it where no scope shows it."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest

from compatkit.rewrite import Rewritten, Skipped, Unchanged
from compatkit.rewrite.file.neighbours import Neighbours
from tests.rewrite.rules.rename.given import KEPT, NEW, OLD, kept, outcome_of

# Python 3.12 and later.
TYPE_SYNTAX = sys.version_info >= (3, 12)
REBOUND_TYPES = [
    "type Old = int\n",
    dedent(
        """\
        class C:
            Old = 1
            def f[T](self, x: Old): pass
        """
    ),
]
TAKEN_TYPES = [
    dedent(
        """\
        class C:
            New = 1
            def f[T](self, x: Old): pass
        """
    ),
    "def f[New](x: Old): pass\n",
]
IN_FUNCTION = "def f():\n    from shop.core.old_home import Old\n"


@pytest.mark.parametrize(
    "rest",
    [
        "Old = 1\n",
        "if x:\n    Old = 1\n",
        "Old += 1\n",
        "Old: int\n",
        "for Old in x: pass\n",
        "with x as Old: pass\n",
        "with x as (a, *Old): pass\n",
        "try: pass\nexcept E as Old: pass\n",
        "try: pass\nexcept* E as Old: pass\n",
        "(Old := 1)\n",
        "[(Old := y) for y in x]\n",
        "import Old\n",
        "import Old.deeper\n",
        "import x as Old\n",
        "from elsewhere import Old\n",
        "from elsewhere import x as Old\n",
        "def Old(): pass\n",
        "async def Old(): pass\n",
        "class Old(Old): pass\n",
        "match x:\n    case Old: pass\n",
        "match x:\n    case [*Old]: pass\n",
        "match x:\n    case {**Old}: pass\n",
        "match x:\n    case C(a=Old): pass\n",
        "match x:\n    case int() as Old: pass\n",
        dedent(
            """\
            def f():
                global Old
                Old = 1
            """
        ),
        dedent(
            """\
            def f():
                global Old
                def Old(): pass
            """
        ),
        "class C:\n    Old = Old\n",
        dedent(
            """\
            class C:
                global Old
                Old = 1
            """
        ),
        *(REBOUND_TYPES if TYPE_SYNTAX else []),
    ],
)
def test_name_that_is_bound_anew(rest: str) -> None:
    assert kept(OLD + rest).endswith("binds it too")


@pytest.mark.parametrize(
    "source",
    [
        f"try:\n    {OLD}except ImportError:\n    Old = None\n",
        f"if x:\n    {OLD}else:\n    from elsewhere import Old\n",
        f"if TYPE_CHECKING:\n    {OLD}else:\n    Old = object\n",
        f"for x in y:\n    {OLD}    Old = Old()\n",
    ],
)
def test_name_that_is_rebound_on_one_branch(source: str) -> None:
    assert kept(source).endswith("binds it too")


def test_nonlocal_that_binds() -> None:
    assert kept(IN_FUNCTION + "    def g():\n        nonlocal Old\n        Old = 1\n").endswith("line 5 binds it too")


def test_two_homes_of_one_name() -> None:
    outcome = outcome_of("from shop.core.old_home import Old, Second as Old\n")

    assert isinstance(outcome, Unchanged)


@pytest.mark.parametrize(
    "rest",
    [
        "New = 1\n",
        dedent(
            """\
            def f():
                global New
                New = 1
            """
        ),
        "from elsewhere import New\n",
        "from shop.core.other_home import New\n",
        "try: from shop.core.new_home import New\nexcept ImportError: New = None\n",
        "print(New)\n",
        "def f():\n    return New\n",
        "class C:\n    New = New\n",
        dedent(
            """\
            class C:
                if x: New = 1
                print(New)
            """
        ),
        "del New\n",
        "def f(a: 'New'): pass\n",
        dedent(
            """\
            def f():
                global New
                return New
            """
        ),
    ],
)
def test_new_name_that_means_something_else(rest: str) -> None:
    assert "New is taken by line" in kept(OLD + rest)


@pytest.mark.parametrize(
    "rest",
    [
        "def f(New): return Old\n",
        "def f(*New): return Old\n",
        "def f():\n    New = Old\n",
        dedent(
            """\
            def f():
                New = 1
                def g():
                    return Old
            """
        ),
        dedent(
            """\
            def f():
                from elsewhere import New
                return Old
            """
        ),
        "lambda New: Old\n",
        "[Old for New in x]\n",
        "[y for y in x for New in Old]\n",
        dedent(
            """\
            class C:
                New = 1
                x = Old
            """
        ),
        dedent(
            """\
            class C:
                def New(self): pass
                x: Old
            """
        ),
        dedent(
            """\
            def f(a):
                match a:
                    case New: return Old
            """
        ),
        *(TAKEN_TYPES if TYPE_SYNTAX else []),
    ],
)
def test_new_name_that_is_taken_where_the_old_one_is_used(rest: str) -> None:
    assert "New is taken " in kept(OLD + rest)


def test_import_in_a_function_below_a_parameter_of_the_new_name() -> None:
    assert "New is taken by line 1" in kept(f"def f(New):\n    {OLD}    return Old\n")


def test_new_name_that_is_imported_from_its_new_home_already() -> None:
    assert "New is taken by line 2" in kept(f"{OLD}{NEW}Old, New\n")


def test_two_names_that_would_become_one() -> None:
    outcome = outcome_of(f"{OLD}from shop.core.old_home import Third\nOld, Third\n")

    assert isinstance(outcome, Rewritten)
    assert outcome.source.decode() == f"{NEW}from shop.parts.third import New as Third\nNew, Third\n"
    assert [finding.message for finding in outcome.findings] == [
        "Third keeps its name here: something else becomes New here"
    ]


def test_class_attribute() -> None:
    assert "an attribute of a class" in kept(f"class C:\n    {OLD}")


def test_star_import() -> None:
    assert "a star import may bring New" in kept(f"{OLD}from elsewhere import *\n")


@pytest.mark.parametrize(
    "rest",
    [
        "__all__ = ['Old']\n",
        "__all__ = 'Old Other'.split()\n",
        "__all__ = ('Other', 'Old')\n",
        "__all__ = ['Other']\n__all__ += ['Old']\n",
        "__all__.append('Old')\n",
        "x = getattr(y, 'Old')\n",
        "x = {'Old': Old}\n",
        "x = cast('Old', y)\n",
        "x = cast('list[Old]', y)\n",
        "T = TypeVar('T', bound='Old')\n",
        "x = 'Old is not None'\n",
        dedent(
            """\
            x = '''
            for each in Old:
                each()
            '''
            """
        ),
        "patch('shop.app.Old')\n",
        "patch('__main__.Old')\n",
        "patch(f'{__name__}.Old')\n",
        "patch(__name__ + '.Old')\n",
        "x = '%s.Old' % __name__\n",
        "x = 'app:Old'\n",
        dedent(
            """\
            def f():
                '''
                >>> Old()
                '''
            """
        ),
        dedent(
            """\
            def f():
                '''
                >>> if x:
                ...     Old()
                '''
            """
        ),
        "run('from shop.app import Old; Old()')\n",
        "x: Literal['Old']\n",
        "x: typing.Literal['Old', 'other']\n",
        "x: Annotated[int, 'Old']\n",
        "x: \"Optional['Old']\"\n",
        "def f(*x: '*tuple[Old, ...]'): pass\n",
        "x = f()  # type: Old\n",
        dedent(
            """\
            def f(x):
                # type: (Old) -> None
                pass
            """
        ),
        "for x in y:  # type: list[Old]\n    pass\n",
    ],
)
def test_text_that_may_name_it(rest: str) -> None:
    assert kept(OLD + rest).startswith("1: the text in line ")


@pytest.mark.parametrize(
    "rest", ["f'{Old.x=}'\n", "f'{x[\"Old\"]} {Old.x}'\n", "f'{Old.x!r}: the Old one'\n", "f'{Old.x}Old'\n"]
)
def test_f_string_that_also_prints_the_name(rest: str) -> None:
    assert kept(OLD + rest)


@pytest.mark.parametrize(
    "rest",
    [
        "globals()['O' + 'ld']\n",
        "def f(): return locals()\n",
        "eval(x)\n",
        "exec(x)\n",
        "import builtins\nbuiltins.globals()\n",
        "print(vars())\n",
        "print(dir())\n",
        "getattr(sys.modules[__name__], x)\n",
        "here = sys.modules[__name__]\n",
        "here = sys.modules['__main__']\n",
        "here = importlib.import_module(__name__)\n",
    ],
)
def test_file_that_looks_names_up_while_it_runs(rest: str) -> None:
    assert "looks up names while it runs" in kept(OLD + rest)


@pytest.mark.parametrize(
    "rest", ["import shop.app\n", "from shop import app\n", "from . import app\n", "from .app import Old as x\n"]
)
def test_file_that_imports_itself(rest: str) -> None:
    assert "another file may import it" in kept(OLD + rest)


@pytest.mark.parametrize("rest", ["def test_x(Old): pass\n", "@pytest.fixture\ndef client(Old): pass\n"])
def test_fixture_that_a_test_asks_for(rest: str) -> None:
    assert "as for a fixture" in kept(OLD + rest)


def test_package() -> None:
    assert "the package hands it on" in kept(OLD, module="shop", is_package=True)


@pytest.mark.parametrize("taken", [frozenset({"Old"}), None])
def test_name_that_others_may_import(taken: frozenset[str] | None) -> None:
    assert "another file may import it" in kept(OLD, neighbours=Neighbours(taken=taken))


def test_use_on_a_line_that_is_to_be_left_alone() -> None:
    assert kept(f"{OLD}Old()\nOld()  # compatkit: ignore\n") == "1: line 3, which is to be left alone, uses it"


def test_import_on_a_line_that_is_to_be_left_alone() -> None:
    assert outcome_of("from shop.core.old_home import Old  # compatkit: ignore[CK101]\nOld()\n") == Unchanged()


def test_name_in_a_class_that_mangles_it() -> None:
    source = dedent(
        """\
        from shop.core.old_home import __Old
        class C:
            x = __Old
        """
    )

    assert outcome_of(source) == Unchanged()


@pytest.mark.parametrize("alias", ["Old as Old", "Old as Other", "Old as New"])
def test_alias_that_was_chosen(alias: str) -> None:
    outcome = outcome_of(f"from shop.core.old_home import {alias}\n")

    assert isinstance(outcome, Rewritten)
    assert outcome.source.decode() == f"from shop.core.new_home import New{alias[3:]}\n"


@pytest.mark.parametrize(
    "source",
    [
        "from elsewhere import Old\nOld()\n",
        "from shop.core.old_home import Other\nOld = Other.Old\n",
        "class Old: pass\n",
        KEPT + "Old()\n",
        NEW + "New()\n",
    ],
)
def test_what_is_not_the_moved_name(source: str) -> None:
    assert outcome_of(source) == Unchanged()


def test_definition_in_the_old_home() -> None:
    assert isinstance(
        outcome_of(
            dedent(
                """\
                import shop.core.old_home
                class Old: pass
                Old()
                """
            ),
            module="shop.core.old_home",
        ),
        Skipped,
    )
