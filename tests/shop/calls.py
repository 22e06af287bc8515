"""A made-up library whose interface changed, and short ways to apply its migration."""

from __future__ import annotations

from compatkit.migration import Migration, parse_migration
from compatkit.options import Options
from compatkit.rewrite import Outcome, Rewritten, Unchanged, rewrite_source
from compatkit.rewrite.file.neighbours import ALONE, Neighbours
from tests.shop import HEAD

SHOP = """
loaded = ["shop.new"]

[types]
"shop.connect()" = "shop.Client"
"shop.Client.__enter__()" = "shop.Client"
"shop.Client.info" = "shop.Info"

[[calls]]
code = "SH101"
of = "shop.old.sell"
to = "shop.new.sell"
v1 = ["item", "price", "count"]
v2 = ["device", "price", "item", "count"]
add = { device = "till" }
why = "the till is an argument"

[[calls]]
code = "SH102"
of = "shop.buy"
v1 = ["item", "where"]
v2 = ["item"]
rename = { where = "place" }
pin = { mode = "cash" }

[[calls]]
code = "SH103"
of = ["shop.pay", "shop.*.pay"]
values = { how = [["card", "contactless"], [1, "once"]] }
drop = ["verbose"]

[[calls]]
code = "SH104"
of = "shop.Client.order"
when = { fast = [true] }
rename = { fast = "express" }
confidence = "review"

[[calls]]
code = "SH105"
of = "shop.refund"
say = "there are no refunds any more"

[[calls]]
code = "SH106"
of = "shop.sum_up"
pin = { digits = 2 }

[[members]]
code = "SH201"
of = ["shop.Client", "shop.Info"]
v1 = "number"
v2 = "count"

[[members]]
code = "SH202"
of = "shop.Client"
v1 = "on_sold"
v2 = "on_sale"
defined = true

[[removed]]
code = "SH301"
name = ["shop.discount", "shop.legacy"]
say = "everything costs what it costs"
"""


def migration(text: str = SHOP) -> Migration:
    return parse_migration(HEAD + text)


def outcome_of(source: str, text: str = SHOP, options: Options | None = None, around: Neighbours = ALONE) -> Outcome:
    return rewrite_source(
        source.encode(),
        module="app.main",
        is_package=False,
        moves=(),
        migrations=[migration(text)],
        options=options or Options(),
        neighbours=around,
    )


def rewritten(source: str, text: str = SHOP, options: Options | None = None) -> str:
    outcome = outcome_of(source, text, options)
    assert isinstance(outcome, Rewritten), outcome
    return outcome.source.decode()


def findings(source: str, text: str = SHOP, options: Options | None = None) -> list[str]:
    """Return what is reported, as `code line message`."""
    outcome = outcome_of(source, text, options)
    assert isinstance(outcome, Rewritten | Unchanged), outcome
    return [f"{item.code} {item.line} {item.message}" for item in outcome.findings]
