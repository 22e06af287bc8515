"""Each use of a name that a migration leaves to people is reported with the reason, and nothing else is."""

from __future__ import annotations

import pytest

from tests.shop.calls import findings, outcome_of

ROWS = """
[[unhandled]]
name = "shop.odd.*"
why = "ask the shop"

[[unhandled]]
name = "shop.pay(how)"
why = "cash is counted now"

[[unhandled]]
name = "shop.Client.close"
why = "it closes for good"

[[unhandled]]
name = "shop.tills"
why = "they lie in another package"
"""


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("from shop.odd import bag\nbag()\n", "CK910 1 shop.odd.bag changed, and is left to you: ask the shop"),
        (
            "import shop.odd\nshop.odd.bag.take()\n",
            "CK910 2 shop.odd.bag.take changed, and is left to you: ask the shop",
        ),
        ("import shop\nshop.pay(1, how=2)\n", "CK910 2 shop.pay(how) changed, and is left to you: cash is counted now"),
        *(
            (f"import shop\nkey = 'how'\nshop.pay(1, **{spread})\n", "CK910 3 shop.pay(how) changed")
            for spread in (
                "{'how': 2}",
                "dict(how=2)",
                "{key: 2}",
                "{**{'how': 2}}",
                "({'when': 1} | dict({'how': 2}))",
            )
        ),
        *(
            (source, f"CK910 1 shop.tills{what} changed, and is left to you: they lie in another package")
            for source, what in (
                ("from shop.tills import till\n", ""),
                ("from shop.tills.old import till\n", ""),
                ("import shop.tills.old\n", ""),
                ("from shop import tills\n", ""),
            )
        ),
        (
            "from shop import Client\nClient().close()\n",
            "CK910 2 shop.Client.close changed, and is left to you: it closes",
        ),
        (
            'import importlib\nx = "shop.Client.close"\n',
            "CK910 2 a string names shop.Client.close: it changed, and is left",
        ),
    ],
)
def test_a_use_is_told_once_with_the_reason(source: str, said: str) -> None:
    (found,) = findings(source, ROWS)

    assert found.startswith(said)


@pytest.mark.parametrize(
    "source",
    [
        "from shop import odd\n",
        "import shop.oddities\nshop.oddities.x()\n",
        "import shop\nshop.pay(1, when=2)\n",
        "import shop\nshop.pay(1, **{'when': 2, **{'who': 'how'}})\n",
        "import shop\nshop.repay(how=2)\n",
        "from other.odd import bag\n",
        "from shop.tills2 import bag\n",
        "from shop import Client\nClient().closed()\n",
        "from shop.odd import bag  # compatkit: ignore[CK910]\n",
    ],
)
def test_nothing_else_is_reported(source: str) -> None:
    assert findings(source, ROWS) == []


def test_nothing_is_rewritten() -> None:
    assert type(outcome_of("from shop.odd import bag\n", ROWS)).__name__ == "Unchanged"
