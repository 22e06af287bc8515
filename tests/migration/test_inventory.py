"""A module moves with what v2 has in it: a name that the inventory does not list stays where it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration import MigrationError, load_migration
from compatkit.migration.inventory import Inventory, read_inventory

TOML = """
schema = 1
id = "shop-v2"
summary = "The shop moves."
versions = { v1 = "1", v2 = "2" }
inventory = "names.txt"
[[moves]]
code = "SHOP101"
kind = "module"
old = "old_shop"
new = "shop"
[[moves]]
code = "SHOP102"
old = "old_shop.Gone"
new = "bag.Found"
"""
NAMES = """
# Written for this test.
shop: Till, paper
shop.paper: Bill
"""


def written(folder: Path, names: str = NAMES) -> Path:
    (folder / "names.txt").write_text(names, encoding="utf-8")
    (folder / "migration.toml").write_text(TOML, encoding="utf-8")
    return folder / "migration.toml"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("old_shop", "shop"),
        ("old_shop.Till", "shop.Till"),
        ("old_shop.Till.open", "shop.Till.open"),
        ("old_shop.paper", "shop.paper"),
        ("old_shop.paper.Bill", "shop.paper.Bill"),
        ("old_shop.paper.*", "shop.paper.*"),
        ("old_shop.Bill", None),
        ("old_shop.paper.Till", None),
        ("old_shop.coins", None),
        ("old_shop.coins.*", None),
        ("old_shop.coins.Till", None),
        ("old_shopping.Till", None),
    ],
)
def test_only_what_v2_has_moves(tmp_path: Path, old: str, new: str | None) -> None:
    move, _ = load_migration(written(tmp_path)).moves

    found = move.of(old)

    assert (found and found.new) == new


def test_a_name_with_a_move_of_its_own_needs_no_inventory(tmp_path: Path) -> None:
    _, own = load_migration(written(tmp_path)).moves

    assert (own.inventory, own.new) == ("", "bag.Found")


def test_an_inventory_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    file = written(tmp_path)
    (tmp_path / "names.txt").unlink()

    with pytest.raises(MigrationError, match=r"There is no names\.txt"):
        load_migration(file)


def test_a_line_that_is_none_is_an_error_that_names_it(tmp_path: Path) -> None:
    file = written(tmp_path, "shop: Till\nTill\n")

    with pytest.raises(MigrationError, match=r"names\.txt, line 2"):
        load_migration(file).moves[0].of("old_shop.Till")


NAME = st.sampled_from(["a", "b", "c_1", "D"])
MODULES = st.dictionaries(st.lists(NAME, min_size=1, max_size=3).map(".".join), st.frozensets(NAME), min_size=1)


@given(MODULES)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, names: dict[str, frozenset[str]]
) -> None:
    file = tmp_path_factory.mktemp("names") / "names.txt"
    file.write_text("\n".join(Inventory(names).lines()), encoding="utf-8")

    assert read_inventory(str(file)) == Inventory(names)


@given(MODULES, st.lists(NAME, min_size=1, max_size=4).map(".".join))
def test_a_name_is_there_if_its_innermost_module_lists_it(names: dict[str, frozenset[str]], dotted: str) -> None:
    around = [module for module in names if f"{dotted}.".startswith(f"{module}.")]
    innermost = max(around, key=len, default=None)

    expected = True
    if innermost is not None and innermost != dotted:
        expected = dotted.removeprefix(f"{innermost}.").split(".")[0] in names[innermost]
    assert Inventory(names).may_have(dotted) is expected
