"""Strings that name a call that changed, a class whose members did, or what is gone."""

from __future__ import annotations

import pytest

from tests.rewrite.rules.calls.shop import findings

HEAD = "import importlib, pkgutil\nfrom unittest import mock\n\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('@mock.patch("shop.old.sell")\ndef f(m): pass\n', "SH101 4 a string names shop.old.sell: shop.new.sell is"),
        ('x = "shop.discount"\n', "SH301 4 a string names shop.discount: it is gone"),
        ('x = "shop:discount"\n', "SH301 4 a string names shop.discount: it is gone"),
        ('x = {"a": "shop.legacy.thing"}\n', "SH301 4 a string names shop.legacy: it is gone"),
        ('importlib.import_module("shop").discount(1)\n', "SH301 4 a string names shop.discount: it is gone"),
        ('getattr(importlib.import_module("shop"), "discount")\n', "SH301 4 a string names shop.discount: it is gone"),
        ('pkgutil.resolve_name("shop.buy")(where=1)\n', "SH102 4 a string names shop.buy: it takes other arguments"),
        ('pkgutil.resolve_name("shop:connect")().number\n', "SH201 4 a string names shop.connect: its number is count"),
        ('mock.patch("shop.Client.number", 3)\n', "SH201 4 a string names shop.Client.number: its number is count"),
    ],
)
def test_is_reported(source: str, said: str) -> None:
    assert [found[: len(said)] for found in findings(HEAD + source)] == [said]


@pytest.mark.parametrize(
    "source",
    [
        'x = "shop.discounts"\n',
        'x = "shop"\n',
        'x = "see shop.discount"\n',
        'print("shop.discount")\n',
        'log_metric("shop.discount", 1)\n',
        'x == "shop.discount"\n',
        'importlib.import_module("shop").Kept\n',
        'importlib.import_module("other").discount\n',
        # A mock takes any arguments.
        'mock.patch("shop.buy")\n',
        '"""shop.discount"""\n',
    ],
)
def test_is_not_reported(source: str) -> None:
    assert findings(HEAD + source) == []
