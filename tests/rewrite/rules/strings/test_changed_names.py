"""Strings that name a call that changed, a class whose members did, or what is gone."""

from __future__ import annotations

from textwrap import dedent

import pytest

from compatkit.options import Options
from compatkit.rewrite import Unchanged
from tests.shop.calls import findings, outcome_of, rewritten

HEAD = dedent("""\
    import importlib, pkgutil
    from unittest import mock

    """)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('@mock.patch("shop.old.sell")\ndef f(m): pass\n', "SH101 4 a string names shop.old.sell: shop.new.sell is"),
        ('x = "shop.discount"\n', "SH301 4 a string names shop.discount: it is gone"),
        ('x = "shop:discount"\n', "SH301 4 a string names shop.discount: it is gone"),
        ('x = {"a": "shop.legacy.thing"}\n', "SH301 4 a string names shop.legacy: it is gone"),
        ('importlib.import_module("shop").discount(1)\n', "SH301 4 a string names shop.discount: it is gone"),
        ('getattr(importlib.import_module("shop"), "discount")\n', "SH301 4 a string names shop.discount: it is gone"),
        ('importlib.import_module("shop.old").sell(1, 2)\n', "SH101 4 a string names shop.old.sell: shop.new.sell is"),
        ('pkgutil.resolve_name("shop.buy")(where=1)\n', "SH102 4 a string names shop.buy: it takes other arguments"),
        ('pkgutil.resolve_name("shop:connect")().number\n', "SH201 4 a string names shop.connect: its number is count"),
        ('import shop\nmock.patch.object(shop, "discount")\n', "SH301 5 a string names shop.discount: it is gone"),
        ('import shop\nmonkeypatch.setattr(shop, "discount", 3)\n', "SH301 5 a string names shop.discount: it is gone"),
        *(
            (f'x = {{"class_path": "shop.pay", {given}}}\n', "SH103 4 a string names shop.pay: it takes other")
            for given in (
                '"init_args": {"how": "card"}',
                '"init_args": {**more}',
                '"args": {"who": 1}',
                '"init_args": more',
            )
        ),
        (
            'x = {"class_path": "shop.Client", "init_args": {"who": 1}}\n',
            "SH201 4 a string names shop.Client: its number",
        ),
        ('x = {"class_path": "shop.old.sell", "init_args": {"who": 1}}\n', "SH101 4 a string names shop.old.sell"),
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
        'import shop\nmock.patch.object(shop, "buy")\n',
        'import other as shop\ngetattr(shop, "discount")\n',
        'shop = make()\ngetattr(shop, "discount")\n',
        '"""shop.discount"""\n',
        'x = {"class_path": "shop.pay", "init_args": {"who": "card"}}\n',
        'x = {"init_args": {}, "class_path": "shop.pay"}\n',
    ],
)
def test_is_not_reported(source: str) -> None:
    assert findings(HEAD + source) == []


REVIEW = Options(confidence="review")


@pytest.mark.parametrize(
    ("source", "after"),
    [
        ('mock.patch("shop.old.sell")\n', 'mock.patch("shop.new.sell")\n'),
        (
            'with mock.patch("shop.old.sell.tax") as m:\n    pass\n',
            'with mock.patch("shop.new.sell.tax") as m:\n    pass\n',
        ),
        ('mock.patch("shop.Client.number", 3)\n', 'mock.patch("shop.Client.count", 3)\n'),
        ('monkeypatch.setattr("shop.Client.on_sold", f)\n', 'monkeypatch.setattr("shop.Client.on_sale", f)\n'),
    ],
)
def test_a_mock_stands_under_the_new_name_on_request(source: str, after: str) -> None:
    assert rewritten(HEAD + source, options=REVIEW) == HEAD + after
    assert len(findings(HEAD + source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        'mock.patch("shop.old.sell", autospec=True)\n',
        'importlib.import_module("shop.old").sell\n',
        'pkgutil.resolve_name("shop.old.sell")(1, 2)\n',
        'mock.patch("shop.discount")\n',
        'mock.patch("shop." "old.sell")\n',
        'x = "shop.old.sell"\n',
    ],
)
def test_what_may_be_called_or_told_apart_is_reported_and_stays(source: str) -> None:
    outcome = outcome_of(HEAD + source, options=REVIEW)

    assert isinstance(outcome, Unchanged)
    assert [found.line for found in outcome.findings] == [4]
