"""JSON by value.

The order of keys, white space, escapes and the spelling of numbers do not count; the order of an array does, and
whether a number is written as an integer or with a point or exponent. Two keys of one name in an object are not read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from compatkit.equivalence.reading.contents.places import ROOT, below, number_text, put
from compatkit.equivalence.snapshot import Content


class _Numeral(str):
    """A number as it is written, which no double has rounded yet."""

    __slots__ = ()


def read_json(path: Path) -> Content:
    """Return the values of a JSON file by place. Raises `ValueError` or `RecursionError` where it is none."""
    return Content("json", _values(path.read_bytes()))


def read_json_lines(path: Path) -> Content:
    """Return the values of a file with one JSON document a line; empty lines do not count."""
    values: dict[str, str] = {}
    for number, line in enumerate(line for line in path.read_bytes().splitlines() if line.strip()):
        _flatten(_parse(line), f"{ROOT}[{number}]", values)
    return Content("json", values)


def _values(raw: bytes) -> dict[str, str]:
    values: dict[str, str] = {}
    _flatten(_parse(raw), ROOT, values)
    return values


def _parse(raw: bytes) -> Any:
    return json.loads(
        raw,
        parse_float=_Numeral,
        parse_int=_Numeral,
        parse_constant=_Numeral,
        object_pairs_hook=_object,
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice in one object")
    return found


def _flatten(value: Any, place: str, values: dict[str, str]) -> None:
    if isinstance(value, dict) and value:
        for key in sorted(value):
            _flatten(value[key], below(place, key), values)
    elif isinstance(value, list) and value:
        for number, each in enumerate(value):
            _flatten(each, f"{place}[{number}]", values)
    else:
        put(values, place, _text(value))


def _text(value: Any) -> str:
    if isinstance(value, _Numeral):
        # NaN and the infinities, which Python writes and JSON has not.
        return str(value) if value.strip("-") in {"NaN", "Infinity"} else number_text(value)
    return json.dumps(value)
