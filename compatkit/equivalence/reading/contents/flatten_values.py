"""Nested values as texts by place, such as `$.layers[0].size`, so that two of them can be compared place by place."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

from compatkit.budget import Budget, BudgetError, require_depth

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_NUMBER = 10_000  # characters

ROOT = "$"

# ASCII only, without spaces and underscores, all of which float() takes. A numeral has a point or an exponent: 1 and
# 1.0 are an int and a float. Without point and sign, as in 12e456 or 0e12345, it may as well be a hash; only one
# digit other than 0 before the e is read as a number, as in 1e5, where another text of that length is another value.
# No number is printed with zeros at its end, but a version is: 3.10 is not 3.1.
_NUMERAL = re.compile(
    r"""[+-]? (?: (?:0|[1-9][0-9]*)\. (?:0|[0-9]*[1-9])?
                | \. (?:0|[0-9]*[1-9])
                | (?:[0-9]+\.[0-9]* | \.[0-9]+) [eE][+-]?[0-9]{1,4}
                | [0-9]+ [eE][+-][0-9]{1,4}
                | [1-9] [eE][0-9]{1,4} )""",
    re.VERBOSE,
)


def leaves(
    value: Any, inside: Callable[[str, Any], Iterable[tuple[str, Any]] | None], budget: Budget, *, place: str = ROOT
) -> Iterator[tuple[str, Any]]:
    """Yield whatever holds nothing further, by place; `inside` gives what a value holds, None where it is a leaf.

    A value that is held twice is walked twice: the budget counts places, not objects.
    """
    open_ones: list[Iterator[tuple[str, Any]]] = [iter([(place, value)])]
    while open_ones:
        for at, item in open_ones[-1]:
            budget.spend(size=len(at))
            held = inside(at, item)
            if held is None:
                yield at, item
            else:
                require_depth(len(open_ones))
                open_ones.append(iter(held))
                break
        else:
            open_ones.pop()


def below(place: str, key: str) -> str:
    """Return the place of a text key. No two keys have one place."""
    return f"{place}.{key}" if _PLAIN.fullmatch(key) else f"{place}[{json.dumps(key)}]"


def number_text(numeral: str) -> str:
    """Return one text for all decimal spellings of a value: 0.10, 1e-1 and 0.1 are 0.1.

    1 and 1.0 are an integer and a float, as params have it. A value that no double holds keeps all its digits, and a
    negative zero its sign.
    """
    if len(numeral) > _LONGEST_NUMBER:
        raise BudgetError("it holds a number of too many digits")
    if numeral.lstrip("+-").isdigit():
        return numeral.lstrip("+")
    exact, nearest = Decimal(numeral), float(numeral)
    if not math.isfinite(nearest) or Decimal(repr(nearest)) != exact or (nearest == 0 and exact != 0):
        sign, digits, exponent = exact.as_tuple()
        whole = "".join(map(str, digits)).lstrip("0")
        significant = whole.rstrip("0")
        return f"{'-' * sign}{significant}e{int(exponent) + len(whole) - len(significant)}"
    return repr(nearest)


def put(values: dict[str, str], place: str, text: str) -> None:
    """Keep the text of a place. Raises `ValueError` for one that is taken."""
    if place in values:
        raise ValueError(f"{place} twice")
    values[place] = text


def is_numeral(text: str) -> bool:
    """Tell whether a text is a decimal number with a point or an exponent, and no hash that looks like one."""
    return _NUMERAL.fullmatch(text) is not None
