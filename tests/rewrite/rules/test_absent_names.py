"""Nothing is pointed at a name that v2 does not have: it stays as it is, and is reported."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migration import Migration, load_migration
from compatkit.options import Options
from compatkit.rewrite.engine import rewrite_source
from compatkit.rewrite.outcome import Rewritten, Unchanged

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
old = "old_shop.coins.Coin"
new = "shop.paper.Coin"
[[removed]]
code = "SHOP401"
name = "old_shop.ledger"
say = "use a data base"
"""
NAMES = "shop: Till, paper\nshop.paper: Bill, Coin, Note\n"


@pytest.fixture
def shop(tmp_path: Path) -> Migration:
    (tmp_path / "names.txt").write_text(NAMES, encoding="utf-8")
    (tmp_path / "migration.toml").write_text(TOML, encoding="utf-8")
    return load_migration(tmp_path / "migration.toml")


def migrated(source: str, migration: Migration) -> tuple[str, list[str]]:
    """Return the source afterwards, and what is reported, as `code line message`."""
    before = dedent(source)
    outcome = rewrite_source(
        before.encode(),
        module="app.main",
        is_package=False,
        moves=migration.moves,
        migrations=[migration],
        options=Options(),
    )
    assert isinstance(outcome, Rewritten | Unchanged), outcome
    after = outcome.source.decode() if isinstance(outcome, Rewritten) else before
    return after, [f"{finding.code} {finding.line} {finding.message}" for finding in outcome.findings]


@pytest.mark.parametrize(
    "statement",
    [
        "from old_shop import Bag",
        "from old_shop.paper import Till",
        "from old_shop.bags import Bag",
        "from old_shop.bags.small import Bag as Sack",
        "import old_shop.bags",
        "import old_shop.bags as bags",
        "from old_shop import bags",
        "from old_shop.bags import *",
    ],
)
def test_an_import_of_what_v2_lacks_stays_and_is_reported_once(shop: Migration, statement: str) -> None:
    after, (told,) = migrated(f"{statement}\n", shop)

    assert after == f"{statement}\n"
    assert told.startswith("SHOP101 1 old_shop.")
    assert "is not in shop any more" in told


def test_what_lies_beside_it_in_one_statement_moves(shop: Migration) -> None:
    after, told = migrated("from old_shop import Till, Bag\n", shop)

    assert after == "from old_shop import Bag\nfrom shop import Till\n"
    assert len(told) == 1


@pytest.mark.parametrize("use", ["shop_1.Bag()", "shop_1.bags.small.Bag()", "shop_1.paper.Till"])
def test_a_use_through_the_module_is_reported_at_the_first_part_that_is_not_there(shop: Migration, use: str) -> None:
    after, (told,) = migrated(f"import old_shop as shop_1\n\nshop_1.Till()\n{use}\n", shop)

    assert after == f"import shop as shop_1\n\nshop_1.Till()\n{use}\n"
    assert told.startswith(f"SHOP101 4 old_shop.{'.'.join(use.strip('()').split('.')[1:3])}".removesuffix(".small"))


def test_it_is_told_where_v2_has_a_name_of_the_same_spelling(shop: Migration) -> None:
    _, (told,) = migrated("from old_shop.bills import Note\n", shop)

    assert told.endswith("look at shop.paper.Note")


@pytest.mark.parametrize(
    "source",
    [
        "from old_shop import Till",
        "from old_shop.paper import Bill, Note",
        dedent(
            """\
            import old_shop.paper as paper

            paper.Bill.open
            paper.Bill.any.thing"""
        ),
        "from old_shop.coins import Coin",
        dedent(
            """\
            from old_shop.coins import Coin

            Coin.flip.any"""
        ),
        dedent(
            """\
            from old_shop import paper

            paper.Bill()"""
        ),
    ],
)
def test_what_v2_has_moves_and_nothing_is_reported(shop: Migration, source: str) -> None:
    after, told = migrated(f"{source}\n", shop)

    assert "old_shop" not in after
    assert not told


@pytest.mark.parametrize(
    "source",
    [
        "from old_shopping import Bag",
        dedent(
            """\
            import shop

            shop.Bag()"""
        ),
        "from . import Bag",
    ],
)
def test_names_of_other_libraries_are_left_alone(shop: Migration, source: str) -> None:
    assert migrated(f"{source}\n", shop) == (f"{source}\n", [])


def test_what_is_declared_as_gone_is_told_with_the_words_of_its_own_row_only(shop: Migration) -> None:
    _, (told,) = migrated("from old_shop.ledger import Page\n", shop)

    assert told.startswith("SHOP401 1 old_shop.ledger.Page is gone: use a data base")


def test_a_text_that_names_what_is_gone_is_reported_and_stays(shop: Migration) -> None:
    source = """
        from unittest import mock

        mock.patch("old_shop.Cart", None)
        mock.patch("old_shop.Till", None)
    """
    outcome = rewrite_source(
        dedent(source).encode(),
        module="tests.test_cart",
        is_package=False,
        moves=shop.moves,
        migrations=[shop],
        options=Options(confidence="review"),
    )

    assert isinstance(outcome, Rewritten)
    assert b'patch("old_shop.Cart"' in outcome.source
    assert b'patch("shop.Till"' in outcome.source
    assert ["old_shop.Cart is not in shop any more" in finding.message for finding in outcome.findings] == [True]


@pytest.mark.parametrize(
    ("lookup", "is_told"),
    [
        ("from old_shop import Till\ngetattr(Till, 'size')", False),
        ("import old_shop as s\ngetattr(s, 'Till')", False),
        ("from old_shop import paper\nhasattr(paper, 'Bill')", False),
        ("from old_shop import paper\nhasattr(paper, 'Bag')", True),
        ("import old_shop as s\ngetattr(s, 'Bag')", True),
        ("import old_shop.paper\ngetattr(old_shop, 'paper')", True),
    ],
)
def test_a_lookup_by_a_text_is_told_where_the_name_may_not_go_along(
    shop: Migration, lookup: str, is_told: bool
) -> None:
    _, told = migrated(f"{lookup}\n", shop)

    assert any("up by its name" in message or "is not in shop" in message for message in told) == is_told
