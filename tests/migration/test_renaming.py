"""The effect of moves on names: the innermost move decides, and no name goes to a place that v2 does not have."""

from __future__ import annotations

from pathlib import Path

import pytest

from compatkit.migration import Move
from compatkit.migration.renaming import Renaming


@pytest.fixture
def renaming(tmp_path: Path) -> Renaming:
    inventory = tmp_path / "names.txt"
    inventory.write_text("till: Till\nmoney.coins: Coin\n", encoding="utf-8")
    return Renaming(
        [
            Move("SH101", "shop", "market", kind="module"),
            Move("SH102", "shop.till", "till", kind="module", inventory=str(inventory)),
            Move("SH103", "shop.till.Coin", "money.coins.Coin"),
        ]
    )


@pytest.mark.parametrize("name", ["shops", "shopping.Bag", "a.shop", "market.Bag", "till.Till", "shop.till.Gone", ""])
def test_other_names_and_names_that_are_gone_stay(renaming: Renaming, name: str) -> None:
    assert renaming.apply(name) == name
    assert renaming.of(name) is renaming.whole(name) is renaming.around(name) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("shop", "market"),
        ("shop.Bag", "market.Bag"),
        ("shop.till", "till"),
        ("shop.till.Till.open", "till.Till.open"),
        ("shop.till.Coin", "money.coins.Coin"),
        ("shop.till.Coin.flip", "money.coins.Coin.flip"),
    ],
)
def test_the_innermost_move_decides(renaming: Renaming, old: str, new: str) -> None:
    assert renaming.apply(old) == new
    assert old in renaming.older(new)


def test_a_gone_name_is_told_with_the_module_that_lost_it(renaming: Renaming) -> None:
    gone = renaming.lacking("shop.till.Gone")

    assert gone is not None
    assert gone.code == "SH102"
