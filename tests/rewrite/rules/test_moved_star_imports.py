"""Star imports: which names they bring, and what is imported below them or in their place."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migrate.between.star_names import read_star_names
from compatkit.migration import Move
from compatkit.rewrite import Rewritten, Unchanged, rewrite_source
from compatkit.rewrite.file.neighbours import UNKNOWN, Neighbours, StarNames

THING = Move("CK101", "shop.old.Thing", "shop.new.Thing2")
TOOL = Move("CK102", "shop.old.Tool", "shop.tools.Tool")
STAR = "from shop.old import *\n"


def brings(source: str, *, is_package: bool = False) -> StarNames:
    return read_star_names(source.encode(), is_package=is_package)


def rewritten(
    source: str,
    old: str = dedent(
        """\
        class Thing: ...
        class Tool: ...
        other = 1
        """
    ),
    *,
    module: str = "app",
    is_package: bool = False,
    taken: str = "",
    moves: tuple[Move, ...] = (THING, TOOL),
    **others: str,
) -> tuple[str, list[str]]:
    stars = {"shop.old": brings(old)} | {name: brings(text) for name, text in others.items()}
    around = Neighbours(tuple(stars.items()), frozenset(taken.split()))
    outcome = rewrite_source(source.encode(), module=module, is_package=is_package, moves=moves, neighbours=around)
    found = [finding.message for finding in outcome.findings]
    return (outcome.source.decode() if isinstance(outcome, Rewritten) else source), found


# What a module brings


@pytest.mark.parametrize(
    ("source", "certain", "possible"),
    [
        (
            dedent(
                """\
                class A: ...
                def b(): ...
                _c = 1
                d = e = 2
                f: int = 3
                """
            ),
            "A b d e f",
            "A b d e f",
        ),
        (
            dedent(
                """\
                import os.path
                import json as j
                from x import y as z
                """
            ),
            "j os z",
            "j os z",
        ),
        (
            dedent(
                """\
                try:
                    import fast
                except ImportError:
                    fast = None
                """
            ),
            "",
            "fast",
        ),
        ("if x:\n    a = 1\n", "", "a"),
        ("a = 1\ndel a\n", "", "a"),
        (
            dedent(
                """\
                def f():
                    global g
                    g = 1
                """
            ),
            "f",
            "f g",
        ),
        ("f: int\n", "", "f"),
        ("(a, [b, *c]) = x\n", "a b c", "a b c"),
        ("__all__ = ['A', '_b']\n", "A _b", "A _b"),
        ("__all__: tuple[str, ...] = ('A',)\nhidden = 1\n", "A", "A"),
        ("__all__ = []\nhidden = 1\n", "", ""),
        ("__all__ = ['A']\nexec('B = 1', {})\n", "A", "A"),
    ],
)
def test_names_are_certain_or_at_least_possible(source: str, certain: str, possible: str) -> None:
    assert brings(source) == StarNames(frozenset(certain.split()), frozenset(possible.split()))


@pytest.mark.parametrize(
    "source",
    [
        "globals()['A'] = 1",
        "exec('A = 1')",
        "A = 1\nvars(sys.modules[__name__]).clear()",
        "vars()['A'] = 1",
        "__all__ = ['A']\n__all__ += ['B']",
        "__all__ = ['A']\nglobals()['__all__'].append('B')",
        "__all__ = ['A']\n__all__.append('B')",
        "__all__ = other.__all__ + ['A']",
        "__all__ = [*names]",
        "if x:\n    __all__ = ['A']",
        "class (",
        "\0",
    ],
)
def test_what_the_text_does_not_settle_is_unknown(source: str) -> None:
    assert brings(source) == UNKNOWN


def test_star_in_the_module_leaves_all_names_possible() -> None:
    assert brings("from x import *\na = 1") == StarNames(frozenset({"a"}), None)


def test_package_may_also_bring_its_submodules() -> None:
    assert brings("a = 1", is_package=True) == StarNames(frozenset({"a"}), None)


# What becomes of the import


@pytest.mark.parametrize(
    ("source", "old"),
    [
        (STAR + "Thing = 1\nThing\n", "class Thing: ..."),
        (STAR + "def f(Thing): return Thing\n", "class Thing: ...\nother = 1"),
        (
            STAR
            + dedent("""\
                try:
                    from shop.new import Thing2 as Thing
                except ImportError: pass
                """),
            "class Thing: ...",
        ),
        (STAR + "Thing\n", "if x:\n    class Thing: ..."),
        (STAR + "Thing\n", "globals()['Thing'] = 1"),
        (STAR + "from elsewhere import *\nThing\n", "class Thing: ..."),
        (
            dedent(
                """\
                try:
                    from shop.old import *
                except ImportError: pass
                Thing
                """
            ),
            "class Thing: ...",
        ),
        ("from shop.old import *; Thing\n", "class Thing: ...\nother = 1"),
        ("from shop.old import *; x = 1\nThing\n", "class Thing: ..."),
    ],
)
def test_doubtful_star_is_reported_and_not_touched(source: str, old: str) -> None:
    text, found = rewritten(source, old, moves=(THING,))

    assert text == source
    assert len(found) == 1
    assert "star import" in found[0]


@pytest.mark.parametrize(
    "old",
    [
        "other = 1\n",
        dedent(
            """\
            __all__ = ['other']
            class Thing: ...
            class Tool: ...
            """
        ),
    ],
)
def test_star_that_brings_no_moved_name_is_no_finding(old: str) -> None:
    assert rewritten(STAR + "other\n", old) == (STAR + "other\n", [])


LOST = "other = 1\n"


@pytest.mark.parametrize(
    "use",
    [
        "from shop.new import Thing2 as Thing\nThing\n",
        "Thing = 1\ndef f(): return Thing\n",
        "def f(Thing): return Thing\n",
        dedent("""\
            def f():
                from shop.new import Thing2 as Thing
                return Thing
            """),
        dedent("""\
            def f():
                global Thing
                Thing = 1
            Thing
            """),
        dedent("""\
            class A:
                Thing = 1
                other = Thing
            """),
        "x.Thing, {'Thing': 1}, f(Thing=1)\n",
        dedent("""\
            try:
                Thing
            except NameError:
                Thing = None
            """),
        "from plain import *\nThing\n",
    ],
)
def test_name_that_the_old_home_has_lost_and_something_else_brings_is_no_finding(use: str) -> None:
    assert rewritten(STAR + use, LOST, plain="Thing = 2") == (STAR + use, [])


@pytest.mark.parametrize("module", ["shop.new", "shop"])
def test_name_that_an_earlier_star_of_its_new_home_brings_is_no_finding(module: str) -> None:
    source = f"from {module} import *\n{STAR}Thing\n"

    assert rewritten(source, LOST, **{module: "Thing = 2"}) == (source, [])


@pytest.mark.parametrize(
    "use",
    ["Thing\n", "def f(x: 'list[Thing]'): ...\n", "def f():\n    return Thing\n", "__all__ = ['other', 'Thing']\n"],
)
def test_used_name_that_the_old_home_has_lost_is_imported(use: str) -> None:
    text, found = rewritten(STAR + use, LOST)

    assert text == STAR + "from shop.new import Thing2 as Thing\n" + use
    assert found == []
    assert rewritten(text, LOST) == (text, [])


@pytest.mark.parametrize(
    "source",
    [
        "from plain import *\n" + STAR + "Thing\n",
        "from elsewhere import *\n" + STAR + "Thing\n",
        STAR + "from elsewhere import *\nThing\n",
        STAR + "def f(Thing): ...\nThing\n",
        STAR
        + dedent("""\
            if f():
                from plain import *
            Thing
            """),
    ],
)
def test_lost_name_of_which_it_is_not_certain_who_brought_it_is_reported(source: str) -> None:
    text, [found] = rewritten(source, LOST, plain="Thing = 2")

    assert text == source
    assert "brought Thing, and is not rewritten" in found


def test_lost_name_that_is_a_builtin_as_well_is_reported() -> None:
    source = STAR + "print(sum([1]))\n"

    text, [found] = rewritten(source, LOST, moves=(Move("CK101", "shop.old.sum", "shop.new.sum"),))

    assert text == source
    assert "without it, sum is the builtin" in found


def test_name_that_two_old_homes_have_lost_is_reported() -> None:
    source = STAR + "from shop.older import *\nThing\n"
    moves = (THING, Move("CK103", "shop.older.Thing", "shop.newer.Thing"))

    text, found = rewritten(source, LOST, moves=moves, **{"shop.older": LOST})

    assert text == source
    assert len(found) == 2


def test_used_name_is_imported_below_the_star() -> None:
    text, found = rewritten(STAR + "x = Thing(other)\n", "class Thing: ...\nother = 1")

    assert text == STAR + "from shop.new import Thing2 as Thing\nx = Thing(other)\n"
    assert found == []


def test_name_in_a_quoted_annotation_counts_as_used() -> None:
    assert "import Thing2 as Thing\n" in rewritten(STAR + "def f(x: 'list[Thing]') -> None: ...\n")[0]


def test_brought_name_that_nothing_uses_is_left_out() -> None:
    assert rewritten(STAR + "other\n") == (STAR + "other\n", [])


def test_name_that_another_file_takes_from_here_is_imported() -> None:
    assert rewritten(STAR + "other\n", taken="Tool") == (STAR + "from shop.tools import Tool\nother\n", [])


def test_calls_of_other_things_named_alike_settle_nothing_anew() -> None:
    assert brings(
        dedent(
            """\
            a = 1
            def f(model):
                model.eval()
                vars(model)
            """
        )
    ).certain == {"a", "f"}


def test_star_that_brings_only_moved_names_is_replaced() -> None:
    text, found = rewritten(STAR + "Thing\n", "class Thing: ...\nclass Tool: ...\n")

    assert text == dedent(
        """\
        from shop.new import Thing2 as Thing
        from shop.tools import Tool
        Thing
        """
    )
    assert found == []


def test_package_hands_on_all_that_it_did() -> None:
    text, found = rewritten("from .old import *\n", module="shop", is_package=True)

    assert text == dedent(
        """\
        from .old import *
        from .new import Thing2 as Thing
        from .tools import Tool
        """
    )
    assert found == []


def test_comment_stays_on_its_line() -> None:
    text, _ = rewritten("from shop.old import *  # noqa: F403\nThing\n", "Thing = 1\nother = 2\n")

    assert text == dedent(
        """\
        from shop.old import *  # noqa: F403
        from shop.new import Thing2 as Thing
        Thing
        """
    )


def test_newlines_of_the_file_are_kept() -> None:
    text, _ = rewritten("from shop.old import *\r\nThing\r\n", "Thing = 1\nother = 2\n")

    assert text == "from shop.old import *\r\nfrom shop.new import Thing2 as Thing\r\nThing\r\n"


def test_later_star_that_does_not_bring_the_name_is_no_trouble() -> None:
    source = STAR + "from plain import *\nThing\n"

    assert rewritten(source, "Thing = 1", plain="x = 1")[0] == source.replace(
        "old import *", "new import Thing2 as Thing"
    )


def test_later_star_that_brings_the_name_too_is_reported() -> None:
    source = STAR + "from plain import *\nThing\n"
    text, found = rewritten(source, "Thing = 1", plain="Thing = 2", moves=(THING,))

    assert text == source
    assert "line 2 may bring Thing too" in found[0]


# By execution

WORLD = {"Thing": THING, "Tool": TOOL}


def _module(monkeypatch: pytest.MonkeyPatch, name: str, names: dict[str, object]) -> None:
    module = types.ModuleType(name)
    vars(module).update(names)
    monkeypatch.setitem(sys.modules, name, module)


@st.composite
def _programs(draw: st.DrawFn) -> tuple[list[str], str]:
    """A choice of what the old module defines, and a program that stars it and notes what it reads."""
    defined = draw(st.lists(st.sampled_from(["Thing", "Tool", "other", "more"]), unique=True, min_size=1))
    lines = ["import math", "from shop.old import *", *draw(st.sampled_from([[], ["from shop.plain import *"]]))]
    body = st.sampled_from([f"note({name!r}, {name})" for name in defined] + ["x = 1", "", "# Thing"])
    lines += draw(st.lists(body, max_size=5))
    if draw(st.booleans()):
        lines.insert(draw(st.integers(1, len(lines))), "def f(): return [other_one for other_one in [1]]")
    return defined, "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def patched() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield monkeypatch


@given(program=_programs())
def test_same_objects_are_read_after_the_names_have_moved(
    program: tuple[list[str], str], patched: pytest.MonkeyPatch
) -> None:
    defined, source = program
    old = "".join(f"class {name}: ...\n" for name in defined)
    text, found = rewritten(source, old, **{"shop.plain": "thing = 1"})
    objects = {name: object() for name in defined}
    for package in ("shop", "shop.plain"):
        _module(patched, package, {"__path__": []})
    _module(patched, "shop.old", dict(objects))
    before = _run(source)

    _module(patched, "shop.old", {name: value for name, value in objects.items() if name not in WORLD})
    _module(patched, "shop.new", {"Thing2": objects.get("Thing")})
    _module(patched, "shop.tools", {"Tool": objects.get("Tool")})

    assert _run(text) == before
    assert found == []
    assert rewritten(text, old, **{"shop.plain": "thing = 1"})[0] == text


def _run(source: str) -> list[tuple[str, int]]:
    notes: list[tuple[str, int]] = []
    exec(source, {"note": lambda name, value: notes.append((name, id(value)))})
    return notes


@pytest.mark.parametrize(("source", "count"), [("from shop import *\nsell()\n", 1), ("from shop import *\nbuy()\n", 0)])
def test_star_of_a_module_that_v2_has_too_is_reported_where_a_moved_name_is_used(source: str, count: int) -> None:
    move = Move("CK101", "shop.sell", "shop.new.sell")

    outcome = rewrite_source(source.encode(), module="", is_package=False, moves=[move])

    assert isinstance(outcome, Unchanged)
    assert len(outcome.findings) == count
