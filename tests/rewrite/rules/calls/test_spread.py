"""A dict that is spread in a call, and used nowhere else, is edited as the call's own arguments."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.shop.calls import findings, rewritten

ROWS = """
[[calls]]
code = "SH102"
of = "shop.buy"
v1 = ["item", "where"]
rename = { where = "place" }
values = { how = [["cash", "coins"]] }
drop = ["verbose"]
add = { till = 1 }
"""
V1 = "def buy(item, where='', how='cash', verbose=False):\n    print(item, where, how)\n"
V2 = "def buy(item, place='', how='coins', *, till):\n    print(item, place, {'coins': 'cash'}.get(how, how))\n"


def in_function(body: str) -> str:
    return dedent("""\
        import shop


        def main():
        """) + "".join(f"    {line}\n" for line in dedent(body).strip().split("\n"))


REWRITTEN = {
    "a display in the call": (
        'shop.buy("tea", **{"where": "here", "how": "cash"})',
        'shop.buy("tea", **{"place": "here", "how": "coins"}, till=1)',
    ),
    "a display above": (
        """
        given = {"item": "tea", 'where': "here", "verbose": True}
        shop.buy(**given)
        """,
        """
        given = {"item": "tea", 'place': "here", "till": 1}
        shop.buy(**given)
        """,
    ),
    "a call of dict": (
        """
        given = dict(item="tea", how="cash", verbose=True)
        shop.buy(where="here", **given)
        """,
        """
        given = dict(item="tea", how="coins", till=1)
        shop.buy(place="here", **given)
        """,
    ),
}


@pytest.mark.parametrize("name", list(REWRITTEN))
def test_it_is_edited_and_the_program_does_the_same(name: str, tmp_path: Path) -> None:
    before, after = (in_function(text) for text in REWRITTEN[name])

    assert rewritten(before, ROWS) == after
    assert run(before, V1, tmp_path / "v1") == run(after, V2, tmp_path / "v2") != ""


def run(program: str, library: str, folder: Path) -> str:
    folder.mkdir()
    (folder / "shop.py").write_text(library, encoding="utf-8")
    (folder / "app.py").write_text(f"{program}\n\nmain()\n", encoding="utf-8")
    command = [sys.executable, "-E", "app.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


LEFT = {
    "it is read again": dedent(
        """\
        given = {"where": "here"}
        shop.buy(1, **given)
        print(given)"""
    ),
    "it is changed": dedent(
        """\
        given = {"where": "here"}
        given["a"] = 1
        shop.buy(1, **given)"""
    ),
    "it is bound twice": dedent(
        """\
        given = {"where": "here"}
        if 1:
            given = {}
        shop.buy(1, **given)"""
    ),
    "it is handed on": dedent(
        """\
        given = {"where": "here"}
        send(given)
        shop.buy(1, **given)"""
    ),
    "it takes in another": 'given = {"where": "here", **other}\nshop.buy(1, **given)',
    "a key is computed": 'given = {key: "here"}\nshop.buy(1, **given)',
    "an inner function spreads it": dedent(
        """\
        given = {"where": "here"}
        def inner():
            shop.buy(1, **given)"""
    ),
    "two are bound at once": 'given = other = {"where": "here"}\nshop.buy(1, **given)',
    "a key stands twice": 'shop.buy(1, **{"where": "a", "where": "b"})',
    "its own dict": dedent(
        """\
        dict = make
        given = dict(where="here")
        shop.buy(1, **given)"""
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_another_may_read_is_left_and_reported(name: str) -> None:
    source = in_function(LEFT[name])

    (found,) = findings(source, ROWS)

    assert "not rewritten" in found


def test_what_a_module_binds_is_left_because_another_file_may_read_it() -> None:
    (found,) = findings(
        dedent(
            """\
            import shop
            given = {"where": "here"}
            shop.buy(1, **given)
            """
        ),
        ROWS,
    )

    assert "whose contents are not known here" in found


def test_no_comment_is_lost() -> None:
    rows = dedent(
        """\
        [[calls]]
        code = "SH102"
        of = "shop.buy"
        drop = ["verbose"]
        """
    )
    source = in_function(
        dedent(
            """\
            given = {
                "verbose": 1,  # always
                "where": 2,
            }
            shop.buy(1, **given)"""
        )
    )

    (found,) = findings(source, rows)

    assert "a comment would be lost" in found
    assert "verbose" not in rewritten(source.replace("  # always", ""), rows)


def test_a_dict_without_what_changed_needs_nothing() -> None:
    rows = dedent(
        """\
        [[calls]]
        code = "SH102"
        of = "shop.buy"
        rename = { where = "place" }
        """
    )

    assert findings(in_function('given = {"item": 1}\nshop.buy(**given)'), rows) == []


def test_attributes_that_are_spread_are_led_to_where_they_are_made() -> None:
    source = dedent("""\
        import shop


        def main(args):
            shop.buy(**vars(args))
        """)

    (found,) = findings(source)

    assert found.endswith("`vars(args)` hands on all attributes of `args`: change those where `args` is made")


TWO = """
[[calls]]
code = "SH102"
of = "shop.buy"
rename = { where = "place" }
why = "it is a place"

[[calls]]
code = "SH103"
of = "shop.buy"
asks = ["verbose"]
say = "log it yourself"
"""


def test_of_what_is_spread_one_finding_names_the_arguments_that_changed() -> None:
    (found,) = findings("import shop\nshop.buy(1, **read())\n", TWO)

    assert found.endswith("arguments of it that changed: verbose, where")


def test_of_a_value_that_is_not_written_one_finding_says_all_that_it_may_become() -> None:
    rows = """
    [[calls]]
    code = "SH102"
    of = "shop.buy"
    when = { where = [0] }
    drop = ["where"]
    why = "it was the default"

    [[calls]]
    code = "SH103"
    of = "shop.buy"
    literal = ["where"]
    rename = { where = "place" }
    why = "it is a place"
    """
    (found,) = findings("import shop\nshop.buy(1, where=here)\n", dedent(rows))

    assert found.endswith("(it was the default; it is a place)")


LACKING = """
[[calls]]
code = "SH103"
of = "shop.pay"
lacks = ["how"]
say = "say how"

[[calls]]
code = "SH104"
of = "shop.pay"
rename = { where = "place" }
"""
SOME = "import shop\nGIVEN = {'how': 1}\n"


@pytest.mark.parametrize(
    "source",
    [
        f"{SOME}shop.pay(**GIVEN)\n",
        f"{SOME}shop.pay(**GIVEN)\nshop.buy(**GIVEN)\n",
        f"{SOME}def f(): shop.pay(2, **GIVEN)\n",
        "import shop\nMORE = dict(how=1, why=2)\nshop.pay(**MORE, **{'when': 3})\n",
        "import shop\nshop.pay(1, **{'how': 1})\n",
    ],
)
def test_what_is_spread_and_all_written_raises_no_doubt(source: str) -> None:
    assert findings(source, LACKING) == []


@pytest.mark.parametrize(
    "source",
    [
        "import shop\nGIVEN = {'why': 1}\nshop.pay(**GIVEN)\nprint(**GIVEN)\n",
        "import shop\nGIVEN = {'how': 1, 'where': 2}\nshop.pay(**GIVEN)\nprint(**GIVEN)\n",
        f"{SOME}GIVEN['where'] = 2\nshop.pay(**GIVEN)\n",
        f"{SOME}GIVEN.update(more)\nshop.pay(**GIVEN)\n",
        f"{SOME}change(GIVEN)\nshop.pay(**GIVEN)\n",
        f"{SOME}GIVEN = more\nshop.pay(**GIVEN)\n",
        f"{SOME}if x: del GIVEN\nshop.pay(**GIVEN)\n",
        f"{SOME}shop.pay(**GIVEN, **more)\n",
        f"{SOME}shop.pay(*more, **GIVEN)\n",
        f"{SOME}GIVEN |= more\nshop.pay(**GIVEN)\n",
        "import shop\nGIVEN = {'how': 1, **more}\nshop.pay(**GIVEN)\n",
        "import shop\nGIVEN = {'how': 1, key: 2}\nshop.pay(**GIVEN)\n",
        "import shop\nfor GIVEN in ({'how': 1}, more): shop.pay(**GIVEN)\n",
        "import shop\ndef f(GIVEN={'how': 1}): shop.pay(**GIVEN)\n",
        f"{SOME}def f():\n    global GIVEN\n    GIVEN = more\nshop.pay(**GIVEN)\n",
    ],
)
def test_what_is_spread_and_may_be_more_raises_a_doubt(source: str) -> None:
    assert findings(source, LACKING)


SETTINGS = """
[[calls]]
code = "SH105"
of = "shop.Options"
rename = { where = "place" }

[[calls]]
code = "SH106"
of = "shop.Options"
pin = { mode = "cash" }

[[members]]
code = "SH205"
of = "shop.Options"
v1 = "where"
v2 = "place"
"""
OPTIONS = dedent("""\
    import shop
    from dataclasses import asdict
    o = shop.Options(mode=1)
    """)


@pytest.mark.parametrize(
    "source",
    [
        f"{OPTIONS}shop.Options(**o.to_dict())\n",
        f"{OPTIONS}shop.Options(**{{**o.to_dict(), 'size': 1}})\n",
        f"{OPTIONS}shop.Options(**o.to_dict(), size=1)\n",
        "import shop\ndef f(o: shop.Options): return shop.Options(**o.to_dict())\n",
    ],
)
def test_settings_of_the_same_class_raise_no_doubt(source: str) -> None:
    assert findings(source, SETTINGS) == []


@pytest.mark.parametrize(
    "source",
    [
        f"{OPTIONS}shop.Options(**o.to_dict(), **more)\n",
        f"{OPTIONS}shop.Options(**{{**o.to_dict(), key: 1}})\n",
        f"{OPTIONS}shop.Options(**{{**o.to_dict(), 'where': 1}})\n",
        f"{OPTIONS}shop.Options(**shop.Client().to_dict())\n",
        f"{OPTIONS}shop.Options(**o.to_dict(old=True))\n",
        f"{OPTIONS}class Own(shop.Options):\n    where = 1\nshop.Options(**o.to_dict())\n",
        "import shop\ndef f(o): return shop.Options(**o.to_dict())\n",
    ],
)
def test_settings_that_may_be_others_raise_a_doubt(source: str) -> None:
    assert any(found.startswith("SH105") for found in findings(source, SETTINGS))
