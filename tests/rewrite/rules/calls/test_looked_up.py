"""A lookup in a module by a computed name may give any callable of the module: calls of it are reported."""

from __future__ import annotations

import pytest

from compatkit.rewrite import Unchanged
from tests.shop.calls import outcome_of

ROWS = """
[[calls]]
code = "SHOP201"
of = ["shop.tills.small", "shop.tills.large"]
rename = { coins = "tray" }
[[calls]]
code = "SHOP202"
of = "shop.tills.other"
pin = { mode = 1 }
"""


def messages(source: str) -> list[str]:
    outcome = outcome_of(f"from shop import tills\n\n{source}\n", ROWS)
    assert isinstance(outcome, Unchanged), outcome
    return [finding.message for finding in outcome.findings]


@pytest.mark.parametrize(
    "source",
    [
        "getattr(tills, name)(coins=3)",
        "getattr(tills, name, None)(1, coins=3)",
        "tills.__dict__[name](coins=3)",
        "vars(tills)[kinds[0]](coins=3)",
        "make = getattr(tills, name)\nmake(coins=3)",
        "def make(name, coins, **rest):\n    return getattr(tills, name)(**rest)",
    ],
)
def test_a_call_that_gives_what_changed_is_reported_once(source: str) -> None:
    (told,) = messages(source)

    assert told.startswith("shop.tills.small may be called here: ")


@pytest.mark.parametrize(
    "source",
    [
        "getattr(tills, name)(tray=3)",
        "getattr(tills, name)()",
        "getattr(other, name)(coins=3)",
        "getattr(tills, name).open(coins=3)",
        "def getattr(module, name): ...\ngetattr(tills, name)(coins=3)",
        "vars(coins)[name](coins=3)",
        "getattr(tills, name)(coins=3)  # compatkit: ignore[SHOP201]",
    ],
)
def test_other_calls_are_not(source: str) -> None:
    assert not messages(source)
