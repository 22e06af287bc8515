"""YAML by value, as PyYAML's safe loader reads it: without tags of Python, hence without anything to execute.

The order of keys, comments, styles and the spelling of numbers do not count. `1e-3` without a point is a text there.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from compatkit.budget import Budget, load_yaml
from compatkit.equivalence.reading.contents.places import ROOT, below, leaves, put
from compatkit.equivalence.snapshot import Content


def read_yaml(path: Path, budget: Budget) -> Content:
    """Return the values of a YAML file by place. Raises `ValueError` or `yaml.YAMLError`."""
    values: dict[str, str] = {}
    documents = load_yaml(path.read_bytes(), budget)
    for number, document in enumerate(documents):
        place = ROOT if len(documents) == 1 else f"{ROOT}[document {number}]"
        for at, leaf in leaves(document, _inside, budget, place=place):
            put(values, at, _text(leaf))
    return Content("yaml", values)


def _inside(place: str, value: Any) -> Iterable[tuple[str, Any]] | None:
    if isinstance(value, dict) and value:
        # By the text of the key alone: values need not have an order.
        return sorted(((_key(key, place), each) for key, each in value.items()), key=lambda row: row[0])
    if isinstance(value, list | tuple) and value:
        return ((f"{place}[{number}]", each) for number, each in enumerate(value))
    return None


def _key(key: Any, place: str) -> str:
    return below(place, key) if isinstance(key, str) else f"{place}[{_text(key)}]"


def _text(value: Any) -> str:
    """Return a scalar as text that tells its type: 1, 1.0, "1", true, a date."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime.date):
        return f"date {value.isoformat()}"
    if isinstance(value, bytes):
        return f"bytes {value.hex()}"
    if isinstance(value, set):
        return f"set {sorted(map(_text, value))}"
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))})"
    return json.dumps(value)
