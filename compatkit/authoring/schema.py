"""The JSON Schema of a `migration.toml`, for editors: what the loader reads, written down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compatkit.authoring.alternative import ANY, Alternative, Json, definition_name, reference
from compatkit.authoring.meanings import meaning_of
from compatkit.authoring.study import Study
from compatkit.migration.loader import SCHEMA, read_document

# The draft that editors' TOML plug-ins know.
_DRAFT = "http://json-schema.org/draft-07/schema#"
_SETTINGS = "settings"
_SCALAR = {"type": ["string", "number", "boolean"]}


def json_schema() -> Json:
    """Return the schema of `migration.toml`, as JSON.

    It says of each table what the loader says. What holds between tables, such as that no code is given twice, is
    beyond a schema: `compatkit migrations check` tells it.
    """
    found = Study(lambda entry: read_document(entry, None)).run()
    definitions = {definition_name(path): _table(definition_name(path), list(ways)) for path, ways in found.items()}
    root = definitions.pop("")
    root["properties"]["schema"] = {"const": SCHEMA, "description": meaning_of("", "schema")}
    values = {"anyOf": [_SCALAR, {"$ref": reference((_SETTINGS,))}]}
    definitions[_SETTINGS] = {"type": "object", "additionalProperties": values}
    return {"$schema": _DRAFT, "title": "A compatkit migration", **root, "definitions": definitions}


def _table(name: str, ways: Sequence[Alternative]) -> Json:
    if any(way.is_settings for way in ways):
        return {"$ref": reference((_SETTINGS,))}
    merged = [_object(name, way) for way in _merged(ways)]
    return merged[0] if len(merged) == 1 else {"anyOf": merged}


def _object(name: str, way: Alternative) -> Json:
    named = {
        key: {**schema, "description": meaning_of(name, key)} for key, schema in way.properties.items() if key != ANY
    }
    rest = way.properties.get(ANY, False)
    return {
        "type": "object",
        "properties": named,
        "required": sorted(way.required - {ANY}),
        "additionalProperties": rest,
    }


def _merged(ways: Sequence[Alternative]) -> list[Alternative]:
    """Put together what differs in one choice, or in one key that may be left out."""
    left = list(ways)
    while True:
        for first, one in enumerate(left):
            for second, other in enumerate(left[first + 1 :], start=first + 1):
                if both := _both(one, other) or _both(other, one):
                    left[first] = both
                    del left[second]
                    break
            else:
                continue
            break
        else:
            return left


def _both(one: Alternative, other: Alternative) -> Alternative | None:
    keys = one.properties.keys() | other.properties.keys()
    unlike = {key for key in keys if one.properties.get(key) != other.properties.get(key)}
    if not unlike and (one.required <= other.required or other.required <= one.required):
        # What asks for less allows what asks for more.
        return Alternative(one.properties, one.required & other.required)
    if len(unlike) != 1:
        return None
    (key,) = unlike
    if one.required - {key} != other.required - {key}:
        return None
    required = one.required & other.required
    if key not in one.properties:
        return Alternative(other.properties, required)
    mine, theirs = one.properties[key], other.properties.get(key, {})
    if mine.keys() == theirs.keys() == {"enum"}:
        return Alternative({**one.properties, key: {"enum": _once([*mine["enum"], *theirs["enum"]])}}, required)
    if not theirs:
        return None
    either = _once([*mine.get("anyOf", [mine]), *theirs.get("anyOf", [theirs])])
    return Alternative({**one.properties, key: {"anyOf": either}}, required)


def _once(values: list[Any]) -> list[Any]:
    return [value for number, value in enumerate(values) if value not in values[:number]]
