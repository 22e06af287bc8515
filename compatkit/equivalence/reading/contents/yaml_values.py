"""YAML by value, as PyYAML's safe loader reads it: without tags of Python, hence without anything to execute.

The order of keys, comments, styles and the spelling of numbers do not count. `1e-3` without a point is a text there.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from compatkit.equivalence.reading.contents.places import ROOT, below, put
from compatkit.equivalence.snapshot import Content


def read_yaml(path: Path) -> Content:
    """Return the values of a YAML file by place. Raises `ValueError`, `yaml.YAMLError` or `RecursionError`."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # in C where it was built
        """The safe loader, but for keys that come twice, of which it would keep the last."""

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            given = len(node.value)
            merges = any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value)
            found = super().construct_mapping(node, deep=deep)
            if len(found) < given and not merges:
                raise ValueError("a key twice in one mapping")
            return found

    values: dict[str, str] = {}
    documents = list(yaml.load_all(path.read_bytes(), Loader=Loader))  # the safe one
    for number, document in enumerate(documents):
        _flatten(document, ROOT if len(documents) == 1 else f"{ROOT}[document {number}]", values)
    return Content("yaml", values)


def _flatten(value: Any, place: str, values: dict[str, str]) -> None:
    if isinstance(value, dict) and value:
        for text, each in sorted((_key(key, place), each) for key, each in value.items()):
            _flatten(each, text, values)
    elif isinstance(value, list | tuple) and value:
        for number, each in enumerate(value):
            _flatten(each, f"{place}[{number}]", values)
    else:
        put(values, place, _text(value))


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
