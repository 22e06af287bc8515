"""Modules that move with all that is in them: every form goes along, in one statement each, or is reported."""

from __future__ import annotations

from textwrap import dedent

import pytest

from compatkit.migration import Move
from compatkit.options import Options
from compatkit.rewrite import Outcome, Rewritten, Skipped, Unchanged, rewrite_source

MOVES = (
    Move("CK101", "shop.core.old", "shop.fresh.new", kind="module"),
    Move("CK102", "shop.core.old.Apart", "shop.elsewhere.Apart2"),
    Move("CK103", "shop.core.old.inner.own", "shop.own", kind="module"),
    Move("CK104", "legacy", "modern.kit", kind="module"),
)


def outcome_of(source: str, *, module: str = "shop.app", is_package: bool = False, review: bool = False) -> Outcome:
    options = Options(confidence="review" if review else "safe")
    return rewrite_source(source.encode(), module=module, is_package=is_package, moves=MOVES, options=options)


def rewritten(source: str, *, module: str = "shop.app", is_package: bool = False, review: bool = False) -> str:
    outcome = outcome_of(source, module=module, is_package=is_package, review=review)
    return outcome.source.decode() if isinstance(outcome, Rewritten) else source


def reported(source: str) -> list[int]:
    outcome = outcome_of(source)
    assert isinstance(outcome, Rewritten | Unchanged), outcome
    return [finding.line for finding in outcome.findings]


@pytest.mark.parametrize(
    "source",
    [
        "import legacy2\nlegacy2.N\n",
        "import shop.core.older\n",
        "from shop.core import older, other\n",
        "from shop import core\ncore.other\n",
        "from other.legacy import N\n",
        "old = legacy = 1\n",
        "x.legacy.N\n",
        "from .legacy import N\n",
    ],
)
def test_what_only_looks_alike_is_not_touched(source: str) -> None:
    assert outcome_of(source) == Unchanged()


@pytest.mark.parametrize("module", ["legacy", "legacy.part", "shop.core.old", "shop.core.old.inner"])
def test_the_old_module_itself_is_left_alone(module: str) -> None:
    source = "from legacy import N\nfrom shop.core.old.part import M\n"
    outcome = outcome_of(source, module=module)

    own = "legacy" if module.startswith("legacy") else "shop.core.old"
    assert not isinstance(outcome, Rewritten) or f"from {own}" in outcome.source.decode()


def test_nothing_is_done_in_the_old_home_of_the_only_move() -> None:
    outcome = rewrite_source(b"import legacy.part\n", module="legacy.x", is_package=False, moves=MOVES[3:])

    assert isinstance(outcome, Skipped)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from legacy import N\n", "from modern.kit import N\n"),
        ("from legacy import N as M, P\n", "from modern.kit import N as M, P\n"),
        (
            dedent(
                """\
                from legacy.part.sub import (
                    N,  # why
                )
                """
            ),
            dedent(
                """\
                from modern.kit.part.sub import (
                    N,  # why
                )
                """
            ),
        ),
        ("from legacy import *\n", "from modern.kit import *\n"),
        ("from legacy.part import *  # noqa\n", "from modern.kit.part import *  # noqa\n"),
        ("from shop.core import old\nold.N\n", "from shop.fresh import new as old\nold.N\n"),
        ("from shop.core import old as o, rest\n", "from shop.core import rest\nfrom shop.fresh import new as o\n"),
        (
            "from shop.core.old import N, Apart\n",
            "from shop.fresh.new import N\nfrom shop.elsewhere import Apart2 as Apart\n",
        ),
        ("from shop.core.old.inner.own.x import N\n", "from shop.own.x import N\n"),
        ("from shop.core.old.inner.other import N\n", "from shop.fresh.new.inner.other import N\n"),
        ("from .core.old import N\n", "from .fresh.new import N\n"),
        ("def f():\n    from ..shop.core.old.part import N\n", "def f():\n    from ..shop.core.old.part import N\n"),
    ],
)
def test_a_from_import_names_the_new_module(before: str, after: str) -> None:
    assert rewritten(before) == after


def test_a_relative_import_in_a_package_stays_relative() -> None:
    source = "from .core import old\nfrom .core.old.part import N\n"

    assert rewritten(source, module="shop", is_package=True) == (
        "from .fresh import new as old\nfrom .fresh.new.part import N\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import legacy\nlegacy.N(legacy)\n", "import modern.kit\nmodern.kit.N(modern.kit)\n"),
        ("import legacy as l\nl.N\n", "import modern.kit as l\nl.N\n"),
        ("import legacy\ndef f(legacy): ...\n", "import modern.kit\ndef f(legacy): ...\n"),
        ("import shop.core\nshop.core.old.N\n", "import shop.fresh.new\nshop.fresh.new.N\n"),
        ("import legacy.part as p, os\np.N\n", "import modern.kit.part as p, os\np.N\n"),
        (
            "import os, legacy.part\nlegacy.part.N, legacy.M\n",
            "import os, modern.kit.part\nmodern.kit.part.N, modern.kit.M\n",
        ),
        (
            dedent(
                """\
                import legacy
                import legacy.part

                @legacy.part.d
                def f(x: legacy.N): ...
                """
            ),
            dedent(
                """\
                import modern.kit
                import modern.kit.part

                @modern.kit.part.d
                def f(x: modern.kit.N): ...
                """
            ),
        ),
        (
            dedent(
                """\
                def f():
                    import legacy
                    return legacy.a[0].b().c
                """
            ),
            dedent(
                """\
                def f():
                    import modern.kit
                    return modern.kit.a[0].b().c
                """
            ),
        ),
        (
            dedent(
                """\
                import shop.core.rest
                import shop.core.old.part
                shop.core.rest.x, shop.core.old.part.y
                """
            ),
            dedent(
                """\
                import shop.core.rest
                import shop.fresh.new.part
                shop.core.rest.x, shop.fresh.new.part.y
                """
            ),
        ),
        ("import shop.core.old as o\no.Apart\n", "import shop.elsewhere as o\no.Apart2\n"),
        (
            dedent(
                """\
                import legacy
                legacy.x = 1
                del legacy.y
                """
            ),
            dedent(
                """\
                import modern.kit
                modern.kit.x = 1
                del modern.kit.y
                """
            ),
        ),
        (
            dedent(
                """\
                import modern.other
                import legacy
                legacy.N
                """
            ),
            dedent(
                """\
                import modern.other
                import modern.kit
                modern.kit.N
                """
            ),
        ),
    ],
)
def test_an_import_and_its_uses_name_the_new_module(before: str, after: str) -> None:
    assert rewritten(before) == after


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import legacy\nlegacy = 1\n", [1]),
        (
            dedent(
                """\
                import legacy
                modern = 1
                legacy.N
                """
            ),
            [1],
        ),
        (
            dedent(
                """\
                class A:
                    import legacy
                    x = legacy.N
                """
            ),
            [2],
        ),
        (
            dedent(
                """\
                import shop.core.old
                shop.core.old.N
                f(shop.core)
                """
            ),
            [1, 2],
        ),
        ("import shop.core.old\nshop.other.x\n", [1]),
        (
            dedent(
                """\
                try:
                    import modern.kit as k
                except ImportError:
                    import legacy as k
                """
            ),
            [4],
        ),
        (
            dedent(
                """\
                try:
                    from modern.kit import N
                except ImportError:
                    from legacy import N
                """
            ),
            [4],
        ),
        ("from shop.core.old import *\n", [1]),
        ("import legacy\ndef f(x: 'legacy.N'): ...\n", [1, 2]),
    ],
)
def test_what_is_not_certain_is_reported_and_kept(source: str, lines: list[int]) -> None:
    assert rewritten(source) == source
    assert reported(source) == lines


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("mock.patch('legacy.part.N')\n", "mock.patch('modern.kit.part.N')\n"),
        ("import_module('legacy')\n", "import_module('modern.kit')\n"),
        ("import_module('shop.core.old.inner.own.x')\n", "import_module('shop.own.x')\n"),
        ("locate('shop.core.old.N')\n", "locate('shop.fresh.new.N')\n"),
        ("x = 'shop.core.old.N'\n", "x = 'shop.core.old.N'\n"),
        ("name = 'legacy'\n", "name = 'legacy'\n"),
        ("x = 'shop.core'\n", "x = 'shop.core'\n"),
    ],
)
def test_strings_that_name_it_are_changed_for_review(before: str, after: str) -> None:
    assert rewritten(before, review=True) == after
    assert rewritten(before) == before


@pytest.mark.parametrize(
    "source",
    [
        "from legacy import N\n",
        "import legacy\nlegacy.N\n",
        "from shop.core import old\n",
        "import shop.core.old.part\nshop.core.old.part.x\n",
    ],
)
def test_second_run_changes_nothing(source: str) -> None:
    assert outcome_of(rewritten(source)) == Unchanged()


def test_what_is_left_of_a_module_that_is_taken_apart_is_reported() -> None:
    source = "import shop.core.old as o\no.Apart, o.N\n"

    assert rewritten(source) == dedent(
        """\
        import shop.core.old as o
        import shop.elsewhere
        shop.elsewhere.Apart2, o.N
        """
    )
    assert reported(source) == [1]


@pytest.mark.parametrize(
    "rest",
    [
        "o.Apart, o.N\n",
        "o.inner.own.x\n",
        "o.N = 1\n",
        "print(o)\n",
        "getattr(o, name)\n",
        "x: 'o.N'\n",
        "x = None  # type: o.N\n",
        "o = other\no.N\n",
        "import shop.core.old as o\no.N\n",
        "eval(text)\no.N\n",
        "__all__ = ['o']\no.N\n",
    ],
)
def test_another_name_of_a_module_that_is_taken_apart_stays_where_not_all_that_is_read_goes_along(rest: str) -> None:
    source = f"import shop.core.old as o\n{rest}"

    assert "import shop.fresh.new as o" not in rewritten(source)
    assert 1 in reported(source)


def test_another_name_of_a_module_that_is_taken_apart_goes_with_what_is_read() -> None:
    source = "import shop.core.old as o\no.N, o.part.M().own, o.inner.owned\n"

    assert rewritten(source) == source.replace("shop.core.old", "shop.fresh.new")


@pytest.mark.parametrize(
    ("name", "home"),
    [("Left", "shop.left.Left2"), ("Other", "shop.new"), ("Other and Left", "shop.left.Left2")],
)
def test_a_text_is_told_the_home_of_the_name_that_it_spells(name: str, home: str) -> None:
    moves = (Move("CK101", "shop.old.Left", "shop.left.Left2"), Move("CK102", "shop.old", "shop.new", kind="module"))
    source = f"text = 'see shop.old.{name}, if you like'\n".encode()

    outcome = rewrite_source(source, module="app", is_package=False, moves=moves)

    assert isinstance(outcome, Unchanged)
    assert [found.message.rpartition("; ")[2].split()[-2] for found in outcome.findings] == [home]
