"""A document that is a bomb is a failure of that one file, in words; it neither hangs nor ends the run."""

from __future__ import annotations

import pytest

from compatkit.rewrite import Failed
from tests.shop.documents import OLD, run

BOMBS = {
    "yaml_nested": (".yaml", f"a: {OLD}\nb: " + "[" * 20_000 + "]" * 20_000),
    "yaml_nested_blocks": (".yaml", f"a: {OLD}\nb:\n" + "- " * 20_000),
    "yaml_never_closed": (".yaml", f"a: {OLD}\nb: " + "[" * 500_000),
    "yaml_of_too_many_values": (".yaml", f"a: {OLD}\nb: [" + "0," * 250_000 + "0]"),
    "toml_nested": (".toml", f"a = '{OLD}'\nb = " + "[" * 100_000 + "]" * 100_000),
    "toml_long_key": (".toml", f"a = '{OLD}'\n" + "b." * 200_000 + "b = 1"),
    "toml_long_quoted_key": (".toml", f"a = '{OLD}'\n[" + '"b" . ' * 100_000 + "b]"),
    "json_nested": (".json", f'["{OLD}", ' + "[" * 100_000 + "]" * 100_001),
    "json_of_too_many_values": (".json", f'["{OLD}"' + ",0" * 2_100_000 + "]"),
    "notebook_nested": (".ipynb", f'{{"cells": [], "x": "{OLD}", "a": ' + "[" * 100_000 + "]" * 100_000 + "}"),
}


@pytest.mark.slow("reads bombs until their budget is spent")
@pytest.mark.parametrize("name", BOMBS)
def test_bomb_fails_alone(name: str) -> None:
    suffix, text = BOMBS[name]

    outcome = run(text, suffix)

    assert isinstance(outcome, Failed)
    assert outcome.code == "CK901"


def test_number_to_the_base_of_sixty_is_read() -> None:
    assert not isinstance(run(f"a: {OLD}\nb: 1" + ":59" * 300_000, ".yaml"), Failed)


def test_aliases_are_read_and_not_followed() -> None:
    rows = [f"a0: &a0 [{OLD}]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    assert not isinstance(run("\n".join(rows) + "\n", ".yaml"), Failed)
