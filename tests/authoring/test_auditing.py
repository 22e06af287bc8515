"""An audit lists its questions in order of importance, and finds the package under its new name."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.authoring.auditing import Ranking, count_uses, coverage, uncovered
from compatkit.authoring.interface import read_interface
from compatkit.authoring.interface_changes import Change, find_changes
from compatkit.authoring.releases import locate_release
from compatkit.migration import load_migration, parse_migration
from tests.cli.test_migrations import migrations
from tests.shop import HEAD

WHOLE = dedent(
    """\
    [[moves]]
    code = "SH101"
    kind = "module"
    old = "shop"
    new = "mall.shop"
    """
)
LONG = """
def {name}(items, rate=0.5):
    \"\"\"Return what the items cost together.\"\"\"
    total = 0
    for item in items:
        total += item.amount * item.price * (1 - rate)
    return round(total, 2)
"""


def plant(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def releases(tmp_path: Path) -> tuple[Path, Path]:
    """shop, and a release in which it is mall.shop, in a namespace; one function moved in it, one is gone."""
    old = {
        "shop/__init__.py": "from shop.till import pay, count\n__all__ = ['pay', 'count']\n",
        "shop/till.py": LONG.format(name="pay") + "def count(): ...\ndef gone(): ...\n",
        "shop/bag.py": "def carry(): ...\n",
    }
    new = {
        "mall/shop/__init__.py": dedent(
            """\
            from .desk import pay
            from .till import count
            __all__ = ['pay', 'count']
            """
        ),
        "mall/shop/desk.py": LONG.format(name="pay"),
        "mall/shop/till.py": "def count(): ...\n",
        "mall/shop/bag.py": "def carry(): ...\n",
    }
    return plant(tmp_path / "old", old), plant(tmp_path / "new", new)


def changes(releases: tuple[Path, Path]) -> list[Change]:
    old, new = releases
    name, folder = locate_release(str(new), new, "mall.shop")
    return find_changes(read_interface("shop", old), read_interface(name, folder))


def test_a_package_that_is_called_otherwise_moved_as_a_whole(releases: tuple[Path, Path]) -> None:
    found = [(change.kind, change.old, change.new) for change in changes(releases)]

    assert found == [
        ("module moved", "shop", "mall.shop"),
        ("removed", "shop.till.gone", ""),
        ("moved", "shop.till.pay", "mall.shop.pay"),
    ]


def test_a_row_for_the_package_leaves_what_did_more(releases: tuple[Path, Path]) -> None:
    left = uncovered(changes(releases), parse_migration(HEAD + WHOLE))

    # That a module moves does not say where a name went that moved in it, nor that one is gone.
    assert [change.old for change in left] == ["shop.till.gone", "shop.till.pay"]


def test_the_command_takes_old_and_new_names(releases: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "migration.toml").write_text(HEAD + WHOLE, encoding="utf-8")
    old, new = map(str, releases)

    done = migrations("audit", str(tmp_path), "--old", old, "--new", new, "--package", "shop=mall.shop")

    assert (done.returncode, "shop.till.gone: it is removed" in done.stdout) == (1, True)


def test_what_is_used_most_comes_first(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "a.py": dedent(
                """\
                from shop import till
                till.pay(how=1)
                till.pay()
                """
            ),
            "b/c.py": dedent(
                """\
                import shop.till as t
                t.pay
                t.gone()
                other.pay(how=1)
                """
            ),
            "broken.py": "shop =\n",
        },
    )

    uses = count_uses(tmp_path, {"shop"})

    assert dict(uses) == {"shop.till.pay": 3, "shop.till.pay(how)": 1, "shop.till.gone": 1}
    ranking = Ranking({}, uses)
    names = ["shop.bag", "shop.till.gone", "shop.till.pay"]
    assert sorted(map(removed, names), key=ranking.place) == [*map(removed, reversed(names))]
    assert list(ranking.remarks_on(removed("shop.till.pay"))) == ["used 3 times"]


def removed(name: str) -> Change:
    return Change("removed", name)


GUIDE = """
[[moves]]
code = "SH101"
old = "shop.Till"
new = "shop.Desk"

[[calls]]
code = "SH201"
of = "shop.pay"
rename = { how = "way" }

[[hooks]]
code = "SH301"
of = "shop.Till"
name = "on_pay"
v1 = ["coins", "notes"]
v2 = ["coins"]

[[flags]]
code = "SH401"
v1 = "--fast"
of = ["till"]
say = "it is"

[[unhandled]]
name = "shop.odd.*"
why = "ask"
"""


def test_a_guide_is_covered_by_rows_of_every_kind() -> None:
    lines = [
        "# names",
        "shop.Till",
        "shop.pay(how)",
        "shop.Till.on_pay",
        "--fast",
        "shop.odd.x",
        "shop.pay(when)",
        "shop.y",
    ]

    covered = coverage(lines, parse_migration(HEAD + GUIDE))

    assert (covered.declared, covered.unhandled, covered.absent) == (4, 1, ("shop.pay(when)", "shop.y"))
    assert covered.summary == "7 names: 4 declared (57%), 1 unhandled (14%), 2 absent (29%)"


@given(st.lists(st.sampled_from(["shop.Till", "shop.odd.a", "shop.y", "shop.z", "", "# no"])))
def test_each_name_of_a_guide_counts_once(lines: list[str]) -> None:
    covered = coverage(lines, parse_migration(HEAD + GUIDE))

    assert covered.declared + covered.unhandled + len(covered.absent) == len({*lines} - {"", "# no"})


@pytest.mark.parametrize(("at_least", "status"), [("70", 0), ("72", 1)])
def test_the_share_of_a_guide_is_a_figure_for_ci(at_least: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "migration.toml").write_text(HEAD + GUIDE, encoding="utf-8")
    (tmp_path / "guide.txt").write_text(
        dedent(
            """\
            shop.Till
            shop.y
            shop.z
            shop.odd.b
            --fast
            shop.pay(how)
            shop.odd.c
            """
        )
    )

    done = migrations("audit", str(tmp_path), "--guide", str(tmp_path / "guide.txt"), "--at-least", at_least)

    assert done.returncode == status, done.stderr
    assert done.stdout.splitlines()[-1] == "7 names: 3 declared (43%), 2 unhandled (29%), 2 absent (29%)"


def test_without_releases_and_guide_there_is_nothing_to_ask(tmp_path: Path) -> None:
    (tmp_path / "migration.toml").write_text(HEAD + GUIDE, encoding="utf-8")

    assert migrations("audit", str(tmp_path)).returncode == 64


def test_a_guide_counts_what_moves_with_its_module(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("mall: Till\n", encoding="utf-8")
    row = dedent("""\
        [[moves]]
        code = "SH101"
        kind = "module"
        old = "shop"
        new = "mall"
        """)
    (tmp_path / "migration.toml").write_text(f'inventory = "names.txt"\n{HEAD}{row}', encoding="utf-8")

    covered = coverage(["shop.Till", "shop.Bag", "shop.Till(coins)", "shopping.Till"], load_migration(tmp_path))

    # A name that v2 lacks is reported to users; of an argument, and of another module, nothing is said.
    assert covered.absent == ("shop.Till(coins)", "shopping.Till")
