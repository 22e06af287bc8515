"""`--through-reexports` on a tree: facades, facades of facades, and what is left to itself without it."""

from __future__ import annotations

from pathlib import Path

from compatkit.migrate import plan_tree
from compatkit.migration import Migration, Move, Versions
from compatkit.options import Options
from compatkit.rewrite import Rewritten

TREE = {
    "shop/__init__.py": "from shop.api import Thing as Thing\n",
    "shop/api/__init__.py": "from shop.old import Thing\n",
    "shop/new.py": "class Thing2: ...\n",
    "inner.py": "from shop.api import Thing\n",
    "outer.py": "from shop import Thing\n",
}
NEW = "from shop.new import Thing2 as Thing\n"


SHOP = Migration("shop", "", Versions("1", "2"), moves=(Move("CK101", "shop.old.Thing", "shop.new.Thing2"),))


def planned(folder: Path, tree: dict[str, str], *, through: bool) -> dict[str, str]:
    for name, text in tree.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    report = plan_tree([folder], [SHOP], Options(through_reexports=through))
    return {
        Path(result.name).relative_to(folder).as_posix(): result.outcome.source.decode()
        for result in report.rewritten
        if isinstance(result.outcome, Rewritten)
    }


def test_importers_keep_the_facade_by_default(tmp_path: Path) -> None:
    assert set(planned(tmp_path, TREE, through=False)) == {"shop/api/__init__.py"}


def test_importers_go_to_the_new_home_through_every_facade(tmp_path: Path) -> None:
    found = planned(tmp_path, TREE, through=True)

    assert {name: text for name, text in found.items() if name.endswith("er.py")} == {"inner.py": NEW, "outer.py": NEW}


def test_second_run_changes_nothing(tmp_path: Path) -> None:
    once = TREE | planned(tmp_path, TREE, through=True)

    assert planned(tmp_path, once, through=True) == {}


def test_importers_can_follow_in_a_later_run(tmp_path: Path) -> None:
    once = TREE | planned(tmp_path, TREE, through=False)

    assert set(planned(tmp_path, once, through=True)) == {"shop/__init__.py", "inner.py", "outer.py"}
