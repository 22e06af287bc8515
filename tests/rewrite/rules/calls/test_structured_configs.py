"""Fields of a class, or keys of a dict, from which Hydra makes a call: what changed is reported where it stands."""

from __future__ import annotations

import pytest

from compatkit.rewrite import Unchanged
from tests.shop.calls import findings, outcome_of

ROWS = """
[[calls]]
code = "SH102"
of = "shop.Client"
when = { where = [0] }
drop = ["where"]
why = "it was the default"

[[calls]]
code = "SH103"
of = "shop.Client"
rename = { where = "place" }
why = "it is a place"

[[calls]]
code = "SH104"
of = "shop.Client"
asks = ["verbose"]
say = "log it yourself"
"""
FIELDS = """\
class Settings:
    _target_: str = "shop.Client"
    where: int = 0
    size: int = 3
    verbose = True
"""


def test_each_field_that_changed_is_reported_with_all_that_it_may_become() -> None:
    first, second = findings(FIELDS, ROWS)

    assert "shop.Client: where" in first
    assert "it was the default; it is a place" in first
    assert second.endswith("shop.Client: verbose: log it yourself")


def test_keys_of_a_dict_are_reported() -> None:
    (found,) = findings('settings = {"_target_": "shop.Client", "where": 1}\n', ROWS)

    assert "shop.Client: where" in found


@pytest.mark.parametrize(
    "text",
    [
        FIELDS.replace("shop.Client", "bazaar.Client"),
        FIELDS.replace("where", "place").replace("verbose", "loud"),
        FIELDS.replace("where: int = 0", "where: int = 0  # compatkit: ignore[SH102]").replace("verbose", "loud"),
        'settings = {"_target_": target, "where": 1}\n',
    ],
)
def test_what_is_none_of_the_call_is_left_alone(text: str) -> None:
    assert findings(text, ROWS) == []


def test_nothing_is_rewritten() -> None:
    assert isinstance(outcome_of(FIELDS, ROWS), Unchanged)
