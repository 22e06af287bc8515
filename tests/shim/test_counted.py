"""Every kind of use that the shim serves is counted by a run, and found in the source by the census of it."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from compatkit.migrate.census import codes_counted, take_census
from compatkit.migration import Migration, parse_migration
from compatkit.shim import install
from compatkit.shim.census import Census, write_census
from tests.shim.conftest import WriteProject
from tests.shop import HEAD

DECLARED = """
[[moves]]
code = "SH101"
old = "shop.Gone"
new = "shop.new.Here"

[[calls]]
code = "SH201"
of = "shop.buy"
rename = { where = "place" }

[[calls]]
code = "SH202"
of = "shop.*.pay"
rename = { amount = "price" }

[[calls]]
code = "SH203"
of = "shop.new.refund"
say = "there are none"

[[members]]
code = "SH301"
of = "shop.Client"
v1 = "number"
v2 = "count"

[[members]]
code = "SH302"
of = "shop.Client"
v1 = "on_sold"
v2 = "on_sale"
defined = true

[[members]]
code = "SH303"
of = "shop.Client"
v1 = "other"
say = "it is gone"

[[fields]]
code = "SH401"
v1 = "train_acc"
v2 = "train_accuracy"
"""
LIBRARY = {
    "shop/__init__.py": """
        def buy(place="here"): return place
        class Client:
            count = 7
            def on_sale(self): pass
        """,
    "shop/new.py": "class Here: pass\ndef refund(): pass\n",
    "shop/cash.py": "def pay(price=0): return price\n",
}
SCRIPT = """import shop, shop.cash
from shop import Gone
shop.buy(where=1)
shop.cash.pay(amount=2)
class Own(shop.Client):
    def on_sold(self): pass
client = shop.Client()
client.number
if not client:
    client.number
    {"train_acc": 1}["train_acc"]
"""


@pytest.fixture
def migration() -> Migration:
    return parse_migration(HEAD + DECLARED)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_kind_of_use_is_counted_and_found(
    migration: Migration, write_project: WriteProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_project({**LIBRARY, "src/script.py": ""}))
    (tmp_path / "src" / "script.py").write_text(SCRIPT)
    install([migration])
    log = tmp_path / "uses"
    log.touch()
    counted = Census(log)
    counted.start()
    runpy.run_path(str(tmp_path / "src" / "script.py"))
    counted.stop()
    write_census(log, tmp_path / "census.json")

    census = take_census([tmp_path / "census.json"], [Path("src")], migration.moves, changed=[migration])

    lines = [(use.line, use.code, use.count) for use in census.found]
    assert lines == [(2, "SH101", 1), (3, "SH201", 1), (4, "SH202", 1), (6, "SH302", 1), (8, "SH301", 1)]
    assert census.missed == ()
    # What no run counts is nothing that this run did not use.
    assert [(place.line, place.code) for place in census.unseen] == [(10, "SH301")]


def test_codes_are_those_of_what_the_shim_serves(migration: Migration) -> None:
    assert codes_counted([migration]) == {"SH101", "SH201", "SH202", "SH301", "SH302"}
