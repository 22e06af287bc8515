"""JSON by value.

The order of keys, white space, escapes and the spelling of numbers do not count; the order of an array does, and
whether a number is written as an integer or with a point or exponent. Two keys of one name in an object are not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from compatkit.budget import Budget
from compatkit.equivalence.reading.contents.places import ROOT, below, leaves, number_text, put
from compatkit.equivalence.snapshot import Content


class _Numeral(str):
    """A number as it is written, which no double has rounded yet."""

    __slots__ = ()


def read_json(path: Path, budget: Budget) -> Content:
    """Return the values of a JSON file by place. Raises `ValueError` or `RecursionError` where it is none."""
    values: dict[str, str] = {}
    _flatten(parse_json(path.read_bytes(), budget), ROOT, values, budget)
    return Content("json", values)


def read_json_lines(path: Path, budget: Budget) -> Content:
    """Return the values of a file with one JSON document a line; empty lines do not count."""
    values: dict[str, str] = {}
    raw = path.read_bytes()
    budget.spend(raw.count(b"\n") + raw.count(b"\r"))
    for number, line in enumerate(line for line in raw.splitlines() if line.strip()):
        _flatten(parse_json(line, budget), f"{ROOT}[{number}]", values, budget)
    return Content("json", values)


def parse_json(raw: bytes, budget: Budget) -> Any:
    """Parse a document, numbers as they are written. Raises `ValueError`."""
    require_few_values(raw, budget)
    return json.loads(
        raw,
        parse_float=_Numeral,
        parse_int=_Numeral,
        parse_constant=_Numeral,
        object_pairs_hook=_object,
    )


def require_few_values(raw: bytes, budget: Budget) -> None:
    """Count what a document may hold, without parsing it. Raises `BudgetError`."""
    budget.spend((raw.count(b",") + raw.count(b"[") + raw.count(b"{")) // 2)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice in one object")
    return found


def _flatten(value: Any, place: str, values: dict[str, str], budget: Budget) -> None:
    for at, leaf in leaves(value, _inside, budget, place=place):
        put(values, at, _text(leaf))


def _inside(place: str, value: Any) -> Iterable[tuple[str, Any]] | None:
    if isinstance(value, dict) and value:
        return ((below(place, key), value[key]) for key in sorted(value))
    if isinstance(value, list) and value:
        return ((f"{place}[{number}]", each) for number, each in enumerate(value))
    return None


def _text(value: Any) -> str:
    if isinstance(value, _Numeral):
        # NaN and the infinities, which Python writes and JSON has not.
        return str(value) if value.strip("-") in {"NaN", "Infinity"} else number_text(value)
    return json.dumps(value)
