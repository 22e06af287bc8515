"""Compare params as numbers where both are: MLflow stores text, in which 0.001 and 1e-3 are one value."""

from __future__ import annotations

import math
import re
from decimal import Decimal

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


def is_numeral(text: str) -> bool:
    """Tell whether a text is a decimal number with a point or an exponent, and no hash that looks like one."""
    return _NUMERAL.fullmatch(text) is not None


def is_same_param(before: str, after: str) -> bool:
    """Tell whether two param texts say the same: equal, or two decimal numerals of one exact and finite value."""
    if before == after:
        return True
    left, right = _exact(before), _exact(after)
    return left is not None and left == right


def _exact(text: str) -> Decimal | None:
    """Return the value of a numeral, not rounded to a double; None where the text is none, or no double holds it."""
    # Decimal compares without rounding; float() overflows to an infinity, in which all large numerals agree.
    return Decimal(text) if is_numeral(text) and math.isfinite(float(text)) else None
