"""Nested values as texts by place, such as `$.layers[0].size`, so that two of them can be compared place by place."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What a file may hold that is compared place by place; an alias of YAML can make billions of a few lines.
MOST_PLACES = 1_000_000

ROOT = "$"


def below(place: str, key: str) -> str:
    """Return the place of a text key. No two keys have one place."""
    return f"{place}.{key}" if _PLAIN.fullmatch(key) else f"{place}[{json.dumps(key)}]"


def number_text(numeral: str) -> str:
    """Return one text for all decimal spellings of a value: 0.10, 1e-1 and 0.1 are 0.1.

    1 and 1.0 are an integer and a float, as params have it. A value that no double holds keeps all its digits, and a
    negative zero its sign.
    """
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
    """Keep the text of a place. Raises `ValueError` for one that is taken, and for more than are compared."""
    if place in values or len(values) >= MOST_PLACES:
        raise ValueError(f"{place} twice, or too many places")
    values[place] = text
