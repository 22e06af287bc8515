"""Code that asks a changed callable for its parameters, or sets them aside, is reported; what asks others is not."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.shop.calls import findings

HEAD = dedent("""\
    import inspect
    import typing

    import other
    import shop

    """)


@pytest.mark.parametrize(
    "source",
    [
        "inspect.signature(other.buy)\n",
        "inspect.signature(shop.refund)\n",
        "inspect.isfunction(shop.buy)\n",
        "shop.buy.__name__\n",
        "inspect.signature(shop.buy)  # compatkit: ignore[SH102]\n",
        dedent("""\
            def buy(item, where): ...


            inspect.signature(buy)
            """),
        dedent("""\
            class Factory:
                class Meta:
                    model = other.buy

                where = 1
            """),
        dedent("""\
            class Factory:
                class Meta:
                    model = shop.buy

                price = 1
            """),
        dedent("""\
            class Factory:
                class Meta:
                    kind = shop.buy

                where = 1
            """),
        dedent("""\
            class Factory:
                class Other:
                    model = shop.buy

                where = 1
            """),
    ],
)
def test_what_asks_nothing_that_changed_is_silent(source: str) -> None:
    assert findings(HEAD + source) == []


@pytest.mark.parametrize(
    ("source", "line", "told"),
    [
        ("inspect.signature(shop.buy)\n", 7, "asks shop.buy for its parameters: where is place now"),
        ("inspect.getfullargspec(shop.pay).args\n", 7, "asks shop.pay for its parameters: verbose is gone"),
        ("typing.get_type_hints(shop.buy)\n", 7, "asks shop.buy for its parameters: where is place now"),
        ("shop.buy.__defaults__\n", 7, "asks shop.buy for its parameters: where is place now"),
        (
            dedent(
                """\
                class Factory:
                    class Meta:
                        model = shop.buy

                    item = 1
                    where = 2
                """
            ),
            12,
            "gives where to shop.buy, as an attribute: where is place now",
        ),
    ],
)
def test_what_asks_for_changed_parameters_is_reported(source: str, line: int, told: str) -> None:
    (found,) = findings(HEAD + source)

    assert found.split(" ", 2)[1:] == [str(line), told]
