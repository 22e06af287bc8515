"""A file that would cost more than its size promises is not read; ordinary files are."""

from __future__ import annotations

import tomllib
from itertools import pairwise

import pytest
import yaml

from compatkit.budget import DEPTH, MIB, Budget, BudgetError, load_json, load_toml, load_yaml, require_depth

LONG = ".".join("a" * 65)
BOMB = "a: &a [x, x]\n" + "".join(f"{n}: &{n} [{', '.join([f'*{o}'] * 9)}]\n" for o, n in pairwise("abcdefgh"))


def test_a_budget_ends_with_its_last_value_byte_and_second() -> None:
    few = Budget(values=2)
    few.spend(2)
    with pytest.raises(BudgetError, match="too many values"):
        few.spend(1)
    with pytest.raises(BudgetError, match="too many bytes"):
        Budget(size=0).spend(size=2**62)
    with pytest.raises(BudgetError, match="too long"):
        Budget(seconds=-1).spend(size=MIB + 1)


def test_the_clock_is_not_asked_at_every_value() -> None:
    Budget(seconds=-1).spend(1, size=1)


def test_what_is_as_deep_as_allowed_is_read() -> None:
    require_depth(DEPTH)
    with pytest.raises(BudgetError, match="nested"):
        require_depth(DEPTH + 1)


def test_json_that_is_nested_too_deep_is_an_error_of_its_own() -> None:
    with pytest.raises(BudgetError, match="nested too deep"):
        load_json("[" * 100_000)
    with pytest.raises(ValueError, match="Expecting"):
        load_json("[1, ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{LONG} = 1\n", "64 parts"),
        (f"[{LONG}]\n", "64 parts"),
        ("a = " + "[" * 100_000, "nested too deep"),
        ("a = 9999-99-99\n", "does not read|Expected|Invalid"),
        ("# " + "x" * 17 * MIB, "larger than"),
        ("a =\n", "Invalid value"),
    ],
)
def test_toml_that_costs_too_much_or_is_none_is_refused_as_toml(text: str, reason: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError, match=reason):
        load_toml(text)


def test_toml_with_long_texts_and_many_short_keys_is_read() -> None:
    text = f'a = "{LONG}"\nb = """\n{LONG} = 1\n"""\n'.replace(LONG, LONG[:120])

    assert load_toml(text + "".join(f"k{number}.a = 1\n" for number in range(200)))["k199"] == {"a": 1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BOMB, "too many values"),
        ("a: &a [*a]\n", "too many values"),
        ("[" * (DEPTH + 2), "nested"),
        ("a: " + "9" * 100_000, "too many digits"),
        ("a: !!int '" + "9" * 100_000 + "'", "too many digits"),
        ("%TAG !a! tag:a,2000:\n" * 200 + "---\na", "directives"),
        ("".join(f"{number}: a\n" for number in range(100_000)), "not texts"),
    ],
)
def test_yaml_that_a_few_lines_blow_up_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BudgetError, match=reason):
        load_yaml(text.encode(), Budget(size=len(text)))


def test_a_key_twice_in_one_mapping_is_refused_and_one_that_replaces_a_merged_key_is_not() -> None:
    with pytest.raises(ValueError, match="twice"):
        load_yaml(b"a: 1\na: 2\n", Budget())

    (found,) = load_yaml(b"a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\n", Budget())
    assert found["b"] == {"x": 3, "y": 2}


def test_a_long_text_in_yaml_is_no_number() -> None:
    assert load_yaml(b"a: " + b"x" * 100_000, Budget()) == [{"a": "x" * 100_000}]
    with pytest.raises(yaml.YAMLError):
        load_yaml(b"a: [1\n", Budget())
