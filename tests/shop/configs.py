"""Short ways to rewrite a configuration with the made-up shop, and keys of its configurations."""

from __future__ import annotations

from compatkit.options import Options
from compatkit.rewrite import Outcome, Rewritten, Unchanged
from compatkit.rewrite.rewrite_document import rewrite_document
from tests.shop.calls import SHOP, migration

KEYS = """
[[keys]]
code = "SH401"
v1 = "till.limit"
v2 = "maximum"
beside = ["shop"]

[[keys]]
code = "SH402"
v1 = "till.coins"
say = "there are no coins any more"
beside = ["shop"]

[[keys]]
code = "SH403"
v1 = "buyers.*"
of = "shop.buy"
beside = ["shop", "buyers"]
"""
MIGRATION = migration(SHOP.replace('pin = { mode = "cash" }\n', "") + KEYS)
SAFE, REVIEW = Options(), Options(confidence="review")


def outcome_of(text: str, suffix: str, options: Options = REVIEW) -> Outcome:
    moves = MIGRATION.moves
    return rewrite_document(text.encode(), suffix=suffix, moves=moves, migrations=[MIGRATION], options=options)


def changed(text: str, suffix: str, options: Options = REVIEW) -> str:
    outcome = outcome_of(text, suffix, options)
    return outcome.source.decode() if isinstance(outcome, Rewritten) else text


def reasons(text: str, suffix: str, options: Options = REVIEW) -> str:
    outcome = outcome_of(text, suffix, options)
    assert isinstance(outcome, Rewritten | Unchanged), outcome
    return "\n".join(f"{found.code} {found.message}" for found in outcome.findings)
