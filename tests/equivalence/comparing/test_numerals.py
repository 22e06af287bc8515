"""Two texts of a param are equal as numbers only where no other reading is possible."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from compatkit.equivalence.comparing.texts import is_same_param

finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1234e567", "4321e999"),
        ("1.0e400", "2.0e400"),
        ("12e456", "120e455"),
        ("1200e9", "120e10"),
        ("0e12345", "0e54321"),
        ("1_000", "1000"),
        ("1_0.0", "10.0"),
        (" 1.0", "1.0"),
        ("1.0\n", "1.0"),
        ("nan", "NaN"),
        ("inf", "Infinity"),
        ("0x10", "16"),
        ("0x1p-1", "0.5"),
        ("\uff11.\uff10", "1.0"),  # full-width digits, which float() takes
        ("\u0661.0", "1.0"),  # an Arabic-Indic digit
        ("1", "1.0"),
        ("1", "1e0"),
        ("01", "1"),
        ("+1", "1"),
        ("1e5", "100000"),
        ("12345678901234567890.0", "12345678901234567891.0"),
        ("12345678901234567890", "12345678901234567891"),
        ("0.1", "0.1000000000000000055511151231257827"),
        ("1e-400", "0.0"),
        ("-0.0", "0.0"),
        ("1e-400", "1e-401"),
        ("True", "true"),
        ("", " "),
        # Versions: no number is printed with zeros at its end.
        ("3.10", "3.1"),
        ("12.10", "12.1"),
        ("0.50", "0.5"),
        ("2.00", "2.0"),
        ("03.1", "3.1"),
    ],
)
def test_texts_of_two_meanings_differ(before: str, after: str) -> None:
    assert not is_same_param(before, after)
    assert not is_same_param(after, before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("0.001", "1e-3"),
        ("0.001", "1e-03"),
        ("0.001", "1E-3"),
        ("0.001", ".001"),
        ("100000.0", "1e5"),
        ("100000.0", "1e+05"),
        ("-2.5e-4", "-0.00025"),
        ("0.0025", "25e-4"),
    ],
)
def test_spellings_of_one_decimal_are_the_same(before: str, after: str) -> None:
    assert is_same_param(before, after)
    assert is_same_param(after, before)


@given(st.text(max_size=12))
def test_a_text_says_the_same_as_itself(text: str) -> None:
    assert is_same_param(text, text)


@given(finite)
def test_a_float_with_and_without_exponent_is_one_param(value: float) -> None:
    exact = Decimal(repr(value))

    point = f"{exact:.400f}".rstrip("0")
    assert is_same_param(point if not point.endswith(".") else f"{point}0", f"{exact:.40e}")


@given(finite, finite)
def test_two_floats_as_python_writes_them_are_two_params(one: float, other: float) -> None:
    assume(one != other)

    assert not is_same_param(repr(one), repr(other))


@given(st.from_regex(r"[0-9a-f]{7,12}", fullmatch=True), st.data())
def test_two_hashes_of_one_length_are_two_params(one: str, data: st.DataObject) -> None:
    other = data.draw(st.from_regex(rf"[0-9e]{{{len(one)}}}", fullmatch=True))
    assume(one != other)

    assert not is_same_param(one, other)


numerals = st.from_regex(r"[-+]?[0-2]{0,2}\.?[0-2]{0,2}(e[-+]?[0-3]{1,3})?", fullmatch=True)


@given(numerals, numerals)
def test_what_is_the_same_is_one_finite_number(one: str, other: str) -> None:
    if one != other and is_same_param(one, other):
        assert Decimal(one) == Decimal(other)
        assert math.isfinite(float(one))


@given(st.integers(-99, 99))
def test_an_int_and_a_float_are_two_params(value: int) -> None:
    assert not is_same_param(str(value), str(float(value)))
    assert not is_same_param(str(value), str(value + 1))
